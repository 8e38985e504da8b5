/* SPDX-License-Identifier: Apache-2.0 */
/* A core without any stack says so; one that lacks some does not. */
#include "facts/facts.h"
#include "fake_target.h"

enum { THREADS = 2, SP = 7, PC = 16 };

static struct ct_regs regs[THREADS];

static enum ct_status next_thread(void *self, size_t *cur, struct ct_thread *ret)
{
	(void)self;
	if (*cur >= THREADS)
		return CT_DONE;
	*ret = (struct ct_thread){.lwp = 100 + *cur, .regs = &regs[*cur], .stopped = true};
	++*cur;
	return CT_OK;
}

/* The first thing that is missing of a process with these stack pointers; NULL: nothing is. */
static const char *partial(uint64_t first, uint64_t second)
{
	static const struct ct_source_ops ops = {.name = "fake",
		.process = fake_process,
		.next_map = fake_next_map,
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

	ct_reg_set(&regs[0], SP, first);
	ct_reg_set(&regs[1], SP, second);
	ct_reg_set(&regs[0], PC, NOWHERE);
	ct_reg_set(&regs[1], PC, NOWHERE);
	assert_int_equal(
		ct_target_open((struct ct_source){&ops, NULL}, &options, &target, &err), CT_OK);
	assert_int_equal(ct_observe(target, &plan, &facts, &err), CT_OK);
	ct_target_close(target);
	bool has = facts->target.n_partial;
	snprintf(text, sizeof(text), "%s", has ? facts->target.partial[0] : "");
	ct_facts_free(facts);
	return has ? text : NULL;
}

static void some_stacks_are_missing(void **state)
{
	(void)state;
	assert_null(partial(DATA + 64, DATA + 128));
	assert_null(partial(NOWHERE, DATA + 128));
}

static void all_stacks_are_missing(void **state)
{
	(void)state;
	const char *text = partial(NOWHERE, NOWHERE + 4096);

	assert_non_null(text);
	assert_non_null(strstr(text, "no thread's stack is in the core"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(some_stacks_are_missing, start, close_target),
		cmocka_unit_test_setup_teardown(all_stacks_are_missing, start, close_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
