/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about timers on facts told by hand, and when they stay silent. */
#include "story.h"

#include "facts/go.h"
#include "facts/go_timers.h"
#include "rules/policy.h"
#include "rules/rules.h"
#include "rules/timers.h"

#define HOUR (INT64_C(3600) * 1000000000)
#define MIB  (UINT64_C(1) << 20)
#define MANY 1200

struct told {
	const char *leaks_doubt;
	enum ct_trust trust; /* of the waits of goroutines 0 and 1, which are leaked */
	struct ct_go_timer timers[MANY];
	struct ct_fact_go_timers fact;
	struct ct_facts *facts;
	struct ct_document *doc;
};

static struct told *begin(void)
{
	struct told *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->fact.clock = t->fact.measured = true;
	return t;
}

static struct ct_go_timer *timer(struct told *t, enum ct_go_timer_kind kind)
{
	struct ct_go_timer *ret = &t->timers[t->fact.n++];

	assert_true(t->fact.n <= MANY);
	*ret = (struct ct_go_timer){.address = 0x1000 + 64u * t->fact.n,
		.kind = (uint8_t)kind,
		.fires = HOUR,
		.site = CT_NONE,
		.actor = CT_NONE,
		.resource = CT_NONE,
		.keeper = CT_NONE,
		.fd = -1,
		.alone = true,
		.retained = 200,
		.lasting = kind == CT_GO_TIMER_TICKER || kind == CT_GO_TIMER_CHANNEL};
	if (kind == CT_GO_TIMER_TICKER)
		ret->period = HOUR;
	return ret;
}

static void judge(struct told *t, const struct ct_policy *policy)
{
	struct story s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES | CT_WANT_TIMERS);
	bool fresh;
	struct ct_error err;

	ct_sink_go(s.sink,
		&(struct ct_fact_go){.version = "go1.22.12", .leaks_doubt = t->leaks_doubt});
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t actor = story_goroutine(&s, 7 + i, CT_STATE_WAITING);

		ct_sink_wait(s.sink,
			&(struct ct_wait){.kind = CT_WAIT_RECV,
				.actor = actor,
				.trust = (uint8_t)(i ? t->trust : CT_TRUST_EXACT),
				.resource = ct_sink_resource(s.sink, "go_chan", 0xc000, &fresh),
				.why = "told by hand"});
	}
	t->fact.timers =
		ct_arena_copy(ct_sink_arena(s.sink), t->timers, t->fact.n * sizeof(*t->timers));
	ct_sink_go_timers(s.sink, &t->fact);
	/* Sites 0 and 1, for callbacks. */
	for (uint64_t i = 0; i < 2; i++) {
		uint32_t site = ct_sink_site(s.sink, 0x400000 + 16 * i, false, &fresh);
		struct ct_site *made = ct_sink_get_site(s.sink, site);

		made->function = i ? "main.close" : "main.expire";
		made->module = CT_NONE;
	}
	t->facts = story_end(&s);
	assert_int_equal(ct_detect(t->facts, policy, &t->doc, &err), CT_OK);
}

static const struct ct_finding *find(const struct told *t, const char *rule, uint32_t n)
{
	const struct ct_finding *ret = NULL;

	for (uint32_t i = 0; i < t->doc->n_findings; i++)
		if (!strcmp(t->doc->findings[i].rule, rule)) {
			ret = &t->doc->findings[i];
			n--;
		}
	assert_int_equal(n, 0);
	return ret;
}

static const struct ct_finding *finding_of(const struct told *t, const char *title)
{
	for (uint32_t i = 0; i < t->doc->n_findings; i++)
		if (!strcmp(t->doc->findings[i].title, title))
			return &t->doc->findings[i];
	fail_msg("no finding says %s", title);
	return NULL;
}

static void done(struct told *t)
{
	ct_document_free(t->doc);
	ct_facts_free(t->facts);
	free(t);
}

static void tickers_for_nobody(void **state)
{
	struct told *t = begin();

	(void)state;
	timer(t, CT_GO_TIMER_TICKER);
	timer(t, CT_GO_TIMER_TICKER);
	timer(t, CT_GO_TIMER_TICKER)->period = 2 * HOUR;
	/* Somebody has it; Go 1.23 and later. */
	timer(t, CT_GO_TIMER_TICKER)->alone = false;
	struct ct_go_timer *collected = timer(t, CT_GO_TIMER_TICKER);
	collected->lasting = false;
	collected->period = 3 * HOUR;
	judge(t, NULL);
	const struct ct_finding *f = find(t, "CT221", 2);
	assert_int_equal(f->level, CT_P2);
	assert_int_equal(f->confidence, CT_LIKELY);
	assert_non_null(f->subject);
	done(t);
}

static void a_doubt_makes_it_possible(void **state)
{
	struct told *t = begin();

	(void)state;
	t->fact.doubt = "the garbage collector is at work";
	timer(t, CT_GO_TIMER_TICKER);
	struct ct_go_timer *large = timer(t, CT_GO_TIMER_FUNCTION);
	large->site = 0;
	large->retained = 2 * MIB;
	judge(t, NULL);
	assert_int_equal(find(t, "CT221", 1)->confidence, CT_POSSIBLE);
	const struct ct_finding *f = find(t, "CT222", 1);
	assert_int_equal(f->confidence, CT_POSSIBLE);
	assert_non_null(strstr(f->message, "the garbage collector is at work"));
	done(t);
}

/* What leaked goroutines have is told apart from what nobody has, those of one place and period
 * together; the runtime does not list what nobody waits for since 1.23. */
static void tickers_of_leaked_goroutines(void **state)
{
	struct told *t = begin();

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		struct ct_go_timer *one = timer(t, CT_GO_TIMER_TICKER);

		one->alone = one->lasting = false;
		one->keeper = i % 2;
	}
	struct ct_go_timer *idle = timer(t, CT_GO_TIMER_TICKER);
	idle->alone = idle->lasting = false;
	idle->idle = true;
	idle->period = 2 * HOUR;
	idle->keeper = 1;
	/* By others, too; by nobody. */
	timer(t, CT_GO_TIMER_TICKER)->alone = false;
	timer(t, CT_GO_TIMER_TICKER)->period = 3 * HOUR;
	/* No rule is about these. */
	timer(t, CT_GO_TIMER_CHANNEL)->keeper = 0;
	judge(t, NULL);
	find(t, "CT221", 3);
	const struct ct_finding *three = finding_of(t, "3 tickers, every 60 min, are left to 2 "
						       "goroutines that are leaked");
	const struct ct_finding *one = finding_of(t, "a ticker, every 2 h, is left to goroutine 8, "
						     "which is leaked");
	finding_of(t, "a ticker was not stopped and runs for nobody, every 3 h");
	assert_int_equal(three->n_actors, 2);
	assert_int_equal(three->n_steps, 2);
	assert_int_equal(one->n_actors, 1);
	assert_int_equal(one->actors[0], 1);
	assert_int_equal(three->level, CT_P2);
	assert_int_equal(three->confidence, CT_LIKELY);
	assert_non_null(strstr(three->message, "the runtime is woken for it"));
	assert_non_null(strstr(three->message, "nobody else can stop them or receive from them"));
	assert_non_null(strstr(one->message, "it costs memory, and no time"));
	assert_non_null(strstr(one->message, "nobody else can stop it or receive from it"));
	assert_string_not_equal(three->subject, one->subject);
	assert_null(strstr(three->message, "not sure"));
	done(t);
}

static void never_surer_than_the_leak(void **state)
{
	static const struct {
		const char *doubt;
		enum ct_trust trust;
		enum ct_confidence confidence;
	} cases[] = {
		{NULL, CT_TRUST_EXACT, CT_LIKELY},
		{NULL, CT_TRUST_INFERRED, CT_LIKELY},
		{NULL, CT_TRUST_GUESS, CT_POSSIBLE},
		{"goroutines are running", CT_TRUST_EXACT, CT_POSSIBLE},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		struct told *t = begin();

		t->leaks_doubt = cases[i].doubt;
		t->trust = cases[i].trust;
		for (uint32_t k = 0; k < 2; k++) {
			struct ct_go_timer *one = timer(t, CT_GO_TIMER_TICKER);

			one->alone = false;
			one->keeper = k;
		}
		judge(t, NULL);
		const struct ct_finding *f = find(t, "CT221", 1);
		assert_int_equal(f->confidence, cases[i].confidence);
		assert_int_equal(strstr(f->message, "not sure, as goroutines are running") != NULL,
			cases[i].doubt != NULL);
		done(t);
	}
}

static void functions_that_keep_much(void **state)
{
	struct told *t = begin();

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		struct ct_go_timer *one = timer(t, CT_GO_TIMER_FUNCTION);

		one->site = 0;
		one->retained = i ? 100 : 2 * MIB;
	}
	/* Small; kept by others too; a context's. */
	timer(t, CT_GO_TIMER_FUNCTION)->site = 1;
	struct ct_go_timer *shared = timer(t, CT_GO_TIMER_FUNCTION);
	shared->site = 1;
	shared->alone = false;
	shared->retained = 0;
	struct ct_go_timer *context = timer(t, CT_GO_TIMER_CONTEXT);
	context->site = 1;
	context->retained = 2 * MIB;
	judge(t, NULL);
	const struct ct_finding *f = find(t, "CT222", 1);
	assert_non_null(strstr(f->title, "3 pending timers"));
	assert_non_null(strstr(f->title, "main.expire()"));
	assert_non_null(strstr(f->message, "the largest is 2 MiB"));
	assert_string_equal(f->subject, "main.expire");
	done(t);
}

static void a_policy_says_how_much_is_much(void **state)
{
	static const struct ct_setting settings[] = {{"timer-retention", 4096}};
	const struct ct_policy policy = {.thresholds = settings, .n_thresholds = 1};
	struct told *t = begin();

	(void)state;
	struct ct_go_timer *one = timer(t, CT_GO_TIMER_FUNCTION);
	one->site = 0;
	one->retained = 2 * MIB;
	judge(t, &policy);
	find(t, "CT222", 0);
	done(t);
}

static void left_over_timers(void **state)
{
	struct told *t = begin();

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		timer(t, CT_GO_TIMER_CHANNEL);
	for (uint32_t i = 0; i < 50; i++)
		timer(t, CT_GO_TIMER_CHANNEL)->alone = false;
	judge(t, NULL);
	assert_non_null(strstr(find(t, "CT230", 1)->title, "1000 timers"));
	done(t);

	t = begin();
	for (uint32_t i = 0; i < 999; i++)
		timer(t, CT_GO_TIMER_CHANNEL);
	for (uint32_t i = 0; i < 200; i++)
		timer(t, CT_GO_TIMER_CHANNEL)->lasting = false;
	judge(t, NULL);
	find(t, "CT230", 0);
	done(t);

	/* What never fires is told apart from what does. */
	t = begin();
	for (uint32_t i = 0; i < 1100; i++) {
		struct ct_go_timer *one = timer(t, CT_GO_TIMER_CHANNEL);

		one->endless = i < 1000;
		one->fires = one->endless ? INT64_MAX - HOUR : HOUR;
	}
	judge(t, NULL);
	const struct ct_finding *f = find(t, "CT230", 1);
	assert_non_null(strstr(f->title, "1000 timers"));
	assert_non_null(strstr(f->message, "they never fire"));
	assert_null(strstr(f->message, "in at most"));
	done(t);
}

/* What is alike but for its kind is another rule's, or none's. */
static void each_kind_has_its_rule(void **state)
{
	static const struct {
		enum ct_go_timer_kind kind;
		uint32_t n;
		bool lasting, alone;
		const char *rule;
	} cases[] = {
		{CT_GO_TIMER_TICKER, 1000, true, true, "CT221"},
		{CT_GO_TIMER_CHANNEL, 1000, true, true, "CT230"},
		{CT_GO_TIMER_CHANNEL, 1, true, true, NULL},
		{CT_GO_TIMER_TICKER, 1, true, false, NULL},
		{CT_GO_TIMER_TICKER, 1, false, true, NULL},
		{CT_GO_TIMER_CHANNEL, 1000, true, false, NULL},
		{CT_GO_TIMER_CHANNEL, 1000, false, true, NULL},
		{CT_GO_TIMER_SLEEP, 1000, true, true, NULL},
	};
	static const char *const rules[] = {"CT221", "CT222", "CT230"};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		struct told *t = begin();

		for (uint32_t k = 0; k < cases[i].n; k++) {
			struct ct_go_timer *one = timer(t, cases[i].kind);

			one->lasting = cases[i].lasting;
			one->alone = cases[i].alone;
		}
		judge(t, NULL);
		for (size_t k = 0; k < CT_COUNT(rules); k++)
			find(t, rules[k], cases[i].rule && !strcmp(cases[i].rule, rules[k]));
		done(t);
	}
}

/* A policy that says "from none on" speaks of those that nobody has, still. */
static void none_are_no_pile(void **state)
{
	static const struct ct_setting settings[] = {{"timer-pile-up", 0}, {"timer-retention", 0}};
	const struct ct_policy policy = {.thresholds = settings, .n_thresholds = 2};
	struct told *t = begin();

	(void)state;
	timer(t, CT_GO_TIMER_CHANNEL)->alone = false;
	struct ct_go_timer *kept = timer(t, CT_GO_TIMER_FUNCTION);
	kept->site = 1;
	kept->alone = false;
	judge(t, &policy);
	find(t, "CT230", 0);
	find(t, "CT222", 0);
	done(t);
}

static void when_is_not_known_without_a_clock(void **state)
{
	(void)state;
	for (int clock = 0; clock < 2; clock++) {
		struct told *t = begin();
		struct ct_go_timer *large = timer(t, CT_GO_TIMER_FUNCTION);

		t->fact.clock = clock;
		large->retained = 2 * MIB;
		for (uint32_t i = 0; i < 1000; i++)
			timer(t, CT_GO_TIMER_CHANNEL);
		if (!clock)
			t->fact.doubt = "goroutines are running";
		judge(t, NULL);
		const struct ct_finding *f = find(t, "CT222", 1), *pile = find(t, "CT230", 1);
		assert_int_equal(strstr(f->message, "nobody knows when") != NULL, !clock);
		assert_int_equal(strstr(f->message, "in at most 60 min") != NULL, clock);
		assert_non_null(strstr(f->title, "a pending timer alone keeps 2 MiB"));
		assert_non_null(strstr(f->title, "a function that is not known"));
		assert_int_equal(strstr(pile->message, "in at most") != NULL, clock);
		assert_null(strstr(pile->message, "never fire"));
		assert_int_equal(pile->confidence, clock ? CT_LIKELY : CT_POSSIBLE);
		assert_int_equal(
			strstr(pile->message, "not sure, as goroutines are running") != NULL,
			!clock);
		done(t);
	}
}

static void spans_and_bytes_in_words(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} spans[] = {{999, "999 ns"}, {1500, "1.5 us"}, {999999999, "1 s"},
		{90 * INT64_C(1000000000), "90 s"}, {120 * INT64_C(1000000000), "2 min"},
		{36 * HOUR, "36 h"}, {49 * HOUR, "2.04 days"}};
	struct ct_arena arena = {0};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(spans); i++)
		assert_string_equal(ct_say_span(&arena, spans[i].ns), spans[i].text);
	assert_string_equal(ct_say_bytes(&arena, 700), "700 bytes");
	assert_string_equal(ct_say_bytes(&arena, 48 * MIB), "48 MiB");
	ct_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tickers_for_nobody),
		cmocka_unit_test(a_doubt_makes_it_possible),
		cmocka_unit_test(tickers_of_leaked_goroutines),
		cmocka_unit_test(never_surer_than_the_leak),
		cmocka_unit_test(functions_that_keep_much),
		cmocka_unit_test(a_policy_says_how_much_is_much),
		cmocka_unit_test(left_over_timers),
		cmocka_unit_test(each_kind_has_its_rule),
		cmocka_unit_test(none_are_no_pile),
		cmocka_unit_test(when_is_not_known_without_a_clock),
		cmocka_unit_test(spans_and_bytes_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
