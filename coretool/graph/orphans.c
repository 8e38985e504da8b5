/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orphans, who cannot go on whatever the others do, and knots, the deadlocks through waits that one
 * of several could end.
 *
 * Who would end such a wait is never recorded. That somebody was seen who would (struct ct_peer) is
 * no proof that nobody else does: an idle pool's worker wakes the next one, and who wakes the first
 * was not seen. So peers count for all that there are only in a knot in which somebody also waits
 * for what another one holds; of such programs a healthy one has to keep clear, too.
 */
#include "base/vec.h"
#include "facts/go.h"
#include "graph/able.h"
#include "graph/components.h"

#define MOST_ROUNDS 16

struct finder {
	struct ct_graph *graph;
	const struct ct_facts *facts;
	enum ct_trust ceiling;
	bool *able, *narrowed; /* per actor; per wait */
	bool narrow;           /* some wait is */
	struct ct_components found;
	CT_VEC(struct ct_edge) edges; /* among those that are not able */
	CT_VEC(struct ct_cycle) knots;
	bool *in_knot; /* per actor */
};

static bool push_edge(struct finder *f, struct ct_edge edge)
{
	edge.waiter = ct_graph_node(f->facts, edge.waiter);
	edge.holder = ct_graph_node(f->facts, edge.holder);
	if (f->able[edge.holder] || edge.trust > f->ceiling)
		return true;
	struct ct_edge *slot = ct_vec_push(&f->edges);
	if (slot)
		*slot = edge;
	return slot != NULL;
}

/* Whom the wait needs: its holders, and those who would end it. */
static bool push_edges(struct finder *f, uint32_t w)
{
	const struct ct_facts *facts = f->facts;
	const struct ct_wait *wait = &facts->waits[w];
	bool ok = true;

	if (wait->resource == CT_NONE)
		return true;
	const struct ct_resource *r = &facts->resources[wait->resource];
	for (uint32_t i = 0; ok && i < r->n_holds; i++) {
		uint32_t h = facts->holds_by_resource[r->first_hold + i];
		const struct ct_hold *hold = &facts->holds[h];

		ok = !ct_hold_blocks(wait, hold) ||
		     push_edge(f, (struct ct_edge){wait->actor, hold->actor, w, h, CT_NONE,
					  CT_MAX(wait->trust, hold->trust)});
	}
	for (uint32_t i = 0; ok && f->narrowed[w] && i < wait->n_peers; i++) {
		const struct ct_peer *peer = &facts->peers[wait->first_peer + i];

		ok = push_edge(f, (struct ct_edge){wait->actor, peer->actor, w, CT_NONE,
					  wait->first_peer + i, CT_MAX(wait->trust, peer->trust)});
	}
	return ok;
}

/* The components of those that cannot go on, by all that they need. */
static bool find_components(struct finder *f)
{
	const struct ct_facts *facts = f->facts;
	struct ct_arena *arena = &f->found.arena;

	ct_arena_reset(arena);
	f->edges.n = 0;
	uint32_t *first = ct_arena_new_array(arena, (size_t)facts->n_actors + 1, uint32_t);
	for (uint32_t a = 0; first && a < facts->n_actors; a++) {
		uint32_t part = !f->able[a] && ct_graph_node(facts, a) == a ? a : CT_NONE;

		first[a] = f->edges.n;
		for (; part != CT_NONE; part = ct_graph_next(facts, a, part))
			for (uint32_t i = 0; i < facts->actors[part].n_waits; i++)
				if (!push_edges(f, facts->actors[part].first_wait + i))
					return false;
	}
	if (!first)
		return false;
	first[facts->n_actors] = f->edges.n;
	f->found.edges = f->edges.items;
	f->found.first_edge = first;
	f->found.n = facts->n_actors;
	f->found.n_components = 0;
	return ct_components_find(&f->found);
}

static bool is_one_of_several(const struct finder *f, const struct ct_edge *edge)
{
	const struct ct_wait *wait = &f->facts->waits[edge->wait];

	return edge->hold == CT_NONE || (!ct_wait_kind_has_holder(wait->kind) &&
						f->facts->resources[wait->resource].n_holds > 1);
}

/* Somebody in it waits for one of several, and somebody for what another one holds. */
static bool is_knot(const struct finder *f, uint32_t component)
{
	const struct ct_components *c = &f->found;
	bool choice = false, held = false;

	for (uint32_t m = c->first[component]; m < c->first[component + 1]; m++) {
		uint32_t a = c->members[m];

		for (uint32_t e = c->first_edge[a]; e < c->first_edge[a + 1]; e++) {
			if (c->component[c->edges[e].holder] != component)
				continue;
			choice |= is_one_of_several(f, &c->edges[e]);
			held |= c->edges[e].hold != CT_NONE;
		}
	}
	return choice && held;
}

/* Peers outside of knots no longer count for all; true when there were any. */
static bool widen(struct finder *f, const bool *knot)
{
	bool changed = false;

	f->narrow = false;
	for (uint32_t w = 0; w < f->facts->n_waits; w++) {
		uint32_t a = ct_graph_node(f->facts, f->facts->waits[w].actor);

		if (!f->narrowed[w])
			continue;
		if (!f->able[a] && knot[f->found.component[a]]) {
			f->narrow = true;
			continue;
		}
		f->narrowed[w] = false;
		changed = true;
	}
	return changed;
}

/* Finds who cannot go on, and for which waits the peers that were seen are all. */
static enum ct_status settle(struct finder *f, bool *knot)
{
	for (uint32_t round = 0; round <= MOST_ROUNDS; round++) {
		if (round == MOST_ROUNDS)
			memset(f->narrowed, 0, f->facts->n_waits * sizeof(*f->narrowed));
		const struct ct_able_plan plan = {f->ceiling, false, f->narrowed};
		if (ct_able_find(f->facts, &plan, f->able) || !find_components(f))
			return CT_NO_MEMORY;
		for (uint32_t c = 0; c < f->found.n_components; c++)
			knot[c] = is_knot(f, c);
		if (!widen(f, knot))
			break;
	}
	return CT_OK;
}

static bool serves(const struct ct_facts *facts, const struct ct_actor *a)
{
	for (uint32_t i = 0; i < a->n_waits; i++)
		switch (facts->waits[a->first_wait + i].kind) {
		case CT_WAIT_IO:
		case CT_WAIT_FUTEX:
		case CT_WAIT_OTHER:
			return true;
		/* os/signal's, which has others do what a signal asks for. */
		case CT_WAIT_SIGNAL:
			if (a->kind == CT_ACTOR_GOROUTINE)
				return true;
			break;
		default:
			break;
		}
	return false;
}

/*
 * Runs, or serves somebody outside: it may do anything next, and not all of that can be seen. A
 * thread of a runtime that rests is no part of what its goroutine does.
 */
static bool is_crowd(const struct ct_facts *facts, uint32_t node)
{
	uint32_t n_waits = 0, n_parts = 0;

	for (uint32_t part = node; part != CT_NONE; part = ct_graph_next(facts, node, part)) {
		if (ct_graph_rests(facts, part))
			continue;
		if (serves(facts, &facts->actors[part]))
			return true;
		n_waits += facts->actors[part].n_waits;
		n_parts++;
	}
	return n_parts && !n_waits;
}

static bool is_crowded(const struct finder *f)
{
	/* A timer may have anything done, too. */
	if (f->facts->go && f->facts->go->n_functions)
		return true;
	for (uint32_t a = 0; a < f->facts->n_actors; a++)
		if (f->able[a] && ct_graph_node(f->facts, a) == a && is_crowd(f->facts, a))
			return true;
	return false;
}

static bool add_knot(struct finder *f, uint32_t component, bool crowded)
{
	const struct ct_components *c = &f->found;
	CT_VEC(struct ct_edge) edges = {0};
	enum ct_trust trust = crowded ? CT_TRUST_GUESS : f->ceiling;
	bool ok = true;

	for (uint32_t m = c->first[component + 1]; ok && m-- > c->first[component];) {
		uint32_t a = c->members[m];

		if (f->in_knot[a])
			goto out;
		for (uint32_t e = c->first_edge[a]; ok && e < c->first_edge[a + 1]; e++) {
			struct ct_edge *slot;

			if (c->component[c->edges[e].holder] != component)
				continue;
			slot = ct_vec_push(&edges);
			ok = slot != NULL;
			if (slot)
				*slot = c->edges[e];
		}
	}
	for (uint32_t i = 0; i < edges.n; i++)
		f->in_knot[edges.items[i].waiter] = true;
	struct ct_cycle *knot = ok ? ct_vec_push(&f->knots) : NULL;
	ok = knot != NULL;
	if (ok)
		*knot = (struct ct_cycle){CT_CYCLE_KNOT, false, trust, edges.n,
			ct_arena_copy(
				&f->graph->arena, edges.items, edges.n * sizeof(*edges.items))};
out:
	ct_vec_free(&edges);
	return ok;
}

/* Is it a node that waits for something, itself or its carrier? */
static bool waits(const struct ct_facts *facts, uint32_t actor)
{
	uint32_t part = ct_graph_node(facts, actor) == actor ? actor : CT_NONE, n = 0;

	for (; part != CT_NONE; part = ct_graph_next(facts, actor, part))
		n += facts->actors[part].n_waits;
	return n > 0;
}

/* With what evidence of this trust tells: the orphans that less did not show, and their knots. */
static enum ct_status run(struct finder *f, uint8_t *orphan, enum ct_trust ceiling)
{
	const struct ct_facts *facts = f->facts;
	ct_autofree bool *knot = calloc((size_t)facts->n_actors + 1, sizeof(*knot));

	if (!knot)
		return CT_NO_MEMORY;
	f->ceiling = ceiling;
	for (uint32_t w = 0; w < facts->n_waits; w++)
		f->narrowed[w] = facts->waits[w].n_peers && !facts->waits[w].others &&
				 ceiling >= CT_TRUST_INFERRED;
	enum ct_status status = settle(f, knot);
	bool crowded = is_crowded(f);
	/* In a crowd what rests on peers is a guess. */
	enum ct_trust trust = crowded && f->narrow ? CT_TRUST_GUESS : ceiling;
	for (uint32_t a = 0; !status && a < facts->n_actors; a++)
		if (!f->able[a] && orphan[a] == CT_NO_ORPHAN && waits(facts, a))
			orphan[a] = (uint8_t)trust;
	for (uint32_t c = 0; !status && c < f->found.n_components; c++)
		if (knot[c] && !add_knot(f, c, crowded))
			status = CT_NO_MEMORY;
	return status;
}

enum ct_status ct_graph_find_orphans(struct ct_graph *graph)
{
	static const enum ct_trust ceilings[] = {
		CT_TRUST_LAYOUT, CT_TRUST_INFERRED, CT_TRUST_GUESS};
	const struct ct_facts *facts = graph->facts;
	struct finder f = {.graph = graph, .facts = facts};
	struct ct_arena scratch = {0};
	uint8_t *orphan = ct_arena_new_array(&graph->arena, facts->n_actors, uint8_t);
	bool *unmet = ct_arena_new_array(&graph->arena, facts->n_actors, bool);
	enum ct_status status = CT_OK;

	f.able = ct_arena_new_array(&scratch, facts->n_actors, bool);
	f.in_knot = ct_arena_new_array(&scratch, facts->n_actors, bool);
	f.narrowed = ct_arena_new_array(&scratch, facts->n_waits, bool);
	if (graph->arena.failed || scratch.failed)
		status = CT_NO_MEMORY;
	else
		memset(orphan, CT_NO_ORPHAN, facts->n_actors);
	for (size_t i = 0; !status && i < CT_COUNT(ceilings); i++)
		status = run(&f, orphan, ceilings[i]);
	const struct ct_able_plan counted = {CT_TRUST_INFERRED, true, NULL};
	if (!status)
		status = ct_able_find(facts, &counted, unmet);
	for (uint32_t a = 0; !status && a < facts->n_actors; a++)
		unmet[a] = !unmet[a] && waits(facts, a);
	graph->orphan = orphan;
	graph->unmet = unmet;
	graph->n_cycles = f.knots.n;
	graph->cycles =
		ct_arena_copy(&graph->arena, f.knots.items, f.knots.n * sizeof(*f.knots.items));
	ct_vec_free(&f.edges);
	ct_vec_free(&f.knots);
	ct_arena_free(&f.found.arena);
	ct_arena_free(&scratch);
	return !status && graph->cycles ? CT_OK : CT_NO_MEMORY;
}
