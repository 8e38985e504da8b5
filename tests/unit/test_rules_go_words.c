/* SPDX-License-Identifier: Apache-2.0 */
/* Words for goroutines, and for what they wait for, on facts told by hand. */
#include "story.h"

#include "facts/go.h"
#include "report/groups.h"
#include "rules/words.h"

/* Of a timer's channel nobody but the timer ends the wait. */
static void words_for_who_ends_a_wait(void **state)
{
	static const struct {
		enum ct_wait_kind kind;
		bool timer;
		const char *words;
	} cases[] = {
		{CT_WAIT_RECV, false, "send to or close"},
		{CT_WAIT_RECV, true, "reset the timer of"},
		{CT_WAIT_SEND, false, "receive from"},
		{CT_WAIT_WAITGROUP, false, "call Done of"},
		{CT_WAIT_COND, false, "signal"},
		{CT_WAIT_MUTEX, false, "release"},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		struct story s = story_begin(CT_WANT_GOROUTINES);
		uint32_t actor = story_thread(&s, 7, "main"), resource;
		struct ct_facts *facts;
		bool fresh;

		resource = ct_sink_resource(s.sink, "go_chan", 0x1000, &fresh);
		if (cases[i].timer)
			ct_sink_value_hex(s.sink, resource, "timer", 0x2000);
		ct_sink_wait(s.sink, &(struct ct_wait){.kind = (uint8_t)cases[i].kind,
					     .actor = actor,
					     .resource = resource});
		facts = story_end(&s);
		assert_string_equal(ct_say_release(facts, &facts->waits[0]), cases[i].words);
		ct_facts_free(facts);
	}
}

/* A thread and the goroutine that it runs are one; other threads are themselves. */
static void words_for_a_thread_with_a_goroutine(void **state)
{
	struct story s = story_begin(CT_WANT_GOROUTINES);
	struct ct_facts *facts;
	uint32_t carrier = story_thread(&s, 12, "threadentry"), other = story_thread(&s, 13, "log");
	uint32_t g = story_goroutine(&s, 18, CT_STATE_WAITING);

	(void)state;
	ct_sink_get_actor(s.sink, carrier)->runs = g;
	ct_sink_get_actor(s.sink, g)->carrier = carrier;
	facts = story_end(&s);
	struct ct_arena arena = {0};
	assert_string_equal(ct_say_carried(&arena, facts, carrier), "goroutine 18 on thread 12");
	assert_string_equal(ct_say_carried(&arena, facts, other), "thread 13 (log)");
	assert_string_equal(ct_say_carried(&arena, facts, g), "goroutine 18");
	ct_arena_free(&arena);
	ct_facts_free(facts);
}

/* Those of the runtime are told apart from the program's, whatever their names are. */
static void words_for_the_runtime_s_semaphores(void **state)
{
	static const struct {
		const char *kind, *name, *words;
	} cases[] = {
		{"go_runtime_sema", NULL, "the semaphore of the runtime at 0x1000"},
		{"go_runtime_sema", "shop+0x4e2158", "the runtime's shop+0x4e2158"},
		{"go_runtime_sema", "runtime.worldsema", "runtime.worldsema"},
		{"go_sema", "shop+0x4e2158", "shop+0x4e2158"},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		struct story s = story_begin(CT_WANT_GOROUTINES);
		struct ct_arena arena = {0};
		bool fresh;
		uint32_t r = ct_sink_resource(s.sink, cases[i].kind, 0x1000, &fresh);

		ct_sink_get_resource(s.sink, r)->name = cases[i].name;
		struct ct_facts *facts = story_end(&s);
		assert_string_equal(ct_say_resource(&arena, facts, r), cases[i].words);
		ct_arena_free(&arena);
		ct_facts_free(facts);
	}
}

static void receives(struct story *s, uint32_t actor, uint64_t channel, const char *why)
{
	bool fresh;

	ct_sink_wait(
		s->sink, &(struct ct_wait){.kind = CT_WAIT_RECV,
				 .actor = actor,
				 .resource = ct_sink_resource(s->sink, "go_chan", channel, &fresh),
				 .why = why});
}

/* Of a group it is said why its members block: of one of them, where they differ. */
static void why_a_group_blocks(void **state)
{
	struct story s = story_begin(CT_WANT_GOROUTINES);
	struct ct_facts *facts;
	uint32_t actors[4];
	bool differs;

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		actors[i] = story_goroutine(&s, 18 + i, CT_STATE_WAITING);
	receives(&s, actors[1], 0x1000, "told by hand");
	receives(&s, actors[2], 0x1000, "told by hand");
	receives(&s, actors[3], 0x2000, "nobody is parked to send");
	facts = story_end(&s);
	assert_null(ct_group_why(facts, actors, 1, &differs));
	assert_string_equal(ct_group_why(facts, &actors[1], 2, &differs), "told by hand");
	assert_false(differs);
	assert_string_equal(ct_group_why(facts, &actors[1], 3, &differs), "told by hand");
	assert_true(differs);
	assert_string_equal(ct_group_why(facts, actors, 4, &differs), "told by hand");
	assert_true(differs);
	ct_facts_free(facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_for_who_ends_a_wait),
		cmocka_unit_test(words_for_a_thread_with_a_goroutine),
		cmocka_unit_test(words_for_the_runtime_s_semaphores),
		cmocka_unit_test(why_a_group_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
