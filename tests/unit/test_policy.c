/* SPDX-License-Identifier: Apache-2.0 */
/* Policy files and baselines as text; what they do to findings. */
#include "story.h"

#include "report/json_read.h"
#include "rules/policy.h"

struct read {
	struct ct_arena arena;
	struct ct_error err;
	struct ct_policy policy;
	enum ct_status status;
};

static struct read read_policy(const char *text)
{
	struct read r = {.status = CT_OK};

	ct_arena_init(&r.arena);
	r.status = ct_policy_read(text, strlen(text), "p", &r.arena, &r.policy, &r.err);
	return r;
}

static void every_key(void **state)
{
	struct read r = read_policy("fail-on = \"P1\"\n"
				    "baseline = \"known.json\"\n"
				    "ignore-top-function = [\"a\"]\n"
				    "ignore-any-function = [\"b\", \"c\"]\n"
				    "ignore-created-by = []\n"
				    "[rules]\n"
				    "CT120 = \"off\"\n"
				    "lock-cycle = \"P2\"\n"
				    "[thresholds]\n"
				    "convoy-io = 7\n");

	(void)state;
	assert_int_equal(r.status, CT_OK);
	assert_true(r.policy.gates[CT_P0] && r.policy.gates[CT_P1] && !r.policy.gates[CT_P2]);
	assert_string_equal(r.policy.baseline_file, "known.json");
	assert_string_equal(r.policy.ignore_any_function.items[1], "c");
	assert_int_equal(ct_policy_level(&r.policy, "CT120"), CT_RULE_OFF);
	assert_int_equal(ct_policy_level(&r.policy, "CT101"), CT_P2);
	assert_int_equal(ct_policy_level(&r.policy, "CT102"), CT_N_LEVELS);
	assert_int_equal(ct_policy_threshold(&r.policy, CT_THRESHOLD_CONVOY_IO), 7);
	assert_int_equal(ct_policy_threshold(&r.policy, CT_THRESHOLD_CONVOY_RUNNING), 4);
	assert_true(ct_policy_says_something(&r.policy));
	ct_arena_free(&r.arena);
	r = read_policy("gate.P2 = \"any\"");
	assert_true(r.policy.gates[CT_P2] && !r.policy.gates[CT_P0]);
	ct_arena_free(&r.arena);
}

static void what_is_refused(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{"fail_on = \"P0\"", "p:1: fail_on is no key of a policy"},
		{"\nfail-on = \"P3\"", "p:2: fail-on takes \"P0\", \"P1\" or \"P2\", not \"P3\""},
		{"fail-on = 0", "p:1: fail-on takes a string in quotes"},
		{"baseline = \"\"", "p:1: baseline takes the path of a file"},
		{"ignore-top-function = \"a\"",
			"p:1: ignore-top-function takes an array of strings"},
		{"[rules]\nCT999 = \"off\"", "p:2: rules.CT999 is no rule"},
		{"[rules]\nCT101 = \"never\"", "p:2: rules.CT101 takes"},
		{"[rules]\nCT101 = \"P1\"\nlock-cycle = \"P2\"",
			"p:3: rules.lock-cycle is set twice"},
		{"[thresholds]\nconvoy = 1", "p:2: thresholds.convoy is no threshold"},
		{"[thresholds]\nconvoy-io = 0", "p:2: thresholds.convoy-io takes a number from 1"},
		{"[thresholds]\nconvoy-io = \"1\"",
			"p:2: thresholds.convoy-io takes a whole number"},
		{"gate.P1 = \"3/day\"", "p:1: gate.P1 takes \"any\", not \"3/day\""},
		{"gate.P7 = \"any\"", "p:1: gate.P7 is no gate"},
		{"gate = 1", "p:1: gate is no key of a policy"},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct read r = read_policy(rows[i].text);

		if (r.status != CT_BAD_INPUT ||
			strncmp(r.err.text, rows[i].error, strlen(rows[i].error)) != 0)
			fail_msg("%s\n%d %s", rows[i].text, r.status, r.err.text);
		ct_arena_free(&r.arena);
	}
}

/* Each threshold has a line in the manual. */
static void thresholds_are_documented(void **state)
{
	char path[4096], text[16384] = "", line[64];
	int here = (int)(strrchr(__FILE__, '/') - __FILE__);

	(void)state;
	snprintf(path, sizeof(path), "%.*s/../../docs/policy.md", here, __FILE__);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 1000);
	fclose(file);
	for (size_t i = 0; i < CT_N_THRESHOLDS; i++) {
		snprintf(line, sizeof(line), "\n%s = ", ct_thresholds[i].name);
		if (!strstr(text, line))
			fail_msg("docs/policy.md does not tell of %s", ct_thresholds[i].name);
	}
}

/* Two threads in a circle, and a convoy of four behind a third that runs. */
static struct ct_facts *shop(void)
{
	struct story s = story_begin(0);
	uint32_t a, b, c;

	for (uint64_t id = 1; id <= 7; id++)
		story_thread(&s, id, NULL);
	a = story_mutex(&s, 0x1000, "g_a");
	b = story_mutex(&s, 0x2000, "g_b");
	c = story_mutex(&s, 0x3000, "g_c");
	story_holds(&s, 0, a, CT_TRUST_EXACT);
	story_holds(&s, 1, b, CT_TRUST_EXACT);
	story_holds(&s, 2, c, CT_TRUST_EXACT);
	story_waits(&s, 0, b, CT_TRUST_EXACT);
	story_waits(&s, 1, a, CT_TRUST_EXACT);
	for (uint32_t i = 3; i < 7; i++)
		story_waits(&s, i, c, CT_TRUST_EXACT);
	return story_end(&s);
}

static void levels_and_thresholds_in_force(void **state)
{
	static const struct {
		const char *policy;
		const char *rules; /* with the last digit of their levels */
	} rows[] = {
		{"", "CT101:0 CT120:2 "},
		{"rules.CT101 = \"P2\"", "CT101:2 CT120:2 "},
		{"rules.CT101 = \"off\"", "CT120:2 "},
		{"rules.CT120 = \"P0\"", "CT101:0 CT120:2 "}, /* it is merely possible */
		{"thresholds.convoy-running = 5", "CT101:0 "},
	};
	struct ct_facts *facts = shop();

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct read r = read_policy(rows[i].policy);
		struct ct_document *doc;
		char found[64] = "";

		assert_int_equal(r.status, CT_OK);
		assert_int_equal(ct_detect(facts, &r.policy, &doc, &r.err), CT_OK);
		for (uint32_t f = 0; f < doc->n_findings; f++)
			snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s:%d ",
				doc->findings[f].rule, (int)doc->findings[f].level);
		assert_string_equal(found, rows[i].rules);
		ct_document_free(doc);
		ct_arena_free(&r.arena);
	}
	ct_facts_free(facts);
}

static void names_match_with_their_arguments(void **state)
{
	static const char *const in_full[] = {"pool::run"}, *const in_part[] = {"pool::ru"};
	struct story s = story_begin(CT_WANT_STACKS);
	bool fresh;
	uint32_t site = ct_sink_site(s.sink, 0x1234, false, &fresh);
	struct ct_error err;
	struct ct_document *doc;

	(void)state;
	ct_sink_get_site(s.sink, site)->function = "pool::run(int)";
	uint32_t thread = story_thread(&s, 1, NULL), lock = story_mutex(&s, 0x1000, NULL);
	ct_sink_get_actor(s.sink, thread)->start_site = site;
	story_holds(&s, thread, lock, CT_TRUST_EXACT);
	story_waits(&s, thread, lock, CT_TRUST_EXACT);
	struct ct_facts *facts = story_end(&s);
	for (int full = 0; full < 2; full++) {
		const struct ct_policy policy = {
			.ignore_created_by = {full ? in_full : in_part, 1}};

		assert_int_equal(ct_detect(facts, &policy, &doc, &err), CT_OK);
		assert_int_equal(doc->n_findings, 1);
		assert_int_equal(doc->summary.n_ignored, full);
		assert_int_equal(doc->findings[0].ignored_by != NULL, full);
		ct_document_free(doc);
	}
	ct_facts_free(facts);
}

/* Each thread of a finding by one of the options: which one is said, and that all must be. */
static void options_work_together(void **state)
{
	static const char *const names[] = {"log_flush", "janitor_main"};
	static const struct {
		bool any, created, both;
		const char *ignored_by;
	} cases[] = {
		{true, false, false, NULL},
		{false, true, false, NULL},
		{true, true, false, "--ignore-any-function"},
		{true, true, true, "--ignore-created-by"},
		{false, true, true, "--ignore-created-by"},
	};
	struct ct_error err;
	struct ct_document *doc;

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		struct story s = story_begin(CT_WANT_STACKS);
		uint32_t sites[2], threads[2], locks[2];
		struct ct_policy policy = {0};
		bool fresh;

		for (uint32_t k = 0; k < 2; k++) {
			sites[k] = ct_sink_site(s.sink, 0x1000 + k, false, &fresh);
			ct_sink_get_site(s.sink, sites[k])->function = names[k];
			threads[k] = story_thread(&s, 1 + k, NULL);
			locks[k] = story_mutex(&s, 0x2000 + 16 * k, NULL);
			story_holds(&s, threads[k], locks[k], CT_TRUST_EXACT);
		}
		for (uint32_t k = 0; k < 2; k++)
			story_waits(&s, threads[k], locks[1 - k], CT_TRUST_EXACT);
		struct ct_frame frame = {.site = sites[0]};
		ct_sink_get_actor(s.sink, threads[0])->stack = ct_sink_stack(
			s.sink, &(struct ct_stack){.frames = &frame, .n_frames = 1, .n_total = 1});
		ct_sink_get_actor(s.sink, threads[1])->start_site = sites[1];
		if (cases[i].both)
			ct_sink_get_actor(s.sink, threads[0])->start_site = sites[1];
		if (cases[i].any)
			policy.ignore_any_function = (struct ct_strings){names, 1};
		if (cases[i].created)
			policy.ignore_created_by = (struct ct_strings){names + 1, 1};
		struct ct_facts *facts = story_end(&s);
		assert_int_equal(ct_detect(facts, &policy, &doc, &err), CT_OK);
		assert_int_equal(doc->n_findings, 1);
		assert_int_equal(doc->findings[0].n_actors, 2);
		if (cases[i].ignored_by)
			assert_string_equal(doc->findings[0].ignored_by, cases[i].ignored_by);
		else
			assert_null(doc->findings[0].ignored_by);
		ct_document_free(doc);
		ct_facts_free(facts);
	}
}

static struct ct_strings read_baseline(struct read *r, const char *text)
{
	struct ct_strings ret = {0};

	ct_arena_init(&r->arena);
	r->status = ct_baseline_read(text, strlen(text), "b", &r->arena, &ret, &r->err);
	return ret;
}

static void baselines(void **state)
{
	static const char *const bad[] = {
		"775a7ce7197347f",
		"775A7CE7197347FD",
		"775a7ce7197347fd x",
		"x",
		"{",
		"{}",
		"[]",
		"{\"schema\": \"coretool-diff/1\"}",
		"{\"schema\": 1}",
		"{\"schema\": \"coretool-report/1\"}\n{}",
		"\xff\xfe",
	};
	struct read r;
	struct ct_strings known =
		read_baseline(&r, "# since May\n\n 775a7ce7197347fd # the till\r\n"
				  "0123456789abcdef");

	(void)state;
	assert_int_equal(r.status, CT_OK);
	assert_int_equal(known.n, 2);
	assert_string_equal(known.items[0], "775a7ce7197347fd");
	assert_string_equal(known.items[1], "0123456789abcdef");
	ct_arena_free(&r.arena);
	known = read_baseline(&r, "{\"schema\": \"coretool-report/1\", \"findings\": [1, {}, "
				  "{\"fingerprint\": 3}, {\"fingerprint\": \"ab\"}]}");
	assert_int_equal(r.status, CT_OK);
	assert_int_equal(known.n, 1);
	ct_arena_free(&r.arena);
	for (size_t i = 0; i < CT_COUNT(bad); i++) {
		read_baseline(&r, bad[i]);
		if (r.status != CT_BAD_INPUT || strncmp(r.err.text, "b:", 2) != 0)
			fail_msg("%s: %d %s", bad[i], r.status, r.err.text);
		ct_arena_free(&r.arena);
	}
}

/* Two bytes of text for each value, which takes a hundred in memory. */
static void a_report_of_nothing_but_brackets(void **state)
{
	size_t len = (size_t)20 << 20;
	char *text = malloc(len);
	struct ct_error err;
	json_t *report;

	(void)state;
	assert_non_null(text);
	text[0] = '{';
	for (size_t i = 1; i < len; i++)
		text[i] = i % 3 == 1 ? '[' : i % 3 == 2 ? ']' : ',';
	assert_int_equal(ct_json_read_report(text, len, "b", &report, &err), CT_BAD_INPUT);
	assert_non_null(strstr(err.text, "more values"));
	memset(text, '[', 5000);
	assert_int_equal(ct_json_read_report(text, 5000, "b", &report, &err), CT_BAD_INPUT);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(levels_and_thresholds_in_force),
		cmocka_unit_test(thresholds_are_documented),
		cmocka_unit_test(names_match_with_their_arguments),
		cmocka_unit_test(options_work_together),
		cmocka_unit_test(baselines),
		cmocka_unit_test(a_report_of_nothing_but_brackets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
