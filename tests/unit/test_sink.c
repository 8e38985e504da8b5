/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "facts/sink.h"

static void a_secret_is_shown_unless_it_is_redacted(void **state)
{
	(void)state;
	for (int redact = 0; redact < 2; redact++) {
		struct ct_sink *sink = ct_sink_new(0);

		ct_sink_redact(sink, redact);
		const char *secret = ct_sink_secret(sink, "hunter2\n");

		assert_string_equal(secret, redact ? "<8 bytes>" : "hunter2\\x0a");
		assert_string_equal(ct_sink_printf(sink, "it said '%s'", secret),
			redact ? "it said '<8 bytes>'" : "it said 'hunter2\\x0a'");
		assert_string_equal(ct_sink_string(sink, "main"), "main");
		assert_null(ct_sink_secret(sink, NULL));
		ct_sink_free(sink);
	}
}

static uint32_t add_actor(struct ct_sink *sink, enum ct_actor_kind kind, enum ct_actor_state state,
	uint64_t id, uint64_t object)
{
	return ct_sink_actor(sink, &(struct ct_actor){.kind = (uint8_t)kind,
					   .state = (uint8_t)state,
					   .id = id,
					   .object = object,
					   .stack = CT_NONE,
					   .carrier = CT_NONE,
					   .runs = CT_NONE,
					   .start_site = CT_NONE});
}

/* Whoever sleeps is found as well, also one that came after the first search. */
static void actors_are_found_by_their_objects(void **state)
{
	struct ct_sink *sink = ct_sink_new(0);
	uint32_t thread = add_actor(sink, CT_ACTOR_THREAD, CT_STATE_WAITING, 7, 0x1000);
	uint32_t runs = add_actor(sink, CT_ACTOR_GOROUTINE, CT_STATE_RUNNING, 7, 0x2000);
	uint32_t sleeps = add_actor(sink, CT_ACTOR_GOROUTINE, CT_STATE_WAITING, 8, 0x3000);

	(void)state;
	assert_int_equal(ct_sink_actor_by_object(sink, 0x1000), thread);
	assert_int_equal(ct_sink_actor_by_object(sink, 0x2000), runs);
	assert_int_equal(ct_sink_actor_by_object(sink, 0x3000), sleeps);
	assert_int_equal(ct_sink_actor_by_object(sink, 0x4000), CT_NONE);
	uint32_t late = add_actor(sink, CT_ACTOR_GOROUTINE, CT_STATE_WAITING, 9, 0x4000);
	assert_int_equal(ct_sink_actor_by_object(sink, 0x4000), late);
	assert_int_equal(ct_sink_actor_by_object(sink, 0x3000), sleeps);
	/* A goroutine's number is no thread's. */
	assert_int_equal(ct_sink_thread_by_id(sink, 7), thread);
	assert_int_equal(ct_sink_thread_by_id(sink, 8), CT_NONE);
	ct_sink_free(sink);
}

/* However they come in, a wait has its own and no others. */
static void peers_stand_with_their_wait(void **state)
{
	static const struct {
		uint32_t wait, actor;
	} told[] = {{2, 0}, {0, 1}, {2, 1}, {0, 2}, {2, 2}};
	static const uint32_t n_of[] = {2, 0, 3};
	struct ct_sink *sink = ct_sink_new(0);
	struct ct_facts *facts = NULL;
	struct ct_error error;

	(void)state;
	for (uint64_t id = 1; id <= 3; id++) {
		uint32_t actor = ct_sink_actor(sink, &(struct ct_actor){.id = id,
							     .stack = CT_NONE,
							     .carrier = CT_NONE,
							     .runs = CT_NONE,
							     .start_site = CT_NONE});

		ct_sink_wait(sink, &(struct ct_wait){.kind = CT_WAIT_SEM,
					   .actor = actor,
					   .resource = CT_NONE,
					   .why = ""});
	}
	for (size_t i = 0; i < CT_COUNT(told); i++)
		ct_sink_peer(sink, told[i].wait,
			&(struct ct_peer){.actor = told[i].actor,
				.trust = CT_TRUST_GUESS,
				.why = "it will post"});
	assert_int_equal(ct_sink_finish(sink, &facts, &error), CT_OK);
	assert_int_equal(facts->n_waits, 3);
	for (uint32_t w = 0; w < 3; w++) {
		const struct ct_wait *wait = &facts->waits[w];

		assert_int_equal(wait->n_peers, n_of[w]);
		for (uint32_t i = 0, k = 0; i < CT_COUNT(told); i++)
			if (told[i].wait == w)
				assert_int_equal(
					facts->peers[wait->first_peer + k++].actor, told[i].actor);
	}
	ct_facts_free(facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(actors_are_found_by_their_objects),
		cmocka_unit_test(peers_stand_with_their_wait),
		cmocka_unit_test(a_secret_is_shown_unless_it_is_redacted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
