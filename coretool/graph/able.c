/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fixed point runs forward from the free actors. Each one that can go on may release what it
 * holds, end the waits that it is a peer of, and be the unknown peer of any other wait; each wait
 * that can end brings its actor nearer to going on.
 */
#include "graph/able.h"
#include "facts/go.h"

/* Who is needed for a wait to end. */
enum need {
	NEED_NOBODY,   /* it ends by itself */
	NEED_THE_DEAD, /* nobody can end it */
	NEED_HOLDERS,  /* every known holder */
	NEED_ONE_OF,   /* one of the known holders or peers */
	NEED_ANYBODY,  /* somebody: who is not known */
	NEED_COMERS,   /* as many as are missing at a barrier */
};

struct run {
	const struct ct_facts *facts;
	const struct ct_able_plan *plan;
	bool *able;
	uint8_t *need;     /* per wait */
	bool *ended;       /* per wait */
	uint32_t *pending; /* per actor: waits that must still be able to end */
	bool *chosen;      /* per actor: one of its alternatives can end */
	uint32_t *left;    /* per resource: known holders that cannot go on, */
	uint32_t *writers; /* and those of them that hold it alone; */
	uint32_t *waiting; /* the one of them that waits for the others, or CT_NONE */
	bool *opened;      /* per resource: one of its holders can go on */
	uint32_t *first_peer_wait, *peer_waits; /* per actor: waits that it is a peer of */
	uint32_t *queue, head, tail;
	uint32_t *barriers, n_barriers, next_barrier; /* by how many are missing */
	bool any;                                     /* somebody can go on */
	struct ct_arena scratch;
};

uint32_t ct_barrier_missing(const struct ct_facts *facts, uint32_t resource)
{
	const struct ct_resource *r = &facts->resources[resource];
	int64_t needed = 0, arrived = 0;

	for (uint32_t i = 0; i < r->n_values; i++) {
		if (!strcmp(r->values[i].key, "needed"))
			needed = r->values[i].number;
		else if (!strcmp(r->values[i].key, "arrived"))
			arrived = r->values[i].number;
	}
	return needed > arrived && needed - arrived < UINT32_MAX ? (uint32_t)(needed - arrived) : 0;
}

/* A thread that does not know what it waits for, or for what is not ours, may go on at any time. */
static bool ends_by_itself(const struct ct_wait *wait)
{
	switch (wait->kind) {
	case CT_WAIT_FUTEX:
	case CT_WAIT_IO:
	case CT_WAIT_SLEEP:
	case CT_WAIT_SIGNAL:
	case CT_WAIT_CHILD:
	case CT_WAIT_OTHER:
		return true;
	default:
		return wait->timed || wait->outside || wait->resource == CT_NONE;
	}
}

static void count_holds(struct run *run, uint32_t resource)
{
	const struct ct_resource *r = &run->facts->resources[resource];

	run->waiting[resource] = CT_NONE;
	for (uint32_t i = 0; i < r->n_holds; i++) {
		const struct ct_hold *hold =
			&run->facts->holds[run->facts->holds_by_resource[r->first_hold + i]];

		if (hold->trust > run->plan->ceiling)
			continue;
		run->left[resource]++;
		run->writers[resource] += hold->mode == CT_HOLD_EXCLUSIVE;
		if (hold->waits)
			run->waiting[resource] = hold->actor;
	}
}

/* Of the holders that cannot go on, how many are in the way of this wait? */
static uint32_t count_left(const struct run *run, const struct ct_wait *wait)
{
	if (wait->behind_writers)
		return run->writers[wait->resource];
	return run->left[wait->resource] - (run->waiting[wait->resource] == wait->actor);
}

static uint32_t count_peers(const struct run *run, uint32_t w)
{
	const struct ct_wait *wait = &run->facts->waits[w];
	uint32_t n = 0;

	if (run->plan->narrowed && run->plan->narrowed[w])
		for (uint32_t i = 0; i < wait->n_peers; i++)
			n += run->facts->peers[wait->first_peer + i].trust <= run->plan->ceiling;
	return n;
}

static enum need need_of(const struct run *run, uint32_t w)
{
	const struct ct_wait *wait = &run->facts->waits[w];

	if (wait->trust > run->plan->ceiling)
		return NEED_NOBODY;
	if (wait->never)
		return NEED_THE_DEAD;
	if (ends_by_itself(wait))
		return NEED_NOBODY;
	const struct ct_resource *r = &run->facts->resources[wait->resource];
	uint32_t holds = count_left(run, wait);
	if (r->process_shared)
		return NEED_NOBODY;
	if (wait->owner_gone)
		return NEED_THE_DEAD;
	if (ct_wait_kind_has_holder(wait->kind)) {
		if (holds)
			return NEED_HOLDERS;
		/* On its way from one to the next. */
		return !r->n_holds && r->holders == CT_HOLDERS_COMPLETE ? NEED_NOBODY
									: NEED_ANYBODY;
	}
	if (holds || count_peers(run, w))
		return NEED_ONE_OF;
	/* A signal's handler may post, change an atomic, unpark: nothing is certain. */
	if ((wait->kind == CT_WAIT_SEM || wait->kind == CT_WAIT_ATOMIC ||
		    wait->kind == CT_WAIT_PARK) &&
		run->plan->ceiling < CT_TRUST_INFERRED)
		return NEED_NOBODY;
	if (wait->kind == CT_WAIT_BARRIER && run->plan->counted &&
		!run->facts->target.memory_shared && ct_barrier_missing(run->facts, wait->resource))
		return NEED_COMERS;
	return NEED_ANYBODY;
}

/*
 * Of those that do nothing of themselves we know by their functions alone: what is to be proven
 * does not rest on that.
 */
static void set_able(struct run *run, uint32_t actor)
{
	if (run->able[actor])
		return;
	for (uint32_t part = actor; part != CT_NONE;
		part = ct_graph_next(run->facts, actor, part)) {
		run->able[part] = true;
		run->any |=
			run->plan->ceiling < CT_TRUST_INFERRED || !ct_graph_rests(run->facts, part);
		run->queue[run->tail++] = part;
	}
}

static void end_wait(struct run *run, uint32_t w)
{
	const struct ct_wait *wait = &run->facts->waits[w];
	uint32_t node = ct_graph_node(run->facts, wait->actor);

	if (run->ended[w])
		return;
	run->ended[w] = true;
	/* Of alternatives one is enough; they count as one. */
	if (wait->any_of && run->chosen[wait->actor])
		return;
	run->chosen[wait->actor] |= wait->any_of;
	if (!--run->pending[node])
		set_able(run, node);
}

static void end_waits_for(struct run *run, uint32_t resource, enum need need)
{
	const struct ct_resource *r = &run->facts->resources[resource];

	for (uint32_t i = 0; i < r->n_waiters; i++) {
		uint32_t w = run->facts->waits_by_resource[r->first_waiter + i];

		if (run->need[w] == need)
			end_wait(run, w);
	}
}

/* The hold may come to an end: then so may the waits that nobody else is in the way of. */
static void release(struct run *run, const struct ct_hold *hold)
{
	uint32_t resource = hold->resource, left = --run->left[resource];
	const struct ct_resource *r = &run->facts->resources[resource];
	bool last_writer = hold->mode == CT_HOLD_EXCLUSIVE && !--run->writers[resource];
	bool one_waits = left == 1 && run->waiting[resource] != CT_NONE;

	if (!left)
		end_waits_for(run, resource, NEED_HOLDERS);
	for (uint32_t i = 0; left && (last_writer || one_waits) && i < r->n_waiters; i++) {
		uint32_t w = run->facts->waits_by_resource[r->first_waiter + i];

		if (run->need[w] == NEED_HOLDERS && !count_left(run, &run->facts->waits[w]))
			end_wait(run, w);
	}
}

/* What follows from this actor's being able to go on. */
static void spread(struct run *run, uint32_t actor)
{
	const struct ct_actor *a = &run->facts->actors[actor];

	for (uint32_t i = 0; i < a->n_holds; i++) {
		const struct ct_hold *hold =
			&run->facts->holds[run->facts->holds_by_actor[a->first_hold + i]];

		if (hold->trust > run->plan->ceiling)
			continue;
		release(run, hold);
		if (!run->opened[hold->resource])
			end_waits_for(run, hold->resource, NEED_ONE_OF);
		run->opened[hold->resource] = true;
	}
	for (uint32_t i = run->first_peer_wait[actor]; i < run->first_peer_wait[actor + 1]; i++)
		if (run->need[run->peer_waits[i]] == NEED_ONE_OF)
			end_wait(run, run->peer_waits[i]);
}

static void end_all(struct run *run, enum need need)
{
	for (uint32_t w = 0; w < run->facts->n_waits; w++)
		if (run->need[w] == need)
			end_wait(run, w);
}

static void run_queue(struct run *run)
{
	bool anybody = false;

	do {
		while (run->head < run->tail)
			spread(run, run->queue[run->head++]);
		if (run->any && !anybody) {
			anybody = true;
			end_all(run, NEED_ANYBODY);
		}
		/* Who can go on is at no such barrier, else it could not. */
		while (run->next_barrier < run->n_barriers &&
			ct_barrier_missing(run->facts, run->barriers[run->next_barrier]) <=
				run->tail)
			end_waits_for(run, run->barriers[run->next_barrier++], NEED_COMERS);
	} while (run->head < run->tail);
}

static bool link_peers(struct run *run)
{
	const struct ct_facts *facts = run->facts;
	uint32_t n = facts->n_actors, total = 0;
	uint32_t *first = ct_arena_new_array(&run->scratch, (size_t)n + 2, uint32_t);

	for (uint32_t w = 0; w < facts->n_waits; w++)
		total += count_peers(run, w);
	run->peer_waits = ct_arena_new_array(&run->scratch, total, uint32_t);
	if (!first || !run->peer_waits)
		return false;
	/* Counted two places on, then filled one place on: first[a] ends where a's begin. */
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t w = 0; w < facts->n_waits; w++) {
			const struct ct_wait *wait = &facts->waits[w];

			for (uint32_t i = 0; count_peers(run, w) && i < wait->n_peers; i++) {
				const struct ct_peer *peer = &facts->peers[wait->first_peer + i];

				if (peer->trust > run->plan->ceiling)
					continue;
				if (round)
					run->peer_waits[first[peer->actor + 1]++] = w;
				else
					first[peer->actor + 2]++;
			}
		}
		for (uint32_t a = 0; !round && a < n; a++)
			first[a + 2] += first[a + 1];
	}
	run->first_peer_wait = first;
	return true;
}

struct barrier {
	uint32_t missing, resource;
};

static int by_missing(const void *a, const void *b)
{
	const struct barrier *x = a, *y = b;

	if (x->missing != y->missing)
		return x->missing < y->missing ? -1 : 1;
	return (x->resource > y->resource) - (x->resource < y->resource);
}

static bool list_barriers(struct run *run)
{
	const struct ct_facts *facts = run->facts;
	struct barrier *list =
		ct_arena_new_array(&run->scratch, facts->n_resources, struct barrier);
	uint32_t n = 0;

	run->barriers = ct_arena_new_array(&run->scratch, facts->n_resources, uint32_t);
	if (!list || !run->barriers)
		return false;
	for (uint32_t r = 0; run->plan->counted && r < facts->n_resources; r++) {
		uint32_t missing = facts->resources[r].n_waiters ? ct_barrier_missing(facts, r) : 0;

		if (missing)
			list[n++] = (struct barrier){missing, r};
	}
	if (n)
		qsort(list, n, sizeof(*list), by_missing);
	for (uint32_t i = 0; i < n; i++)
		run->barriers[i] = list[i].resource;
	run->n_barriers = n;
	return true;
}

/* What each actor waits for, and who is free from the beginning. */
static void begin(struct run *run)
{
	const struct ct_facts *facts = run->facts;

	for (uint32_t r = 0; r < facts->n_resources; r++)
		count_holds(run, r);
	for (uint32_t w = 0; w < facts->n_waits; w++)
		run->need[w] = (uint8_t)need_of(run, w);
	for (uint32_t a = 0; a < facts->n_actors; a++) {
		const struct ct_actor *actor = &facts->actors[a];
		uint32_t node = ct_graph_node(facts, a);
		bool choice = false;

		for (uint32_t i = 0; i < actor->n_waits; i++) {
			bool any_of = facts->waits[actor->first_wait + i].any_of;

			run->pending[node] += !any_of || !choice;
			choice |= any_of;
		}
	}
	for (uint32_t a = 0; a < facts->n_actors; a++) {
		const struct ct_actor *actor = &facts->actors[a];
		bool alive = actor->state != CT_STATE_DEAD && actor->state != CT_STATE_ZOMBIE;

		if (alive && !run->pending[a] && ct_graph_node(facts, a) == a)
			set_able(run, a);
	}
	run->any |= facts->target.memory_shared || (facts->go && facts->go->n_functions);
	end_all(run, NEED_NOBODY);
}

enum ct_status ct_able_find(
	const struct ct_facts *facts, const struct ct_able_plan *plan, bool *able)
{
	struct run run = {.facts = facts, .plan = plan, .able = able};
	size_t n = facts->n_actors;

	memset(able, 0, n * sizeof(*able));
	run.need = ct_arena_new_array(&run.scratch, facts->n_waits, uint8_t);
	run.ended = ct_arena_new_array(&run.scratch, facts->n_waits, bool);
	run.pending = ct_arena_new_array(&run.scratch, n, uint32_t);
	run.chosen = ct_arena_new_array(&run.scratch, n, bool);
	run.queue = ct_arena_new_array(&run.scratch, n, uint32_t);
	run.left = ct_arena_new_array(&run.scratch, facts->n_resources, uint32_t);
	run.writers = ct_arena_new_array(&run.scratch, facts->n_resources, uint32_t);
	run.waiting = ct_arena_new_array(&run.scratch, facts->n_resources, uint32_t);
	run.opened = ct_arena_new_array(&run.scratch, facts->n_resources, bool);
	bool ok = !run.scratch.failed && link_peers(&run) && list_barriers(&run);
	if (ok) {
		begin(&run);
		run_queue(&run);
	}
	ct_arena_free(&run.scratch);
	return ok ? CT_OK : CT_NO_MEMORY;
}
