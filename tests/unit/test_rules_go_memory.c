/* SPDX-License-Identifier: Apache-2.0 */
/* What CT201 and CT202 say of maps and pointers, on facts told by hand, and when they stay silent.
 */
#include "story.h"

#include "facts/crash.h"
#include "facts/go.h"
#include "facts/go_heap.h"
#include "rules/rules.h"

#define MAX_FRAMES 4

/* A goroutine, or a thread, and the functions of its stack, the innermost first. */
struct other {
	const char *functions[MAX_FRAMES];
	enum ct_actor_state state;
	bool thread;
	const char *says; /* of what it does to a map; NULL: nothing */
};

static void stand(struct story *s, const struct other *other)
{
	struct ct_frame frames[MAX_FRAMES] = {{0}};
	uint32_t n = 0, actor = story_goroutine(s, 30, other->state);
	bool fresh;

	while (n < MAX_FRAMES && other->functions[n]) {
		frames[n].site = ct_sink_site(s->sink, 0x401000 + 16 * n, n > 0, &fresh);
		ct_sink_get_site(s->sink, frames[n].site)->function = other->functions[n];
		n++;
	}
	ct_sink_get_actor(s->sink, actor)->kind =
		other->thread ? CT_ACTOR_THREAD : CT_ACTOR_GOROUTINE;
	if (n)
		ct_sink_get_actor(s->sink, actor)->stack = ct_sink_stack(
			s->sink, &(struct ct_stack){.frames = frames, .n_frames = n, .n_total = n});
}

static const struct ct_finding *find(const struct ct_document *doc, const char *rule)
{
	for (uint32_t i = 0; i < doc->n_findings; i++)
		if (!strcmp(doc->findings[i].rule, rule))
			return &doc->findings[i];
	return NULL;
}

/* The process died of this, at goroutine 18, while the other one stood where it does. */
static struct ct_document *judge(
	const char *kind, uint8_t class, const struct other *other, struct ct_facts **facts)
{
	struct story s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES);
	struct ct_document *doc = NULL;
	struct ct_error err;

	ct_sink_go(s.sink, &(struct ct_fact_go){.version = "go1.24.4"});
	ct_sink_crash(s.sink, &(struct ct_crash){.actor = story_goroutine(&s, 18, CT_STATE_RUNNING),
				      .class = class,
				      .kind = kind,
				      .cause = "was ended",
				      .message = "told by hand",
				      .frame = CT_NONE});
	if (other)
		stand(&s, other);
	*facts = story_end(&s);
	assert_int_equal(ct_detect(*facts, NULL, &doc, &err), CT_OK);
	return doc;
}

static void who_may_be_the_other_side(void **state)
{
	static const struct other cases[] = {
		{{"runtime.mapassign_faststr", "main.count"}, CT_STATE_RUNNING, false,
			"is writing to a map, perhaps this one"},
		{{"runtime.mapdelete", "main.forget"}, CT_STATE_RUNNABLE, false, "is writing"},
		{{"internal/runtime/maps.(*Map).PutSlot", "runtime.mapassign", "main.count"},
			CT_STATE_RUNNING, false, "is writing"},
		{{"runtime.memhash", "runtime.mapaccess1", "main.look"}, CT_STATE_RUNNING, false,
			"is reading a map, perhaps this one"},
		{{"internal/runtime/maps.(*Iter).Next", "main.list"}, CT_STATE_RUNNING, false,
			"is reading"},
		/* It has left the map; it waits; it is no goroutine; nothing is known of it. */
		{{"runtime.mallocgc", "main.look", "runtime.mapaccess1"}, CT_STATE_RUNNING, false,
			NULL},
		{{"runtime.mapassign", "main.count"}, CT_STATE_WAITING, false, NULL},
		{{"runtime.mapassign", "main.count"}, CT_STATE_RUNNING, true, NULL},
		{{NULL}, CT_STATE_RUNNING, false, NULL},
		/* Its name is only alike. */
		{{"main.runtime.mapassign", "main.count"}, CT_STATE_RUNNING, false, NULL},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		struct ct_facts *facts;
		struct ct_document *doc = judge("concurrent-map", CT_CRASH_GO, &cases[i], &facts);
		const struct ct_finding *f = find(doc, "CT201");
		bool said = false;

		assert_non_null(f);
		assert_int_equal(f->level, CT_P0);
		for (uint32_t k = 0; k < f->n_steps; k++) {
			const char *text = f->steps[k].text;

			said |= strstr(text, "map") != NULL && strstr(text, "goroutine 30");
			if (strstr(text, "goroutine 30"))
				assert_non_null(strstr(text, cases[i].says ? cases[i].says : "?"));
		}
		assert_int_equal(said, cases[i].says != NULL);
		ct_document_free(doc);
		ct_facts_free(facts);
	}
}

/* Other ends, of other runtimes, and no crash: one that writes to a map alone is no mistake. */
static void what_the_runtime_did_not_notice(void **state)
{
	static const struct other writer = {
		{"runtime.mapassign_faststr", "main.count"}, CT_STATE_RUNNING, false, NULL};
	static const struct {
		const char *kind;
		uint8_t class;
	} cases[] = {{"concurrent-map", CT_CRASH_FAULT}, {"bad-pointer", CT_CRASH_FAULT},
		{NULL, CT_CRASH_GO}, {"nil-map-write", CT_CRASH_GO}};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		struct ct_facts *facts;
		struct ct_document *doc = judge(cases[i].kind, cases[i].class, &writer, &facts);

		assert_null(find(doc, "CT201"));
		assert_null(find(doc, "CT202"));
		ct_document_free(doc);
		ct_facts_free(facts);
	}
	struct story s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES);
	struct ct_document *doc = NULL;
	struct ct_error err;

	ct_sink_go(s.sink, &(struct ct_fact_go){.version = "go1.24.4"});
	stand(&s, &writer);
	struct ct_facts *facts = story_end(&s);
	assert_int_equal(ct_detect(facts, NULL, &doc, &err), CT_OK);
	assert_int_equal(doc->n_findings, 0);
	ct_document_free(doc);
	ct_facts_free(facts);
}

/* As many as are told are one finding; what the runtime died of is another. */
static void pointers_into_freed_memory(void **state)
{
	static const struct ct_go_freed_use uses[] = {
		{0xc000010000, 8, 0xc001000030, "main.entry", "variable main.cache"},
		{0xc000010010, 8, 0xc001000040, "main.entry", "variable main.cache"},
	};
	static const struct {
		uint32_t n;
		bool more, died;
		const char *title;
	} cases[] = {
		{0, false, false, NULL},
		{1, false, false,
			"an object that lives (main.entry) points to memory that was freed"},
		{2, false, false, "2 pointers of objects that live lead to memory that was freed"},
		{2, true, false,
			"at least 2 pointers of objects that live lead to memory that was freed"},
		{1, false, true,
			"an object that lives (main.entry) points to memory that was freed"},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		struct story s = story_begin(CT_WANT_STACKS | CT_WANT_GOROUTINES);
		struct ct_document *doc = NULL;
		struct ct_error err;
		uint32_t n = 0;

		ct_sink_go(s.sink, &(struct ct_fact_go){.version = "go1.24.4"});
		ct_sink_go_freed(
			s.sink, &(struct ct_fact_go_freed){uses, cases[i].n, cases[i].more});
		if (cases[i].died)
			ct_sink_crash(s.sink, &(struct ct_crash){.actor = story_goroutine(
									 &s, 18, CT_STATE_RUNNING),
						      .class = CT_CRASH_GO,
						      .kind = "bad-pointer",
						      .cause = "was ended",
						      .message = "told by hand",
						      .frame = CT_NONE});
		struct ct_facts *facts = story_end(&s);
		assert_int_equal(ct_detect(facts, NULL, &doc, &err), CT_OK);
		for (uint32_t k = 0; k < doc->n_findings; k++) {
			const struct ct_finding *f = &doc->findings[k];

			if (strcmp(f->rule, "CT202") != 0 || f->confidence == CT_PROVEN)
				continue;
			n++;
			assert_string_equal(f->title, cases[i].title);
			assert_int_equal(f->confidence, CT_LIKELY);
			assert_int_equal(f->n_steps, cases[i].n);
			assert_string_equal(f->steps[0].text,
				"main.entry + 8 at 0xc000010000, kept by variable main.cache, "
				"points to 0xc001000030");
		}
		assert_int_equal(n, cases[i].title != NULL);
		assert_int_equal(doc->summary.verdict == CT_VERDICT_CRASH, cases[i].died);
		ct_document_free(doc);
		ct_facts_free(facts);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_be_the_other_side),
		cmocka_unit_test(what_the_runtime_did_not_notice),
		cmocka_unit_test(pointers_into_freed_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
