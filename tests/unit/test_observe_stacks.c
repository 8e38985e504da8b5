/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A core without any stack says so; one that lacks some tells whose, where the process had memory
 * that was not saved. Where it had none, or only a guard page, nothing is missing of the core.
 */
#include "facts/facts.h"
#include "fake_target.h"

#define LEFT_OUT UINT64_C(0x7f0000010000) /* memory of the process that was not saved */
#define GUARD    UINT64_C(0x7f0000020000)

enum { THREADS = 3, SP = 7, PC = 16 };

static struct ct_regs regs[THREADS];

/* What stages have noted. */
static const struct {
	enum ct_note_code code;
	const char *about, *text;
} noted[] = {
	{CT_NOTE_UNKNOWN_RUNTIME, "Go heap", "its layout is not known"},
	{CT_NOTE_LIMIT, "Go pools", "there are more"},
	{CT_NOTE_DAMAGED, "Go heap", "two spans could not be read"},
};
static size_t n_noted;

static enum ct_status next_thread(void *self, size_t *cur, struct ct_thread *ret)
{
	(void)self;
	if (*cur >= THREADS)
		return CT_DONE;
	*ret = (struct ct_thread){.lwp = 100 + *cur, .regs = &regs[*cur], .stopped = true};
	++*cur;
	return CT_OK;
}

static enum ct_status next_map(void *self, size_t *cur, struct ct_map *ret)
{
	static const struct ct_map maps[] = {
		{.start = DATA, .end = DATA_END, .present = DATA_END - DATA, .prot = 3},
		{.start = LEFT_OUT, .end = GUARD, .prot = 3},
		{.start = GUARD, .end = GUARD + 4096, .prot = 0},
	};

	(void)self;
	if (*cur == CT_COUNT(maps))
		return CT_DONE;
	*ret = maps[(*cur)++];
	return CT_OK;
}

/* What is missing of a process whose threads have these stack pointers; NULL: nothing is. */
static const char *partial(uint64_t first, uint64_t second, uint64_t third)
{
	static const struct ct_source_ops ops = {.name = "fake",
		.process = fake_process,
		.next_map = next_map,
		.next_thread = next_thread,
		.read = fake_read,
		.auxv = fake_auxv,
		.close = fake_close};
	const struct ct_options options = {.no_debuginfod = true};
	const struct ct_plan plan = {.wants = CT_WANT_STACKS};
	static char text[256];
	struct ct_target *target;
	struct ct_facts *facts;
	struct ct_error err;

	const uint64_t stacks[THREADS] = {first, second, third};
	for (size_t i = 0; i < THREADS; i++) {
		ct_reg_set(&regs[i], SP, stacks[i]);
		ct_reg_set(&regs[i], PC, NOWHERE);
	}
	assert_int_equal(
		ct_target_open((struct ct_source){&ops, NULL}, &options, &target, &err), CT_OK);
	for (size_t i = 0; i < n_noted; i++)
		ct_target_note(target, noted[i].code, noted[i].about, "%s", noted[i].text);
	assert_int_equal(ct_observe(target, &plan, &facts, &err), CT_OK);
	ct_target_close(target);
	bool has = facts->target.n_partial;
	assert_in_range(facts->target.n_partial, 0, 1); /* nothing is told twice */
	snprintf(text, sizeof(text), "%s", has ? facts->target.partial[0] : "");
	ct_facts_free(facts);
	return has ? text : NULL;
}

static void no_memory_is_missing(void **state)
{
	(void)state;
	assert_null(partial(DATA + 64, DATA + 128, DATA + 256));
	assert_null(partial(NOWHERE, DATA + 128, DATA + 256));
	assert_null(partial(GUARD + 64, DATA + 128, DATA + 256));
}

static void some_stacks_are_missing(void **state)
{
	(void)state;
	const char *text = partial(DATA + 64, LEFT_OUT + 64, DATA + 128);

	assert_non_null(text);
	assert_string_equal(text, "the stack of thread 101 is missing or cut");
	text = partial(DATA + 64, LEFT_OUT + 64, LEFT_OUT + 4096);
	assert_non_null(text);
	assert_string_equal(
		text, "the stacks of 2 threads, of thread 101 first, are missing or cut");
}

static void all_stacks_are_missing(void **state)
{
	(void)state;
	const char *text = partial(NOWHERE, NOWHERE + 4096, LEFT_OUT + 64);

	assert_non_null(text);
	assert_non_null(strstr(text, "no thread's stack is in the core"));
}

/* Of what stages note, damage alone is a part that is missing. */
static void damage_is_missing(void **state)
{
	(void)state;
	n_noted = CT_COUNT(noted) - 1;
	const char *text = partial(DATA + 64, DATA + 128, DATA + 256);
	assert_null(text);
	n_noted = CT_COUNT(noted);
	text = partial(DATA + 64, DATA + 128, DATA + 256);
	n_noted = 0;
	assert_non_null(text);
	assert_string_equal(text, "Go heap: two spans could not be read");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_memory_is_missing, start, close_target),
		cmocka_unit_test_setup_teardown(some_stacks_are_missing, start, close_target),
		cmocka_unit_test_setup_teardown(all_stacks_are_missing, start, close_target),
		cmocka_unit_test_setup_teardown(damage_is_missing, start, close_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
