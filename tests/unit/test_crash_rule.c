/* SPDX-License-Identifier: Apache-2.0 */
/* CT105 and the verdict, on crashes told by hand. */
#include "story.h"

#include <signal.h>

#include "base/hash.h"
#include "rules/rules.h"

enum { PROGRAM, LIBC };

static void give_modules(struct story *s)
{
	ct_sink_module(s->sink,
		&(struct ct_fact_module){.path = "/bin/shop", .found = "path", .state = "ok"});
	ct_sink_module(
		s->sink, &(struct ct_fact_module){
				 .path = "/usr/lib/libc.so.6", .found = "path", .state = "ok"});
}

/* A stack, innermost first; the functions of the C library begin with a star. */
static void give_stack(struct story *s, uint32_t actor, const char *const *functions, uint32_t n)
{
	struct ct_frame frames[8] = {0};

	for (uint32_t i = 0; i < n; i++) {
		bool fresh, libc = functions[i][0] == '*';
		uint64_t pc = ct_hash_bytes(functions[i], strlen(functions[i])) >> 20;

		frames[i].site = ct_sink_site(s->sink, pc, i > 0, &fresh);
		ct_sink_get_site(s->sink, frames[i].site)->function =
			ct_sink_string(s->sink, functions[i] + libc);
		ct_sink_get_site(s->sink, frames[i].site)->module = libc ? LIBC : PROGRAM;
		frames[i].is_signal = !strcmp(functions[i], "*__restore_rt");
	}
	ct_sink_get_actor(s->sink, actor)->stack = ct_sink_stack(s->sink,
		&(struct ct_stack){.frames = frames, .n_frames = n, .n_total = n, .root = true});
}

static void give_signal(struct story *s, uint32_t actor, int number)
{
	ct_sink_target(s->sink)->signal = (struct ct_fact_signal){
		.number = number, .name = "SIGSEGV", .code = "SEGV_MAPERR", .actor = actor};
}

static struct ct_document *judge(const struct ct_facts *facts)
{
	struct ct_document *doc = NULL;
	struct ct_error err;

	assert_int_equal(ct_detect(facts, NULL, &doc, &err), CT_OK);
	return doc;
}

static void done(struct ct_document *doc, struct ct_facts *facts)
{
	ct_document_free(doc);
	ct_facts_free(facts);
}

static const struct ct_crash null_write = {.class = CT_CRASH_NULL,
	.cause = "wrote 4 bytes to 0x18, a null pointer plus 0x18",
	.instruction = "movl $1, 0x18(%rdi)",
	.frame = 0,
	.address = 0x18,
	.has_address = true};

static void one_sentence_says_it(void **state)
{
	static const char *const stack[] = {"push_order", "work", "*start_thread"};
	struct story s = story_begin(CT_WANT_STACKS);

	(void)state;
	story_thread(&s, 12, "worker");
	give_modules(&s);
	give_stack(&s, 0, stack, CT_COUNT(stack));
	give_signal(&s, 0, SIGSEGV);
	ct_sink_crash(s.sink, &null_write);
	struct ct_facts *facts = story_end(&s);
	struct ct_document *doc = judge(facts);
	assert_int_equal(doc->summary.verdict, CT_VERDICT_CRASH);
	assert_string_equal(doc->summary.headline,
		"thread 12 (worker) wrote 4 bytes to 0x18, a null pointer plus 0x18, at "
		"push_order()");
	assert_int_equal(doc->n_findings, 1);
	assert_string_equal(doc->findings[0].rule, "CT105");
	assert_int_equal(doc->findings[0].level, CT_P0);
	assert_int_equal(doc->findings[0].confidence, CT_PROVEN);
	assert_int_equal(doc->findings[0].n_actors, 1);
	ct_document_fingerprint(doc);
	assert_non_null(doc->findings[0].fingerprint);
	done(doc, facts);
}

static void a_library_is_named_with_its_caller(void **state)
{
	static const char *const stack[] = {"*strlen", "width_of", "*start_thread"};
	struct ct_crash crash = null_write;
	struct story s = story_begin(CT_WANT_STACKS);

	(void)state;
	crash.cause = "read 32 bytes at 0x0, a null pointer";
	story_thread(&s, 12, NULL);
	give_modules(&s);
	give_stack(&s, 0, stack, CT_COUNT(stack));
	give_signal(&s, 0, SIGSEGV);
	ct_sink_crash(s.sink, &crash);
	struct ct_facts *facts = story_end(&s);
	struct ct_document *doc = judge(facts);
	assert_string_equal(doc->summary.headline,
		"thread 12 read 32 bytes at 0x0, a null pointer, in strlen(), called by "
		"width_of()");
	done(doc, facts);
}

/* The title says where the fault was, the proof where the signal that ended the process came. */
static void a_signal_raised_in_a_handler_came_there(void **state)
{
	static const char *const stack[] = {
		"*raise", "last_words", "*__restore_rt", "push_order", "*start_thread"};
	struct ct_crash crash = null_write;
	struct story s = story_begin(CT_WANT_STACKS);

	(void)state;
	crash.frame = 3;
	story_thread(&s, 12, "worker");
	give_modules(&s);
	give_stack(&s, 0, stack, CT_COUNT(stack));
	give_signal(&s, 0, SIGABRT);
	ct_sink_crash(s.sink, &crash);
	struct ct_facts *facts = story_end(&s);
	struct ct_document *doc = judge(facts);
	assert_non_null(strstr(doc->summary.headline, "at push_order()"));
	assert_int_equal(doc->findings[0].steps[0].frame, 1);
	done(doc, facts);
}

/* That it crashed is sure, however little is known of the cause. */
static void a_guessed_cause_is_likely(void **state)
{
	struct ct_crash crash = null_write;
	struct story s = story_begin(0);

	(void)state;
	crash.class = CT_CRASH_FAULT;
	crash.trust = CT_TRUST_GUESS;
	crash.frame = CT_NONE;
	story_thread(&s, 12, NULL);
	give_signal(&s, 0, SIGSEGV);
	ct_sink_crash(s.sink, &crash);
	struct ct_facts *facts = story_end(&s);
	struct ct_document *doc = judge(facts);
	assert_int_equal(doc->findings[0].level, CT_P0);
	assert_int_equal(doc->findings[0].confidence, CT_LIKELY);
	assert_int_equal(doc->summary.verdict, CT_VERDICT_CRASH);
	done(doc, facts);
}

static void its_locks_and_who_waits_are_told(void **state)
{
	struct story s = story_begin(0);
	bool told = false;

	(void)state;
	story_thread(&s, 12, "seller");
	story_thread(&s, 13, "buyer");
	story_holds(&s, 0, story_mutex(&s, 0x1000, "g_stock"), CT_TRUST_EXACT);
	story_holds(&s, 0, story_mutex(&s, 0x2000, "g_log"), CT_TRUST_EXACT);
	story_waits(&s, 1, 0, CT_TRUST_EXACT);
	give_signal(&s, 0, SIGSEGV);
	ct_sink_crash(s.sink, &null_write);
	struct ct_facts *facts = story_end(&s);
	struct ct_document *doc = judge(facts);
	const struct ct_finding *f = &doc->findings[0];
	assert_string_equal(f->rule, "CT105");
	assert_int_equal(f->n_resources, 2);
	for (uint32_t i = 0; i < f->n_steps; i++)
		told |= !strcmp(
			f->steps[i].text, "it holds g_stock, for which thread 13 (buyer) waits");
	assert_true(told);
	done(doc, facts);
}

static void a_message_makes_an_abort_the_answer(void **state)
{
	static const struct {
		enum ct_crash_class class;
		int number;
		bool cycle;
		enum ct_verdict verdict;
	} rows[] = {
		{CT_CRASH_ABORT, SIGABRT, false, CT_VERDICT_CRASH},
		{CT_CRASH_ABORT, SIGABRT, true, CT_VERDICT_DEADLOCK},
		{CT_CRASH_RAISED, SIGSEGV, true, CT_VERDICT_DEADLOCK},
		{CT_CRASH_ASSERT, SIGABRT, true, CT_VERDICT_CRASH},
		{CT_CRASH_HEAP, SIGABRT, true, CT_VERDICT_CRASH},
		{CT_CRASH_EXCEPTION, SIGABRT, true, CT_VERDICT_CRASH},
		{CT_CRASH_NULL, SIGSEGV, true, CT_VERDICT_CRASH},
		/* The fault behind a handler that aborts. */
		{CT_CRASH_NULL, SIGABRT, true, CT_VERDICT_CRASH},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct story s = story_begin(0);
		struct ct_crash crash = {
			.class = rows[i].class, .cause = "called abort()", .frame = CT_NONE};

		story_thread(&s, 12, "billing");
		story_thread(&s, 13, "shipping");
		if (rows[i].cycle) {
			story_holds(&s, 0, story_mutex(&s, 0x1000, "g_orders"), CT_TRUST_EXACT);
			story_holds(&s, 1, story_mutex(&s, 0x2000, "g_stock"), CT_TRUST_EXACT);
			story_waits(&s, 0, 1, CT_TRUST_EXACT);
			story_waits(&s, 1, 0, CT_TRUST_EXACT);
		}
		crash.actor = story_thread(&s, 14, "watchdog");
		give_signal(&s, 2, rows[i].number);
		ct_sink_crash(s.sink, &crash);
		struct ct_facts *facts = story_end(&s);
		struct ct_document *doc = judge(facts);
		assert_int_equal(doc->summary.verdict, rows[i].verdict);
		done(doc, facts);
	}
}

static void every_class_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < CT_N_CRASH_CLASSES; i++)
		assert_non_null(ct_crash_class_name((enum ct_crash_class)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_sentence_says_it),
		cmocka_unit_test(a_library_is_named_with_its_caller),
		cmocka_unit_test(a_signal_raised_in_a_handler_came_there),
		cmocka_unit_test(a_guessed_cause_is_likely),
		cmocka_unit_test(its_locks_and_who_waits_are_told),
		cmocka_unit_test(a_message_makes_an_abort_the_answer),
		cmocka_unit_test(every_class_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
