/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What timers keep alive: everything is marked that something else leads to than the lists of
 * timers that the Ps have; then, timer by timer, what it leads to. What several of them lead to is
 * counted with the first one.
 */
#include "runtime/go/heap_world.h"
#include "runtime/go/leaks.h"
#include "runtime/go/timers.h"

#define WORTH_AFTER 100 /* channels' timers that are many enough to look whether they are used */

struct measure {
	struct ct_go_timers *timers;
	struct ct_go_world *world;
	struct ct_go_mark *mark;
};

static void mark_root(void *arg, const struct ct_go_root *root)
{
	ct_go_mark_root(arg, root->value);
}

static void hide_array(void *arg, uint64_t array)
{
	struct measure *m = arg;
	struct ct_go_object object;

	if (ct_go_object_at(m->world->heap, array, &object))
		ct_go_mark_alone(m->mark, &object);
}

static bool is_channels(const struct ct_go_timer *t)
{
	return t->kind == CT_GO_TIMER_TICKER || t->kind == CT_GO_TIMER_CHANNEL;
}

/* Is the object there reached by now, or none of the heap's? */
static bool is_reached(const struct measure *m, uint64_t addr)
{
	struct ct_go_object object;

	return !ct_go_object_at(m->world->heap, addr, &object) ||
	       ct_go_mark_has(m->mark, object.id);
}

static void measure_each(struct measure *m)
{
	for (uint32_t i = 0; i < m->timers->list.n; i++) {
		struct ct_go_timer *t = &m->timers->list.items[i];

		t->alone =
			!is_reached(m, t->address) && !(is_channels(t) && is_reached(m, t->object));
	}
	for (uint32_t i = 0; i < m->timers->list.n; i++) {
		struct ct_go_timer *t = &m->timers->list.items[i];

		if (t->alone)
			t->retained = ct_go_mark_more(m->mark, t->address);
		else
			(void)ct_go_mark_more(m->mark, t->address);
	}
}

/* ---- those that nobody waits for ---- */

static void add_idle(void *arg, uint64_t timer)
{
	struct measure *m = arg;

	ct_go_add_timer(m->timers, timer, true);
}

/* ---- is it worth it, and can it be believed ---- */

/* For the rules: is there any that could keep much alive, or runs for nobody? Who asks about one
 * goroutine asks for neither. */
static bool is_worth_it(const struct ct_go_timers *timers)
{
	uint32_t n_after = 0;

	if (timers->o->goroutine)
		return false;
	for (uint32_t i = 0; i < timers->list.n; i++) {
		const struct ct_go_timer *t = &timers->list.items[i];

		if (t->kind == CT_GO_TIMER_FUNCTION)
			return true;
		if (t->lasting && t->resource == CT_NONE && t->kind == CT_GO_TIMER_TICKER)
			return true;
		n_after += t->lasting && t->kind == CT_GO_TIMER_CHANNEL;
	}
	return n_after >= WORTH_AFTER;
}

static const char *doubt_of(const struct measure *m)
{
	const struct ct_go_observation *o = m->timers->o;
	struct ct_go_leak_doubts doubts = {
		.guessed = m->world->stacks.n_guessed || m->world->heap->n_unknown};
	uint32_t phase;

	if (o->go->globals.gcphase && !ct_read_u32(o->target, o->go->globals.gcphase, &phase) &&
		!phase)
		doubts.gc_phase = "off";
	for (uint32_t i = 0; i < o->n && !doubts.running; i++) {
		const struct ct_actor *a = ct_sink_get_actor(o->sink, o->first + i);

		doubts.running = a->state == CT_STATE_RUNNING && !a->system;
	}
	return ct_go_leak_doubt(&doubts);
}

static enum ct_status measure(struct measure *m)
{
	m->mark = ct_go_mark_new(m->world->heap, 0);
	if (!m->mark)
		return CT_NO_MEMORY;
	ct_go_each_timer_array(m->timers->o->go, hide_array, m);
	enum ct_status status = ct_go_world_roots(m->world, mark_root, m->mark);
	if (!status)
		status = ct_go_mark_run(m->mark);
	if (status)
		return status;
	m->timers->fact.doubt = doubt_of(m);
	/* What could not be read may lead to any of them. */
	m->timers->fact.measured = ct_go_world_saw_all(m->world, m->mark);
	if (m->timers->fact.measured)
		measure_each(m);
	ct_go_each_idle_timer(m->mark, true, m->world->heap, add_idle, m);
	return m->timers->failed ? CT_NO_MEMORY : CT_OK;
}

enum ct_status ct_go_measure_timers(struct ct_go_timers *timers)
{
	struct ct_go_observation *o = timers->o;
	struct measure m = {.timers = timers};

	if (ct_go_misses(o) || !(o->retained || is_worth_it(timers)))
		return CT_OK;
	enum ct_status status = ct_go_world(o, &m.world);
	if (status)
		return status == CT_NO_MEMORY ? status : CT_OK;
	status = measure(&m);
	ct_go_mark_free(m.mark);
	return status;
}
