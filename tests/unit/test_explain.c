/* SPDX-License-Identifier: Apache-2.0 */
/* What explain says of memory of Go's heap, on facts told by hand. */
#include "fake_target.h"
#include "story.h"

#include "facts/go_heap.h"
#include "observe/explain.h"

#define G UINT64_C(18)

/* The text under the key, or "". */
static void assert_says(void **state, struct story *s, const char *key, const char *expected)
{
	struct ct_facts *facts = story_end(s);
	const struct ct_explanation *rows;
	struct ct_arena arena;
	const char *text = "";
	uint32_t n;

	ct_arena_init(&arena);
	assert_int_equal(ct_explain(*state, facts, DATA + 64, &arena, &rows, &n), CT_OK);
	for (uint32_t i = 0; i < n; i++)
		if (!strcmp(rows[i].key, key))
			text = rows[i].text;
	assert_string_equal(text, expected);
	ct_arena_free(&arena);
	ct_facts_free(facts);
}

static void assert_state(void **state, struct ct_fact_go_object object, const char *expected)
{
	struct story s = story_begin(CT_WANT_GOROUTINES);

	object.address = object.start = DATA + 64;
	object.size = 80;
	object.type = "main.order";
	object.allocation = CT_NONE;
	ct_sink_go_object(s.sink, &object);
	assert_says(state, &s, "state", expected);
}

/* What nothing leads to is garbage only where all was read. */
static void objects_are_garbage_where_all_was_read(void **state)
{
	const struct ct_go_link link = {DATA + 64, "variable main.shop"};

	assert_state(state, (struct ct_fact_go_object){0}, "a free slot: nothing lives there");
	assert_state(state, (struct ct_fact_go_object){.allocated = true},
		"garbage: no variable, stack or finalizer leads to it; it was not collected yet");
	assert_state(state, (struct ct_fact_go_object){.allocated = true, .partial = true},
		"not known: nothing that was read leads to it, and part of the memory that could "
		"was not read");
	for (int partial = 0; partial < 2; partial++)
		assert_state(state,
			(struct ct_fact_go_object){.allocated = true,
				.reachable = true,
				.partial = partial,
				.links = &link,
				.n_links = 1},
			"alive");
}

/* The second frame's line is the program's own; has: what it has, or NULL. */
static void assert_written(
	void **state, bool sampled, const char *has, const char *key, const char *expected)
{
	static const struct ct_line lines[] = {{.function = "runtime.mallocgc"},
		{.function = "main.load", .file = "/src/main.go", .line = 17}};
	struct story s = story_begin(CT_WANT_GOROUTINES);
	struct ct_fact_go_object object = {.address = DATA + 64,
		.start = DATA + 64,
		.type = "main.order",
		.allocated = true,
		.allocation = CT_NONE,
		.has = &has,
		.n_has = has != NULL};
	struct ct_frame frames[2] = {{.trust = CT_SITE_PCLNTAB}, {.trust = CT_SITE_PCLNTAB}};
	bool fresh;

	for (uint32_t i = 0; i < 2; i++) {
		frames[i].site = ct_sink_site(s.sink, 0x400000 + i, true, &fresh);
		ct_sink_get_site(s.sink, frames[i].site)->lines = &lines[i];
		ct_sink_get_site(s.sink, frames[i].site)->n_lines = 1;
	}
	if (sampled)
		object.allocation = ct_sink_stack(
			s.sink, &(struct ct_stack){.frames = frames, .n_frames = 2, .n_total = 2});
	ct_sink_go_object(s.sink, &object);
	assert_says(state, &s, key, expected);
}

static void where_it_was_allocated_and_what_it_has(void **state)
{
	assert_written(state, true, NULL, "allocated by",
		"main.load() main.go:17, as the heap profile recorded");
	assert_written(state, false, NULL, "allocated by", "");
	assert_written(state, true, "a finalizer: main.f()", "has", "a finalizer: main.f()");
	assert_written(state, true, NULL, "has", "");
}

static void assert_place(
	void **state, const char *key, bool stack, uint64_t sp, const char *expected)
{
	struct story s = story_begin(CT_WANT_GOROUTINES);
	uint32_t actor = story_goroutine(&s, G, CT_STATE_WAITING);
	const struct ct_fact_go_place place = {
		.address = DATA + 64, .stack_of = stack ? actor : CT_NONE, .sp = sp};

	ct_sink_go_place(s.sink, &place);
	assert_says(state, &s, key, expected);
}

static void stacks_are_those_of_goroutines(void **state)
{
	assert_place(
		state, "stack", true, DATA, "of goroutine 18, 64 bytes above its stack pointer");
	assert_place(state, "stack", true, DATA + 80,
		"of goroutine 18, 16 bytes below its stack pointer");
	assert_place(state, "stack", true, 0, "of goroutine 18");
	assert_place(state, "stack", false, 0, "");
	assert_place(state, "is", false, 0, "memory of Go's heap, in no object");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			objects_are_garbage_where_all_was_read, start, close_target),
		cmocka_unit_test_setup_teardown(
			where_it_was_allocated_and_what_it_has, start, close_target),
		cmocka_unit_test_setup_teardown(
			stacks_are_those_of_goroutines, start, close_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
