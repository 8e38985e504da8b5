/* SPDX-License-Identifier: Apache-2.0 */
/* Facts told by hand: who waits for what and who holds it, for tests of graph, rules and writers.
 */
#ifndef TESTS_UNIT_STORY_H
#define TESTS_UNIT_STORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "facts/sink.h"

#define STORY_MAX 20000

struct story {
	struct ct_sink *sink;
	struct ct_wait *waits;
	uint32_t n_waits;
};

static inline struct story story_begin(unsigned wants)
{
	struct story s = {.sink = ct_sink_new(wants), .waits = calloc(STORY_MAX, sizeof(*s.waits))};

	assert_non_null(s.sink);
	assert_non_null(s.waits);
	ct_sink_target(s.sink)->source = "core";
	ct_sink_target(s.sink)->arch = "x86_64";
	ct_sink_target(s.sink)->still = true;
	return s;
}

static inline uint32_t story_thread(struct story *s, uint64_t id, const char *name)
{
	return ct_sink_actor(s->sink, &(struct ct_actor){.kind = CT_ACTOR_THREAD,
					      .state = CT_STATE_RUNNING,
					      .id = id,
					      .lwp = id,
					      .name = ct_sink_string(s->sink, name),
					      .carrier = CT_NONE,
					      .runs = CT_NONE,
					      .stack = CT_NONE,
					      .start_site = CT_NONE,
					      .created_at = CT_NONE});
}

static inline uint32_t story_goroutine(struct story *s, uint64_t id, enum ct_actor_state state)
{
	return ct_sink_actor(s->sink, &(struct ct_actor){.kind = CT_ACTOR_GOROUTINE,
					      .state = (uint8_t)state,
					      .id = id,
					      .carrier = CT_NONE,
					      .runs = CT_NONE,
					      .stack = CT_NONE,
					      .start_site = CT_NONE,
					      .created_at = CT_NONE});
}

static inline uint32_t story_mutex(struct story *s, uint64_t address, const char *name)
{
	bool fresh;
	uint32_t r = ct_sink_resource(s->sink, "pthread_mutex", address, &fresh);

	ct_sink_get_resource(s->sink, r)->name = ct_sink_string(s->sink, name);
	ct_sink_get_resource(s->sink, r)->holders = CT_HOLDERS_COMPLETE;
	return r;
}

static inline void story_holds(
	struct story *s, uint32_t actor, uint32_t resource, enum ct_trust trust)
{
	ct_sink_hold(s->sink, &(struct ct_hold){.actor = actor,
				      .resource = resource,
				      .trust = trust,
				      .took_frame = CT_NONE,
				      .why = "the owner field names it"});
}

/* Asleep in a system call, and for a resource when there is one. */
static inline struct ct_wait *story_waits(
	struct story *s, uint32_t actor, uint32_t resource, enum ct_trust trust)
{
	struct ct_actor *a = ct_sink_get_actor(s->sink, actor);
	struct ct_wait *wait = &s->waits[s->n_waits++];

	assert_true(s->n_waits <= STORY_MAX);
	a->state = CT_STATE_WAITING;
	ct_sink_thread(s->sink, actor)->call = (struct ct_actor_call){202, "futex", "futex(…)"};
	*wait = (struct ct_wait){.kind = resource == CT_NONE ? CT_WAIT_SLEEP : CT_WAIT_MUTEX,
		.trust = trust,
		.actor = actor,
		.resource = resource,
		.why = "the futex is the mutex"};
	return wait;
}

static inline struct ct_facts *story_end(struct story *s)
{
	struct ct_error err;
	struct ct_facts *facts = NULL;

	/* The sink wants the waits of one actor together. */
	for (uint32_t a = 0; a < ct_sink_n_actors(s->sink); a++)
		for (uint32_t i = 0; i < s->n_waits; i++)
			if (s->waits[i].actor == a)
				ct_sink_wait(s->sink, &s->waits[i]);
	assert_int_equal(ct_sink_finish(s->sink, &facts, &err), CT_OK);
	free(s->waits);
	return facts;
}

#endif
