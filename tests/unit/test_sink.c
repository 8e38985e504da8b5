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
			&(struct ct_peer){told[i].actor, CT_TRUST_GUESS, "it will post"});
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
		cmocka_unit_test(peers_stand_with_their_wait),
		cmocka_unit_test(a_secret_is_shown_unless_it_is_redacted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
