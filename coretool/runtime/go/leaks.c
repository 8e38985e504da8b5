/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goroutines that nobody will wake: all that variables, finalizers and the stacks of those that can
 * go on reach is marked; then again and again the stacks of those that wait for something that is
 * marked. Who is left waits for what only such as himself could touch (the idea of the runtime's
 * own leak profile, runtime/mgc.go since 1.26).
 *
 * The runtime's own records of who waits lead from its variables to what is waited for; they are
 * marked without what they refer to. So this mark is another than the world's, on the same heap; it
 * is gone before anybody asks for that one.
 *
 * What is found early needs no look at the rest: it ends as soon as nobody is left who may be
 * leaked. Each object that is waited for is told by the mark when it comes to it, once, so that the
 * work is linear in goroutines and objects.
 */
#include <inttypes.h>

#include "runtime/go/leaks.h"
#include "runtime/go/waits.h"

#define FEW 256u /* stacks: what they reach is marked without threads */

static void mark_root(void *arg, const struct ct_go_root *root)
{
	ct_go_mark_root(arg, root->value);
	/* Who has a weak pointer can have a strong one, as long as the object is there. */
	if (root->object)
		ct_go_mark_root(arg, root->object);
}

/* ---- what is waited for ---- */

static bool set_free(struct ct_go_hunt *h, uint32_t blocked)
{
	struct ct_go_blocked *b = &h->blocked.items[blocked];
	uint32_t *slot;

	if (b->free)
		return true;
	b->free = true;
	h->n_left--;
	slot = ct_vec_push(&h->todo);
	if (slot)
		*slot = blocked;
	return slot;
}

/* Sets up the watch over objects that are waited for; what is not in the heap all reach. */
static enum ct_status watch_needs(struct ct_go_hunt *h)
{
	for (uint32_t i = 0; i < h->blocked.n; i++)
		h->n_left += !h->blocked.items[i].never;
	h->watch.objects =
		calloc((size_t)h->world->heap->n_objects / 64 + 1, sizeof(*h->watch.objects));
	h->watch.reached = calloc((size_t)h->needs.n + 1, sizeof(*h->watch.reached));
	if (!h->watch.objects || !h->watch.reached)
		return CT_NO_MEMORY;
	for (uint32_t i = 0; i < h->needs.n; i++) {
		const struct ct_go_need *a = &h->needs.items[i];

		if (a->object != CT_NONE)
			h->watch.objects[a->object / 64] |= UINT64_C(1) << (a->object % 64);
		else if (!set_free(h, a->blocked))
			return CT_NO_MEMORY;
	}
	return CT_OK;
}

/* Those who wait for the object are free. */
static enum ct_status reached(struct ct_go_hunt *h, uint32_t object)
{
	struct ct_hash_it it = ct_hash_find(&h->heads, ct_hash_u64(object));
	uint32_t i;

	while (ct_hash_next(&h->heads, &it, &i)) {
		if (h->needs.items[i].object != object)
			continue;
		for (; i != CT_NONE; i = h->needs.items[i].next)
			if (!set_free(h, h->needs.items[i].blocked))
				return CT_NO_MEMORY;
		break;
	}
	return CT_OK;
}

/* Marks what the roots given reach; few: they are. */
static enum ct_status run(struct ct_go_hunt *h, bool few)
{
	enum ct_status status = CT_OK;

	if (few)
		(void)ct_go_mark_rest(h->mark);
	else
		status = ct_go_mark_run(h->mark);
	for (uint32_t i = 0; !status && i < h->watch.n_reached; i++)
		status = reached(h, h->watch.reached[i]);
	h->watch.n_reached = 0; /* each comes once */
	return status;
}

/* ---- what others reach ---- */

/* The records of those that may be leaked: their g, and what they are queued by. */
static void hide_records(struct ct_go_hunt *h)
{
	const struct ct_go_observation *o = h->o;

	for (uint32_t i = 0; i < h->blocked.n; i++)
		ct_go_world_hide(h->world, h->mark, h->blocked.items[i].actor);
	ct_go_read_semaphores(o->go, o->waits);
	for (uint32_t i = 0; i < o->waits->parked.n; i++) {
		const struct ct_go_parked *p = &o->waits->parked.items[i];
		uint32_t actor = p->sudog ? ct_sink_actor_by_object(o->sink, p->g) : CT_NONE;

		if (!p->sudog)
			continue;
		/* Others in the table are behind these records, too. */
		ct_go_world_hide_at(h->world, h->mark, p->sudog);
		if (actor - o->first >= o->n || !h->is_blocked[actor - o->first])
			ct_go_mark_root(h->mark, p->at);
	}
}

static enum ct_status mark_stack(struct ct_go_hunt *h, uint32_t actor)
{
	struct ct_go_g g;
	enum ct_status status =
		ct_go_goroutine_at(h->o->go, ct_sink_get_actor(h->o->sink, actor)->object, &g);

	if (!status)
		status = ct_go_roots_goroutine(&h->world->stacks, &g, mark_root, h->mark);
	if (status == CT_NO_MEMORY)
		return status;
	h->partial |= status != CT_OK || h->world->stacks.partial;
	return CT_OK;
}

static enum ct_status mark_variables(struct ct_go_hunt *h)
{
	hide_records(h);
	ct_go_mark_timers(h);
	h->partial |= !ct_go_roots_variables(h->world->heap, mark_root, h->mark);
	return run(h, false);
}

static enum ct_status mark_specials(struct ct_go_hunt *h)
{
	enum ct_status status =
		ct_go_roots_specials(h->world->heap, h->world->masks, mark_root, h->mark);

	h->missed |= status != CT_OK;
	h->partial |= status == CT_FAULT;
	return run(h, true);
}

/* Threads that have a P and no goroutine are between two of them, or call what a timer starts. */
static void mark_machines(struct ct_go_hunt *h)
{
	const struct ct_go_observation *o = h->o;

	for (uint32_t i = 0; i < o->n_machines; i++) {
		const struct ct_go_machine *m = &o->machines[i];

		if (m->current || !ct_go_word(o->go, m->at, CT_GO_M_P))
			continue;
		h->running = true;
		ct_go_roots_machine(&h->world->stacks, m, mark_root, h->mark);
	}
}

static enum ct_status mark_others(struct ct_go_hunt *h)
{
	const struct ct_go_observation *o = h->o;
	enum ct_status status = CT_OK;

	mark_machines(h);
	for (uint32_t i = 0; !status && i < o->n; i++) {
		if (h->is_blocked[i])
			continue;
		h->running |= ct_sink_get_actor(o->sink, o->first + i)->state == CT_STATE_RUNNING;
		status = mark_stack(h, o->first + i);
	}
	return status ? status : run(h, false);
}

/* What a goroutine that can go on reaches: by its stack, by its record, and what it waits for, as
 * that is in a select's array. */
static enum ct_status mark_free(struct ct_go_hunt *h, uint32_t blocked)
{
	uint32_t actor = h->blocked.items[blocked].actor;
	struct ct_go_object object;

	if (ct_go_object_at(h->world->heap, ct_sink_get_actor(h->o->sink, actor)->object, &object))
		ct_go_mark_inside(h->mark, &object);
	/* Its own words of its sudogs are on its stack, or are what it waits for. */
	for (uint32_t i = h->blocked.items[blocked].first; i < h->needs.n; i++) {
		const struct ct_go_need *a = &h->needs.items[i];

		if (a->blocked != blocked)
			break;
		if (a->object == CT_NONE)
			continue;
		ct_go_object_get(h->world->heap, a->object, &object);
		ct_go_mark_root(h->mark, object.start);
	}
	return mark_stack(h, actor);
}

/* Those whose wait somebody can end, and those whose wait these can end then, until there is
 * nobody new. */
static enum ct_status mark_all_free(struct ct_go_hunt *h)
{
	enum ct_status status = CT_OK;
	uint32_t done = 0;

	while (!status && h->n_left && done < h->todo.n) {
		uint32_t end = h->todo.n;
		bool few = end - done < FEW;

		for (; !status && done < end; done++)
			status = mark_free(h, h->todo.items[done]);
		if (!status)
			status = run(h, few);
	}
	return status;
}

/* ---- what is told ---- */

static uint64_t stack_of(const struct ct_go_hunt *h, uint32_t actor)
{
	struct ct_go_g g;

	return ct_go_goroutine_at(h->o->go, ct_sink_get_actor(h->o->sink, actor)->object, &g)
		       ? 0
		       : g.stack_high - g.stack_low;
}

static enum ct_status tell(struct ct_go_hunt *h, struct ct_fact_go *ret)
{
	struct ct_go_marked marked;
	struct ct_go_leak *leaks =
		ct_arena_new_array(ct_sink_arena(h->o->sink), h->n_left + 1, struct ct_go_leak);
	enum ct_status status = CT_OK;
	uint32_t n = 0;

	if (!leaks)
		return CT_NO_MEMORY;
	ct_go_mark_count(h->mark, &marked);
	/* What could not be read may lead to any of them. */
	if (h->partial || marked.unread || h->world->heap->n_bad) {
		ret->leaks_unknown =
			"part of the memory that could lead to those that wait was not "
			"read";
		ct_target_note(h->o->target, CT_NOTE_DAMAGED, "Go heap",
			"whether any of %u goroutines that wait are leaked is not known, as part "
			"of the memory that could lead to them was not read",
			h->n_left);
		return CT_OK;
	}
	const struct ct_go_leak_doubts doubts = {.gc_phase = ret->gc_phase,
		.running = h->running,
		.missed = h->missed,
		.to_free = marked.to_free,
		.guessed = h->world->stacks.n_guessed || h->world->heap->n_unknown};
	ret->leaks_doubt = ct_go_leak_doubt(&doubts);
	status = ct_go_watch_tickers(h);
	for (uint32_t i = 0; !status && i < h->blocked.n; i++) {
		const struct ct_go_blocked *b = &h->blocked.items[i];

		if (b->never || b->free)
			continue;
		leaks[n].actor = b->actor;
		leaks[n].stack = stack_of(h, b->actor);
		status = mark_stack(h, b->actor);
		leaks[n++].bytes = ct_go_mark_rest(h->mark);
		ct_go_tell_tickers(h, b->actor);
	}
	if (!status)
		status = ct_go_keep_tickers(h);
	ret->leaks = leaks;
	ret->n_leaks = n;
	return status;
}

static void say_not_searched(const struct ct_go_hunt *h, struct ct_fact_go *ret)
{
	ret->leaks_unknown = "that was not looked for, as the heap is large";
	ct_target_note(h->o->target, CT_NOTE_NOT_ASKED, "leaks",
		"whether any of %u goroutines that wait are leaked was not looked for, as the heap "
		"has %" PRIu64 " MiB: coretool leaks does",
		h->n_left, h->world->heap->bytes >> 20);
}

static enum ct_status search(struct ct_go_hunt *h, struct ct_fact_go *ret)
{
	static enum ct_status (*const stages[])(struct ct_go_hunt *) = {
		mark_variables, mark_specials, mark_others, mark_all_free};
	enum ct_status status = ct_go_world(h->o, &h->world);

	if (!status)
		status = ct_go_find_blocked(h);
	if (status)
		return status;
	if (!h->others) {
		ret->leaks_unknown = "nobody in the program can go on by itself (CT203)";
		return CT_OK;
	}
	status = watch_needs(h);
	if (status || !h->n_left)
		return status;
	if (!h->o->all_leaks && h->world->heap->bytes > CT_GO_UNASKED) {
		say_not_searched(h, ret);
		return CT_OK;
	}
	h->world->stacks.n_guessed = 0;
	h->mark = ct_go_mark_new(h->world->heap, 0);
	if (!h->mark)
		return CT_NO_MEMORY;
	ct_go_mark_watch(h->mark, &h->watch);
	for (size_t i = 0; !status && h->n_left && !h->partial && i < CT_COUNT(stages); i++)
		status = stages[i](h);
	return status || !h->n_left ? status : tell(h, ret);
}

enum ct_status ct_go_observe_leaks(struct ct_go_observation *o, struct ct_fact_go *ret)
{
	struct ct_go_hunt h = {.o = o};
	enum ct_status status;

	ret->leaks_unknown = "not all goroutines could be read";
	if (ct_go_misses(o) || !o->waits)
		return CT_OK;
	ret->leaks_unknown = NULL;
	status = search(&h, ret);
	if (status)
		ret->leaks_unknown = "the heap could not be read";
	ct_go_mark_free(h.mark);
	free(h.is_blocked);
	free(h.watch.objects);
	free(h.watch.reached);
	ct_hash_free(&h.heads);
	ct_vec_free(&h.blocked);
	ct_vec_free(&h.needs);
	ct_vec_free(&h.todo);
	ct_vec_free(&h.tickers);
	free(h.parts);
	return status == CT_NO_MEMORY ? status : CT_OK;
}
