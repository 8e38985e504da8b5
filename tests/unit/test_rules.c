/* SPDX-License-Identifier: Apache-2.0 */
#include "story.h"

#include <signal.h>

#include "base/hash.h"
#include "rules/rules.h"
#include "rules/words.h"

static struct ct_document *judge(const struct ct_facts *facts, const struct ct_policy *policy)
{
	struct ct_document *doc = NULL;
	struct ct_error err;

	assert_int_equal(ct_detect(facts, policy, &doc, &err), CT_OK);
	return doc;
}

static void done(struct ct_document *doc, struct ct_facts *facts)
{
	ct_document_free(doc);
	ct_facts_free(facts);
}

/* A stack of these functions, innermost first, in a module of the program's own. */
static void give_stack(struct story *s, uint32_t actor, const char *const *functions, uint32_t n)
{
	struct ct_frame frames[8] = {0};

	for (uint32_t i = 0; i < n; i++) {
		bool fresh;
		uint64_t pc = ct_hash_bytes(functions[i], strlen(functions[i])) >> 20;

		frames[i].site = ct_sink_site(s->sink, pc, i > 0, &fresh);
		ct_sink_get_site(s->sink, frames[i].site)->function =
			ct_sink_string(s->sink, functions[i]);
		ct_sink_get_site(s->sink, frames[i].site)->module = 0;
	}
	uint32_t stack = ct_sink_stack(s->sink,
		&(struct ct_stack){.frames = frames, .n_frames = n, .n_total = n, .root = true});
	ct_sink_get_actor(s->sink, actor)->stack = stack;
}

static void two_that_wait(struct story *s, enum ct_trust trust, bool timed)
{
	story_thread(s, 12, "billing");
	story_thread(s, 13, "shipping");
	story_holds(s, 0, story_mutex(s, 0x1000, "g_orders"), CT_TRUST_EXACT);
	story_holds(s, 1, story_mutex(s, 0x2000, "g_stock"), trust);
	story_waits(s, 0, 1, CT_TRUST_EXACT)->timed = timed;
	story_waits(s, 1, 0, CT_TRUST_EXACT);
}

static void a_cycle_is_a_deadlock_and_says_so_in_a_sentence(void **state)
{
	struct story s = story_begin(0);

	(void)state;
	two_that_wait(&s, CT_TRUST_EXACT, false);
	struct ct_facts *facts = story_end(&s);
	struct ct_document *doc = judge(facts, NULL);
	assert_int_equal(doc->summary.verdict, CT_VERDICT_DEADLOCK);
	assert_int_equal(doc->n_findings, 1);
	assert_string_equal(doc->findings[0].rule, "CT101");
	assert_int_equal(doc->findings[0].level, CT_P0);
	assert_int_equal(doc->findings[0].confidence, CT_PROVEN);
	assert_int_equal(doc->findings[0].n_actors, 2);
	assert_int_equal(doc->findings[0].n_steps, 2);
	assert_string_equal(doc->summary.headline,
		"thread 12 (billing) and thread 13 (shipping) wait for each other over g_stock and "
		"g_orders: neither of "
		"them can ever go on");
	assert_string_equal(doc->findings[0].steps[0].text,
		"thread 12 (billing) waits for g_stock, held by thread 13 (shipping)");
	assert_int_equal(doc->finding_of_cycle[0], 0);
	done(doc, facts);
}

static void trust_decides_confidence_and_level(void **state)
{
	static const struct {
		enum ct_trust trust;
		bool still;
		enum ct_confidence confidence;
		enum ct_level level;
		enum ct_verdict verdict;
	} rows[] = {
		{CT_TRUST_DEBUG_INFO, true, CT_PROVEN, CT_P0, CT_VERDICT_DEADLOCK},
		{CT_TRUST_LAYOUT, true, CT_PROVEN, CT_P0, CT_VERDICT_DEADLOCK},
		{CT_TRUST_INFERRED, true, CT_LIKELY, CT_P0, CT_VERDICT_DEADLOCK},
		{CT_TRUST_GUESS, true, CT_POSSIBLE, CT_P2, CT_VERDICT_CLEAN},
		{CT_TRUST_EXACT, false, CT_LIKELY, CT_P0, CT_VERDICT_DEADLOCK},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct story s = story_begin(0);

		two_that_wait(&s, rows[i].trust, false);
		ct_sink_target(s.sink)->still = rows[i].still;
		struct ct_facts *facts = story_end(&s);
		struct ct_document *doc = judge(facts, NULL);
		assert_int_equal(doc->findings[0].confidence, rows[i].confidence);
		assert_int_equal(doc->findings[0].level, rows[i].level);
		assert_int_equal(doc->summary.verdict, rows[i].verdict);
		done(doc, facts);
	}
}

static void a_cycle_with_a_timeout_is_p1(void **state)
{
	struct story s = story_begin(0);

	(void)state;
	two_that_wait(&s, CT_TRUST_EXACT, true);
	struct ct_facts *facts = story_end(&s);
	struct ct_document *doc = judge(facts, NULL);
	assert_int_equal(doc->findings[0].level, CT_P1);
	assert_non_null(strstr(doc->findings[0].message, "timeout"));
	done(doc, facts);
}

static void waiting_for_oneself_is_ct102(void **state)
{
	struct story s = story_begin(0);

	(void)state;
	story_thread(&s, 12, NULL);
	story_holds(&s, 0, story_mutex(&s, 0x1000, "g_lock"), CT_TRUST_EXACT);
	story_waits(&s, 0, 0, CT_TRUST_EXACT);
	struct ct_facts *facts = story_end(&s);
	struct ct_document *doc = judge(facts, NULL);
	assert_int_equal(doc->n_findings, 1);
	assert_string_equal(doc->findings[0].rule, "CT102");
	assert_int_equal(doc->summary.verdict, CT_VERDICT_DEADLOCK);
	done(doc, facts);
}

static void an_owner_that_is_gone_is_ct103(void **state)
{
	struct story s = story_begin(0);

	(void)state;
	story_thread(&s, 12, NULL);
	story_thread(&s, 13, NULL);
	uint32_t lost = story_mutex(&s, 0x1000, "g_lock");
	ct_sink_get_resource(s.sink, lost)->owner_gone = 99;
	story_waits(&s, 0, lost, CT_TRUST_LAYOUT)->owner_gone = 99;
	story_waits(&s, 1, lost, CT_TRUST_LAYOUT)->owner_gone = 99;
	struct ct_facts *facts = story_end(&s);
	struct ct_document *doc = judge(facts, NULL);
	assert_int_equal(doc->n_findings, 1);
	assert_string_equal(doc->findings[0].rule, "CT103");
	assert_int_equal(doc->findings[0].n_actors, 2);
	assert_int_equal(doc->summary.verdict, CT_VERDICT_DEADLOCK);
	done(doc, facts);
}

/* n waiters behind one holder: asleep in a wait of this kind, or running (CT_N_WAIT_KINDS). */
static struct ct_facts *convoy(uint32_t n, enum ct_wait_kind head, bool brief)
{
	struct story s = story_begin(0);

	story_thread(&s, 1, "holder");
	story_holds(&s, 0, story_mutex(&s, 0x1000, "g_lock"), CT_TRUST_EXACT);
	for (uint32_t i = 0; i < n; i++)
		story_waits(&s, story_thread(&s, 2 + i, NULL), 0, CT_TRUST_EXACT);
	if (head != CT_N_WAIT_KINDS) {
		struct ct_wait *wait = story_waits(&s, 0, CT_NONE, CT_TRUST_EXACT);

		wait->kind = head;
		wait->brief = brief;
	}
	return story_end(&s);
}

static void a_convoy_is_found_from_its_size_and_its_head(void **state)
{
	static const struct {
		uint32_t n;
		enum ct_wait_kind head;
		bool brief;
		uint32_t findings;
		enum ct_confidence confidence;
		enum ct_verdict verdict;
	} rows[] = {
		{1, CT_WAIT_IO, false, 0, CT_PROVEN, CT_VERDICT_CLEAN},
		{2, CT_WAIT_IO, false, 1, CT_POSSIBLE, CT_VERDICT_CLEAN},
		{3, CT_WAIT_IO, false, 1, CT_PROVEN, CT_VERDICT_STUCK},
		{1, CT_WAIT_SLEEP, false, 1, CT_PROVEN, CT_VERDICT_STUCK},
		{3, CT_WAIT_SLEEP, true, 0, CT_PROVEN, CT_VERDICT_CLEAN},
		{4, CT_WAIT_SLEEP, true, 1, CT_POSSIBLE, CT_VERDICT_CLEAN},
		{7, CT_WAIT_FUTEX, false, 0, CT_PROVEN, CT_VERDICT_CLEAN},
		{3, CT_N_WAIT_KINDS, false, 0, CT_PROVEN, CT_VERDICT_CLEAN},
		{7, CT_N_WAIT_KINDS, false, 1, CT_POSSIBLE, CT_VERDICT_CLEAN},
		{5000, CT_WAIT_IO, false, 1, CT_PROVEN, CT_VERDICT_STUCK},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct ct_facts *facts = convoy(rows[i].n, rows[i].head, rows[i].brief);
		struct ct_document *doc = judge(facts, NULL);

		assert_int_equal(doc->n_findings, rows[i].findings);
		assert_int_equal(doc->summary.verdict, rows[i].verdict);
		if (rows[i].findings) {
			assert_string_equal(doc->findings[0].rule, "CT120");
			assert_int_equal(doc->findings[0].confidence, rows[i].confidence);
			assert_int_equal(doc->findings[0].n_actors, rows[i].n);
		}
		done(doc, facts);
	}
}

static void main_that_joins_its_workers_is_no_convoy(void **state)
{
	struct story s = story_begin(0);
	bool fresh;

	(void)state;
	story_thread(&s, 1, "main");
	story_thread(&s, 2, "worker");
	for (uint64_t i = 3; i < 8; i++)
		story_thread(&s, i, NULL);
	uint32_t end = ct_sink_resource(s.sink, "thread", 0x7000, &fresh);
	ct_sink_get_resource(s.sink, end)->is_actor = true;
	story_holds(&s, 1, end, CT_TRUST_EXACT);
	story_waits(&s, 0, end, CT_TRUST_EXACT);
	for (uint32_t i = 2; i < 7; i++)
		story_waits(&s, i, end, CT_TRUST_EXACT);
	story_waits(&s, 1, CT_NONE, CT_TRUST_EXACT);
	struct ct_facts *facts = story_end(&s);
	struct ct_document *doc = judge(facts, NULL);
	assert_int_equal(doc->n_findings, 0);
	assert_int_equal(doc->summary.verdict, CT_VERDICT_CLEAN);
	done(doc, facts);
}

static void signals_decide_as_the_catalogue_says(void **state)
{
	static const struct {
		int number, sender;
		bool cycle;
		enum ct_verdict verdict;
	} rows[] = {
		{SIGSEGV, 0, false, CT_VERDICT_CRASH},
		{SIGSEGV, 0, true, CT_VERDICT_CRASH},
		{SIGABRT, 0, false, CT_VERDICT_CRASH},
		{SIGABRT, 0, true, CT_VERDICT_DEADLOCK},
		{SIGABRT, 77, false, CT_VERDICT_CLEAN},
		{SIGQUIT, 77, true, CT_VERDICT_DEADLOCK},
		{0, 0, false, CT_VERDICT_CLEAN},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct story s = story_begin(0);

		if (rows[i].cycle)
			two_that_wait(&s, CT_TRUST_EXACT, false);
		else
			story_waits(&s, story_thread(&s, 12, NULL), CT_NONE, CT_TRUST_EXACT);
		ct_sink_target(s.sink)->signal = (struct ct_fact_signal){.number = rows[i].number,
			.name = "SIG",
			.code = "SI",
			.actor = 0,
			.sent = rows[i].sender != 0,
			.sender_pid = rows[i].sender};
		struct ct_facts *facts = story_end(&s);
		struct ct_document *doc = judge(facts, NULL);
		assert_int_equal(doc->summary.verdict, rows[i].verdict);
		done(doc, facts);
	}
}

static void nothing_read_is_unknown(void **state)
{
	struct story s = story_begin(0);

	(void)state;
	story_thread(&s, 1, NULL);
	struct ct_facts *facts = story_end(&s);
	struct ct_document *doc = judge(facts, NULL);
	assert_int_equal(doc->summary.verdict, CT_VERDICT_UNKNOWN);
	done(doc, facts);
}

/* Threads sleep on words that the core has not: that is no clean bill. */
static void what_is_missing_may_be_the_deadlock(void **state)
{
	static const char *const missing[] = {"no thread's stack is in the core"};
	static const struct {
		uint32_t n_missing;
		enum ct_verdict verdict;
		const char *begin;
	} rows[] = {{0, CT_VERDICT_CLEAN, "no deadlock found: 2 threads, 2 asleep"},
		{1, CT_VERDICT_UNKNOWN,
			"not all could be read, so a deadlock cannot be ruled out: 2 threads, "
			"2 asleep"}};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct story s = story_begin(0);

		for (uint32_t t = 0; t < 2; t++) {
			bool fresh;

			story_thread(&s, 20 + t, NULL);
			story_waits(&s, t, ct_sink_resource(s.sink, "futex", 0x1000 + t, &fresh),
				CT_TRUST_EXACT)
				->kind = CT_WAIT_FUTEX;
		}
		ct_sink_target(s.sink)->partial = missing;
		ct_sink_target(s.sink)->n_partial = rows[i].n_missing;
		struct ct_facts *facts = story_end(&s);
		struct ct_document *doc = judge(facts, NULL);
		assert_int_equal(doc->summary.verdict, rows[i].verdict);
		assert_memory_equal(doc->summary.headline, rows[i].begin, strlen(rows[i].begin));
		done(doc, facts);
	}
}

static const char *const stack_a[] = {
	"pthread_mutex_lock", "take<int>(int)", "work.isra.0", "main"};
static const char *const stack_b[] = {"pthread_mutex_lock", "give", "work", "main"};
static const char *const stack_c[] = {"pthread_mutex_lock", "take<long>(int)", "work", "main"};
static const char *const stack_d[] = {"pthread_mutex_lock", "other", "work", "main"};

static void fingerprint_of(const char *const *first, const char *const *second, char *ret)
{
	struct story s = story_begin(CT_WANT_STACKS);

	two_that_wait(&s, CT_TRUST_EXACT, false);
	ct_sink_module(s.sink,
		&(struct ct_fact_module){.path = "/bin/prog", .found = "path", .state = "ok"});
	give_stack(&s, 0, first, 4);
	give_stack(&s, 1, second, 4);
	struct ct_facts *facts = story_end(&s);
	struct ct_document *doc = judge(facts, NULL);
	ct_document_fingerprint(doc);
	assert_non_null(doc->findings[0].fingerprint);
	assert_int_equal(strlen(doc->findings[0].fingerprint), 16);
	memcpy(ret, doc->findings[0].fingerprint, 17);
	done(doc, facts);
}

static void a_fingerprint_knows_no_rotation_clone_or_template(void **state)
{
	char ab[17], ba[17], cb[17], db[17];

	(void)state;
	fingerprint_of(stack_a, stack_b, ab);
	fingerprint_of(stack_b, stack_a, ba);
	fingerprint_of(stack_c, stack_b, cb);
	fingerprint_of(stack_d, stack_b, db);
	assert_string_equal(ab, ba);
	assert_string_equal(ab, cb);
	assert_string_not_equal(ab, db);
}

static void ignored_findings_are_counted_and_decide_nothing(void **state)
{
	static const char *const names[] = {"work"};
	const struct ct_policy policy = {.ignore_any_function = {names, 1}};
	struct story s = story_begin(CT_WANT_STACKS);

	(void)state;
	two_that_wait(&s, CT_TRUST_EXACT, false);
	ct_sink_module(s.sink,
		&(struct ct_fact_module){.path = "/bin/prog", .found = "path", .state = "ok"});
	give_stack(&s, 0, stack_b, 4);
	give_stack(&s, 1, stack_d, 4);
	struct ct_facts *facts = story_end(&s);
	struct ct_document *doc = judge(facts, &policy);
	assert_string_equal(doc->findings[0].ignored_by, "--ignore-any-function");
	assert_int_equal(doc->summary.n_ignored, 1);
	assert_int_equal(doc->summary.n_findings[CT_P0], 0);
	assert_int_equal(doc->summary.verdict, CT_VERDICT_CLEAN);
	done(doc, facts);
}

/* Of `needed` threads three have come; a fourth joins one of them, sleeps, or is stuck elsewhere.
 */
static struct ct_facts *tell_barrier(
	int64_t needed, bool joins, bool stuck, bool shared, bool timed)
{
	struct story s = story_begin(0);
	bool fresh;

	for (uint64_t id = 1; id <= 4; id++)
		story_thread(&s, id, "worker");
	uint32_t barrier = ct_sink_resource(s.sink, "pthread_barrier", 0x3000, &fresh);
	ct_sink_value_int(s.sink, barrier, "arrived", 3);
	ct_sink_value_int(s.sink, barrier, "needed", needed);
	ct_sink_get_resource(s.sink, barrier)->process_shared = shared;
	for (uint32_t actor = 0; actor < 3; actor++)
		story_waits(&s, actor, barrier, CT_TRUST_LAYOUT)->kind = CT_WAIT_BARRIER;
	uint32_t other = story_mutex(&s, 0x1000, "g_other");
	if (joins)
		story_holds(&s, 0, other, CT_TRUST_EXACT);
	if (stuck)
		story_holds(&s, 3, other, CT_TRUST_EXACT);
	if (joins || stuck)
		story_waits(&s, 3, other, CT_TRUST_EXACT)->timed = timed;
	return story_end(&s);
}

static void a_barrier_is_short_when_nobody_is_left_to_come(void **state)
{
	static const struct {
		int64_t needed;
		bool joins, stuck, shared, timed;
		int confidence; /* -1: no finding */
	} rows[] = {
		{4, true, false, false, false, CT_PROVEN},    /* it waits behind one of them */
		{4, false, true, false, false, CT_PROVEN},    /* it waits for itself */
		{4, false, false, false, false, -1},          /* it may come */
		{5, false, false, false, false, CT_POSSIBLE}, /* it may start another */
		{4, true, false, true, false, -1},            /* another process may come */
		{3, true, false, false, false, -1},           /* all are there */
		{4, true, false, false, true, -1},            /* its wait ends by itself */
		{4, false, true, false, true, -1},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct ct_facts *facts = tell_barrier(rows[i].needed, rows[i].joins, rows[i].stuck,
			rows[i].shared, rows[i].timed);
		struct ct_document *doc = judge(facts, NULL);
		const struct ct_finding *found = NULL;

		for (uint32_t k = 0; k < doc->n_findings; k++)
			if (!strcmp(doc->findings[k].rule, "CT111"))
				found = &doc->findings[k];
		if (rows[i].confidence < 0) {
			assert_null(found);
		} else {
			assert_non_null(found);
			assert_int_equal(found->confidence, rows[i].confidence);
			assert_int_equal(
				found->level, rows[i].confidence == CT_POSSIBLE ? CT_P2 : CT_P1);
			assert_int_equal(found->n_actors, rows[i].joins ? 4 : 3);
		}
		done(doc, facts);
	}
}

static void what_a_standard_library_compiles_into_a_program_is_not_its_own_code(void **state)
{
	(void)state;
	assert_false(ct_own_code("/srv/shop", "std::thread::park", false));
	assert_false(ct_own_code("/srv/shop", "<std::thread::thread::Thread>::park", false));
	assert_false(ct_own_code("/srv/shop", "std::mutex::lock", false));
	assert_false(ct_own_code(
		"/srv/shop", "core::ops::function::FnOnce::call_once{{vtable.shim}}", false));
	assert_false(ct_own_code("/srv/shop",
		"<alloc::boxed::Box<F,A> as core::ops::function::FnOnce<Args>>::call_once", false));
	assert_true(ct_own_code("/srv/shop", "core::Reactor::run", false));
	assert_true(ct_own_code("/srv/shop", "<shop::Order>::pay", false));
	assert_true(ct_own_code("/srv/shop", "shop::main", false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cycle_is_a_deadlock_and_says_so_in_a_sentence),
		cmocka_unit_test(trust_decides_confidence_and_level),
		cmocka_unit_test(a_cycle_with_a_timeout_is_p1),
		cmocka_unit_test(waiting_for_oneself_is_ct102),
		cmocka_unit_test(an_owner_that_is_gone_is_ct103),
		cmocka_unit_test(a_convoy_is_found_from_its_size_and_its_head),
		cmocka_unit_test(main_that_joins_its_workers_is_no_convoy),
		cmocka_unit_test(signals_decide_as_the_catalogue_says),
		cmocka_unit_test(nothing_read_is_unknown),
		cmocka_unit_test(what_is_missing_may_be_the_deadlock),
		cmocka_unit_test(a_fingerprint_knows_no_rotation_clone_or_template),
		cmocka_unit_test(ignored_findings_are_counted_and_decide_nothing),
		cmocka_unit_test(a_barrier_is_short_when_nobody_is_left_to_come),
		cmocka_unit_test(
			what_a_standard_library_compiles_into_a_program_is_not_its_own_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
