/* SPDX-License-Identifier: Apache-2.0 */
/* What CT201 and CT202 say of maps and pointers, on facts told by hand, and when they stay silent.
 */
#include "story.h"

#include "facts/crash.h"
#include "facts/go.h"
#include "facts/go_heap.h"
#include "facts/go_maps.h"
#include "rules/rules.h"

#define PRICES UINT64_C(0xc000100000) /* maps */
#define ORDERS UINT64_C(0xc000200000)

/* Goroutines 30, 31 ... stand in these operations. */
static void stand(struct story *s, const struct ct_go_map_use *uses, uint32_t n, bool exact)
{
	struct ct_go_map_use *own = ct_arena_copy(ct_sink_arena(s->sink), uses, n * sizeof(*uses));

	for (uint32_t i = 0; i < n; i++)
		own[i].actor = story_goroutine(s, 30 + i, CT_STATE_RUNNING);
	ct_sink_go_maps(s->sink, &(struct ct_fact_go_maps){own, n, exact});
}

static const struct ct_finding *find(const struct ct_document *doc, const char *rule)
{
	for (uint32_t i = 0; i < doc->n_findings; i++)
		if (!strcmp(doc->findings[i].rule, rule))
			return &doc->findings[i];
	return NULL;
}

/* The process died of this, at goroutine 18, while another one stood where it does. */
static struct ct_document *judge(const char *kind, uint8_t class, const struct ct_go_map_use *uses,
	uint32_t n, struct ct_facts **facts)
{
	struct story s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES);
	uint32_t dying = story_goroutine(&s, 18, CT_STATE_RUNNING);
	struct ct_document *doc = NULL;
	struct ct_error err;

	ct_sink_go(s.sink, &(struct ct_fact_go){.version = "go1.24.4"});
	ct_sink_crash(s.sink, &(struct ct_crash){.actor = dying,
				      .class = class,
				      .kind = kind,
				      .cause = "was ended",
				      .message = "told by hand",
				      .frame = CT_NONE});
	if (n)
		stand(&s, uses, n, true);
	*facts = story_end(&s);
	assert_int_equal(ct_detect(*facts, NULL, &doc, &err), CT_OK);
	return doc;
}

static bool says(const struct ct_finding *f, const char *words)
{
	for (uint32_t i = 0; i < f->n_steps; i++)
		if (strstr(f->steps[i].text, words))
			return true;
	return false;
}

static void who_may_be_the_other_side(void **state)
{
	static const struct {
		struct ct_go_map_use use;
		const char *says;
	} cases[] = {
		{{.frame = CT_NONE, .writes = true},
			"goroutine 30 is writing to a map, perhaps this one"},
		{{.frame = CT_NONE}, "goroutine 30 is reading a map, perhaps this one"},
		{{.frame = CT_NONE, .map = PRICES, .marked = true},
			"goroutine 30 is reading a map, perhaps this one"},
	};

	(void)state;
	for (size_t i = 0; i <= CT_COUNT(cases); i++) {
		bool none = i == CT_COUNT(cases);
		struct ct_facts *facts;
		struct ct_document *doc = judge(
			"concurrent-map", CT_CRASH_GO, &cases[none ? 0 : i].use, !none, &facts);
		const struct ct_finding *f = find(doc, "CT201");

		assert_non_null(f);
		assert_int_equal(f->level, CT_P0);
		assert_int_equal(says(f, "goroutine 30"), !none);
		assert_true(none || says(f, cases[i].says));
		ct_document_free(doc);
		ct_facts_free(facts);
	}
}

/* The one that died is in a map itself. */
static void the_dying_one_is_no_other_side(void **state)
{
	struct story s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES);
	struct ct_go_map_use use = {.actor = story_goroutine(&s, 18, CT_STATE_RUNNING),
		.frame = CT_NONE,
		.writes = true};
	struct ct_document *doc = NULL;
	struct ct_error err;

	(void)state;
	ct_sink_go(s.sink, &(struct ct_fact_go){.version = "go1.24.4"});
	ct_sink_crash(s.sink, &(struct ct_crash){.actor = use.actor,
				      .class = CT_CRASH_GO,
				      .kind = "concurrent-map",
				      .cause = "was ended",
				      .message = "told by hand",
				      .frame = CT_NONE});
	ct_sink_go_maps(s.sink, &(struct ct_fact_go_maps){&use, 1, true});
	struct ct_facts *facts = story_end(&s);
	assert_int_equal(ct_detect(facts, NULL, &doc, &err), CT_OK);
	assert_non_null(find(doc, "CT201"));
	assert_false(says(find(doc, "CT201"), "perhaps"));
	ct_document_free(doc);
	ct_facts_free(facts);
}

#define WRITES(at, is_marked)                                                                      \
	{                                                                                          \
		.frame = CT_NONE, .writes = true, .map = at, .marked = is_marked                   \
	}
#define READS(at, is_marked)                                                                       \
	{                                                                                          \
		.frame = CT_NONE, .map = at, .marked = is_marked                                   \
	}

/* The process lives. Uses of one map stand together. */
static void who_is_in_a_map_that_is_written(void **state)
{
	static const struct {
		struct ct_go_map_use uses[4];
		uint32_t n, told; /* findings, */
		uint32_t actors;  /* and those in the first */
		bool inexact, moving;
	} cases[] = {
		{{READS(PRICES, true), WRITES(PRICES, true)}, 2, 1, 2, false, false},
		{{WRITES(PRICES, true), WRITES(PRICES, true)}, 2, 1, 2, false, false},
		{{READS(PRICES, true), WRITES(PRICES, true)}, 2, 1, 2, true, false},
		{{READS(PRICES, true), WRITES(PRICES, true), READS(PRICES, true)}, 3, 1, 3, false,
			false},
		{{READS(PRICES, true), WRITES(PRICES, true), READS(ORDERS, true),
			 WRITES(ORDERS, true)},
			4, 2, 2, false, false},
		/* Alone; readers; another map; no mark yet; not known which; not all at once. */
		{{WRITES(PRICES, true)}, 1, 0, 0, false, false},
		{{READS(PRICES, true), READS(PRICES, true)}, 2, 0, 0, false, false},
		{{READS(PRICES, false), WRITES(ORDERS, true)}, 2, 0, 0, false, false},
		{{READS(PRICES, false), WRITES(PRICES, false)}, 2, 0, 0, false, false},
		{{READS(0, true), WRITES(0, true)}, 2, 0, 0, false, false},
		{{READS(PRICES, true), WRITES(PRICES, true)}, 2, 0, 0, false, true},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		struct story s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES);
		struct ct_document *doc = NULL;
		struct ct_error err;
		uint32_t told = 0;

		ct_sink_go(s.sink, &(struct ct_fact_go){.version = "go1.24.4"});
		stand(&s, cases[i].uses, cases[i].n, !cases[i].inexact);
		struct ct_facts *facts = story_end(&s);
		facts->target.still = !cases[i].moving;
		assert_int_equal(ct_detect(facts, NULL, &doc, &err), CT_OK);
		const struct ct_finding *f = find(doc, "CT201");
		for (uint32_t k = 0; k < doc->n_findings; k++)
			told += !strcmp(doc->findings[k].rule, "CT201");
		assert_int_equal(told, cases[i].told);
		if (f) {
			assert_int_equal(f->level, CT_P0);
			assert_int_equal(f->confidence, cases[i].inexact ? CT_LIKELY : CT_PROVEN);
			assert_int_equal(f->n_actors, cases[i].actors);
			assert_int_equal(f->n_steps, cases[i].actors);
			/* Who writes comes first. */
			assert_non_null(strstr(f->steps[0].text, "is writing to it"));
			assert_int_equal(says(f, "is reading it"), i != 1);
		}
		ct_document_free(doc);
		ct_facts_free(facts);
	}
}

/* It dies while others are in a map: of the map, which is told once, or of something else. */
static void a_race_and_a_crash(void **state)
{
	static const struct ct_go_map_use uses[] = {READS(PRICES, true), WRITES(PRICES, true)};
	static const char *const kinds[] = {"concurrent-map", "nil-map-write", NULL};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(kinds); i++) {
		struct ct_facts *facts;
		struct ct_document *doc = judge(kinds[i], CT_CRASH_GO, uses, 2, &facts);
		uint32_t told = 0;

		for (uint32_t k = 0; k < doc->n_findings; k++)
			told += !strcmp(doc->findings[k].rule, "CT201");
		assert_int_equal(told, 1);
		assert_int_equal(says(find(doc, "CT201"), "perhaps"), i == 0);
		assert_int_equal(doc->summary.verdict == CT_VERDICT_CRASH, kinds[i] != NULL);
		assert_null(strstr(doc->summary.headline, "being written"));
		ct_document_free(doc);
		ct_facts_free(facts);
	}
}

/* Of how it died nothing is known but the signal, or no more than that it is one of no runtime's.
 */
static void a_race_and_a_signal(void **state)
{
	static const struct ct_go_map_use uses[] = {READS(PRICES, true), WRITES(PRICES, true)};

	(void)state;
	for (int looked = 0; looked < 2; looked++) {
		struct story s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES);
		uint32_t dying = story_goroutine(&s, 18, CT_STATE_RUNNING);
		struct ct_document *doc = NULL;
		struct ct_error err;

		ct_sink_go(s.sink, &(struct ct_fact_go){.version = "go1.24.4"});
		stand(&s, uses, 2, true);
		if (looked)
			ct_sink_crash(s.sink, &(struct ct_crash){.actor = dying,
						      .class = CT_CRASH_FAULT,
						      .cause = "was ended",
						      .message = "told by hand",
						      .frame = CT_NONE});
		struct ct_facts *facts = story_end(&s);
		facts->target.signal = (struct ct_fact_signal){
			.number = 11, .name = "SIGSEGV", .code = "SEGV_MAPERR", .actor = CT_NONE};
		assert_int_equal(ct_detect(facts, NULL, &doc, &err), CT_OK);
		assert_non_null(find(doc, "CT201"));
		assert_int_equal(doc->summary.verdict, CT_VERDICT_CRASH);
		assert_null(strstr(doc->summary.headline, "being written"));
		ct_document_free(doc);
		ct_facts_free(facts);
	}
}

/* Other ends, of other runtimes, and no crash: one that writes to a map alone is no mistake. */
static void what_the_runtime_did_not_notice(void **state)
{
	static const struct ct_go_map_use writer = WRITES(PRICES, true);
	static const struct {
		const char *kind;
		uint8_t class;
	} cases[] = {{"concurrent-map", CT_CRASH_FAULT}, {"bad-pointer", CT_CRASH_FAULT},
		{NULL, CT_CRASH_GO}, {"nil-map-write", CT_CRASH_GO}};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		struct ct_facts *facts;
		struct ct_document *doc = judge(cases[i].kind, cases[i].class, &writer, 1, &facts);

		assert_null(find(doc, "CT201"));
		assert_null(find(doc, "CT202"));
		ct_document_free(doc);
		ct_facts_free(facts);
	}
	struct story s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES);
	struct ct_document *doc = NULL;
	struct ct_error err;

	ct_sink_go(s.sink, &(struct ct_fact_go){.version = "go1.24.4"});
	stand(&s, &writer, 1, true);
	struct ct_facts *facts = story_end(&s);
	assert_int_equal(ct_detect(facts, NULL, &doc, &err), CT_OK);
	assert_int_equal(doc->n_findings, 0);
	ct_document_free(doc);
	ct_facts_free(facts);
}

static const struct ct_go_freed_use of_object[] =
	{
		{0xc000010008, 0xc001000030, 0xc000010000, "main.entry", "main.entry.next",
			"variable main.cache"},
		{0xc000010018, 0xc001000040, 0xc000010010, "main.entry", "main.entry.next",
			"variable main.cache"},
},
				    of_root[] = {
					    {0x5a0010, 0xc001000030, 0, NULL, NULL,
						    "variable main.direct"},
};
static const char of_object_text[] =
	"main.entry.next at 0xc000010000, kept by variable main.cache, points to "
	"0xc001000030";
static const struct freed_case {
	const struct ct_go_freed_use *uses;
	uint32_t n;
	bool more, died, moving;
	const char *title, *step;
} freed_cases[] = {
	{of_object, 0, false, false, false, NULL, NULL},
	{of_object, 1, false, false, false,
		"an object that lives (main.entry) points to memory in which no object is",
		of_object_text},
	{of_object, 2, false, false, false,
		"2 pointers that are used lead to memory in which no object is", of_object_text},
	{of_object, 2, true, false, false,
		"at least 2 pointers that are used lead to memory in which no object is",
		of_object_text},
	{of_object, 1, false, true, false,
		"an object that lives (main.entry) points to memory in which no object is",
		of_object_text},
	{of_root, 1, false, false, false,
		"variable main.direct points to memory in which no object is",
		"variable main.direct at 0x5a0010, points to 0xc001000030"},
	{of_object, 1, false, false, true, NULL, NULL},
};

static void check_freed(const struct freed_case *c)
{
	struct story s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES);
	struct ct_document *doc = NULL;
	struct ct_error err;
	uint32_t n = 0;

	ct_sink_go(s.sink, &(struct ct_fact_go){.version = "go1.24.4"});
	ct_sink_go_freed(s.sink, &(struct ct_fact_go_freed){c->uses, c->n, c->more});
	if (c->died)
		ct_sink_crash(s.sink,
			&(struct ct_crash){.actor = story_goroutine(&s, 18, CT_STATE_RUNNING),
				.class = CT_CRASH_GO,
				.kind = "bad-pointer",
				.cause = "was ended",
				.message = "told by hand",
				.frame = CT_NONE});
	struct ct_facts *facts = story_end(&s);
	facts->target.still = !c->moving;
	assert_int_equal(ct_detect(facts, NULL, &doc, &err), CT_OK);
	for (uint32_t k = 0; k < doc->n_findings; k++) {
		const struct ct_finding *f = &doc->findings[k];

		if (strcmp(f->rule, "CT202") != 0 || f->confidence == CT_PROVEN)
			continue;
		n++;
		assert_string_equal(f->title, c->title);
		assert_int_equal(f->confidence, CT_LIKELY);
		assert_int_equal(f->n_steps, c->n);
		assert_string_equal(f->steps[0].text, c->step);
	}
	assert_int_equal(n, c->title != NULL);
	assert_int_equal(doc->summary.verdict == CT_VERDICT_CRASH, c->died);
	ct_document_free(doc);
	ct_facts_free(facts);
}

/* As many as are told are one finding; what the runtime died of is another. */
static void pointers_to_where_no_object_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < CT_COUNT(freed_cases); i++)
		check_freed(&freed_cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_be_the_other_side),
		cmocka_unit_test(the_dying_one_is_no_other_side),
		cmocka_unit_test(who_is_in_a_map_that_is_written),
		cmocka_unit_test(a_race_and_a_crash),
		cmocka_unit_test(a_race_and_a_signal),
		cmocka_unit_test(what_the_runtime_did_not_notice),
		cmocka_unit_test(pointers_to_where_no_object_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
