/* SPDX-License-Identifier: Apache-2.0 */
/* The walk up a stack by CFI: each kind of frame, the base, and every way not to get there. */
#include "unwind_stage.h"

static void by_offsets_from_sp(void **state)
{
	run_at(state, "leaf", 10);
	stack[10] = at(state, "plain_ret");
	stack[14] = at(state, "base_ret");
	struct ct_unwound u = unwind(state, 0);

	assert_int_equal(u.n, 3);
	assert_true(u.root);
	check_frame(state, &u, 0, "leaf", CT_FRAME_CFI);
	check_frame(state, &u, 1, "plain_ret", CT_FRAME_CFI);
	check_frame(state, &u, 2, "base_ret", CT_FRAME_CFI);
	assert_int_equal(u.frames[0].cfa, address_of(11));
	assert_int_equal(u.frames[1].cfa, address_of(15));
	assert_false(u.frames[0].is_call);
	assert_true(u.frames[1].is_call && u.frames[2].is_call);
	assert_int_equal(u.n_total, 3);
	assert_int_equal(u.skipped_at, 0);
}

static void by_offsets_from_the_frame_pointer(void **state)
{
	run_at(state, "leaf", 10);
	ct_reg_set(&regs, FP, address_of(15));
	stack[10] = at(state, "framed_ret");
	stack[15] = address_of(30);
	stack[16] = at(state, "framed_ret");
	stack[30] = 0;
	stack[31] = at(state, "base_ret");
	struct ct_unwound u = unwind(state, 0);

	assert_true(u.root);
	assert_int_equal(u.n, 4);
	check_frame(state, &u, 2, "framed_ret", CT_FRAME_CFI);
	assert_int_equal(u.frames[1].cfa, address_of(17));
	assert_int_equal(u.frames[2].cfa, address_of(32));
}

static void by_an_expression(void **state)
{
	run_at(state, "by_expression", 10);
	stack[11] = address_of(20);
	stack[21] = at(state, "base_ret");
	struct ct_unwound u = unwind(state, 0);

	assert_true(u.root);
	assert_int_equal(u.n, 2);
	assert_int_equal(u.frames[0].cfa, address_of(22));
	check_frame(state, &u, 1, "base_ret", CT_FRAME_CFI);
}

static void inside_a_plt_entry(void **state)
{
	run_at(state, "plt", 10);
	stack[10] = at(state, "base_ret");
	assert_int_equal(unwind(state, 0).n, 2);
	ct_reg_set(&regs, PC, at(state, "plt") + 11);
	stack[11] = stack[10];
	stack[10] = 0;
	struct ct_unwound u = unwind(state, 0);
	assert_int_equal(u.n, 2);
	assert_true(u.root);
}

/* A return address behind the last instruction of a function belongs to that function. */
static void the_call_is_looked_up_not_the_return(void **state)
{
	run_at(state, "leaf", 10);
	stack[10] = at(state, "base_ret") + 1;
	struct ct_unwound u = unwind(state, 0);

	assert_int_equal(u.n, 2);
	assert_int_equal(u.frames[1].cfa, address_of(12));
	assert_true(u.root);
}

static void the_interrupted_frame_is_looked_up_as_it_is(void **state)
{
	run_at(state, "leaf", 10);
	stack[10] = at(state, "restorer");
	stack[13] = address_of(40);
	stack[14] = at(state, "plain");
	stack[15] = 77;
	/* plain has not yet made room for its locals. */
	stack[40] = at(state, "base_ret");
	struct ct_unwound u = unwind(state, 0);

	assert_int_equal(u.n, 4);
	assert_true(u.root);
	check_frame(state, &u, 1, "restorer", CT_FRAME_CFI);
	assert_true(u.frames[1].is_signal);
	assert_false(u.frames[1].is_call);
	check_frame(state, &u, 2, "plain", CT_FRAME_CFI);
	assert_false(u.frames[2].is_signal);
	assert_false(u.frames[2].is_call);
	assert_true(u.frames[3].is_call);
}

/* A handler on a stack of its own, which lies above the one that was interrupted. */
static void a_signal_may_lead_down_the_stack(void **state)
{
	run_at(state, "leaf", 100);
	stack[100] = at(state, "restorer");
	stack[103] = address_of(40);
	stack[104] = at(state, "leaf");
	stack[40] = at(state, "base_ret");
	struct ct_unwound u = unwind(state, 0);

	assert_int_equal(u.n, 4);
	assert_true(u.root);
}

static void signals_do_not_lead_in_circles(void **state)
{
	run_at(state, "restorer", 10);
	stack[12] = address_of(9);
	stack[13] = at(state, "leaf");
	stack[9] = at(state, "restorer");
	struct ct_unwound u = unwind(state, 0);

	assert_false(u.root);
	assert_true(u.n_total < 200);
	assert_non_null(strstr(u.why, "signal frames"));
}

static void registers_are_restored(void **state)
{
	const unsigned scratch = 0;
	struct ct_regs frame_regs[5];
	struct ct_unwound u;

	run_at(state, "leaf", 10);
	ct_reg_set(&regs, BX, 1);
	ct_reg_set(&regs, R12, 12);
	ct_reg_set(&regs, scratch, 99);
	stack[10] = at(state, "saves_ret");
	stack[11] = 1234;
	stack[12] = at(state, "base_ret");
	(void)unwind(state, 0);
	assert_int_equal(ct_unwind_regs(((struct stage *)*state)->unwinder, &regs, frame_regs,
				 CT_COUNT(frame_regs), &u),
		CT_OK);
	assert_int_equal(u.n, 3);
	assert_int_equal(frame_regs[0].known, regs.known);
	assert_int_equal(frame_regs[1].value[BX], 1);
	assert_int_equal(frame_regs[1].value[SP], address_of(11));
	assert_int_equal(frame_regs[1].value[PC], at(state, "saves_ret"));
	assert_false(frame_regs[1].known >> scratch & 1);
	assert_int_equal(frame_regs[2].value[BX], 1234);
	assert_int_equal(frame_regs[2].value[R12], 12);
	assert_true(frame_regs[2].known >> R12 & 1);
	assert_int_equal(frame_regs[3].known, 0);
	assert_int_equal(frame_regs[4].known, 0);
}

/* A saved register that cannot be read is not known, and is no reason to stop. */
static void what_cannot_be_read_is_not_known(void **state)
{
	struct ct_regs frame_regs[3];
	struct ct_unwound u;

	run_at(state, "leaf", 10);
	ct_reg_set(&regs, BX, 5);
	regs.known &= ~(UINT64_C(1) << BX);
	stack[10] = at(state, "plain_ret");
	stack[14] = at(state, "base_ret");
	(void)unwind(state, 0);
	assert_int_equal(ct_unwind_regs(((struct stage *)*state)->unwinder, &regs, frame_regs,
				 CT_COUNT(frame_regs), &u),
		CT_OK);
	assert_true(u.root);
	assert_false(frame_regs[2].known >> BX & 1);
}

static void no_return_address_is_the_base(void **state)
{
	run_at(state, "leaf", 10);
	stack[10] = at(state, "plain_ret");
	struct ct_unwound u = unwind(state, 0);

	assert_int_equal(u.n, 2);
	assert_true(u.root);
}

static void a_stack_of_zeros_is_not_the_base(void **state)
{
	run_at(state, "leaf", 10);
	struct ct_unwound u = unwind(state, 0);

	assert_int_equal(u.n, 1);
	assert_false(u.root);
	assert_non_null(strstr(u.why, "zero"));
}

static void a_deep_stack_keeps_its_base(void **state)
{
	const size_t depth = 1500;

	run_at(state, "leaf", 0);
	for (size_t i = 0; i < depth; i++)
		stack[4 * i] = at(state, "plain_ret");
	stack[4 * depth] = at(state, "saves_ret");
	stack[4 * depth + 2] = at(state, "base_ret");
	struct ct_unwound u = unwind(state, 100);

	assert_true(u.root);
	assert_int_equal(u.n, 100);
	assert_int_equal(u.n_total, depth + 3);
	assert_int_equal(u.skipped_at, 84);
	check_frame(state, &u, 0, "leaf", CT_FRAME_CFI);
	check_frame(state, &u, 83, "plain_ret", CT_FRAME_CFI);
	assert_int_equal(u.frames[83].cfa, address_of(4 * 83 + 1));
	/* The frames behind the gap are the last sixteen, in order. */
	for (size_t i = 84; i < 98; i++)
		assert_int_equal(u.frames[i].cfa, address_of(4 * (depth - 97 + i) + 1));
	check_frame(state, &u, 98, "saves_ret", CT_FRAME_CFI);
	check_frame(state, &u, 99, "base_ret", CT_FRAME_CFI);
}

static void a_stack_of_just_the_limit_is_whole(void **state)
{
	run_at(state, "leaf", 0);
	for (size_t i = 0; i < 38; i++)
		stack[4 * i] = at(state, "plain_ret");
	stack[4 * 38] = at(state, "base_ret");
	struct ct_unwound u = unwind(state, 40);
	assert_int_equal(u.n, 40);
	assert_int_equal(u.n_total, 40);
	assert_int_equal(u.skipped_at, 0);
	for (size_t i = 0; i < 40; i++)
		assert_int_equal(u.frames[i].cfa,
			i < 39 ? address_of(4 * i + 1) : address_of(4 * 38 + 1) + 8);
	u = unwind(state, 39);
	assert_int_equal(u.n, 39);
	assert_int_equal(u.n_total, 40);
	assert_int_equal(u.skipped_at, 23);
	u = unwind(state, 9);
	assert_int_equal(u.n, 9);
	assert_int_equal(u.skipped_at, 5);
	assert_int_equal(u.frames[4].cfa, address_of(4 * 4 + 1));
	for (size_t i = 5; i < 8; i++)
		assert_int_equal(u.frames[i].cfa, address_of(4 * (i + 31) + 1));
	check_frame(state, &u, 8, "base_ret", CT_FRAME_CFI);
}

static void frames_that_go_down_end_the_walk(void **state)
{
	run_at(state, "framed_in", 10);
	ct_reg_set(&regs, FP, address_of(20));
	stack[20] = address_of(15);
	stack[21] = at(state, "framed_ret");
	stack[15] = address_of(20);
	stack[16] = at(state, "framed_ret");
	struct ct_unwound u = unwind(state, 0);

	assert_false(u.root);
	assert_int_equal(u.n, 2);
	assert_non_null(strstr(u.why, "does not go up"));
}

static void a_stack_that_cannot_be_read_says_so(void **state)
{
	run_at(state, "leaf", 10);
	ct_reg_set(&regs, SP, 4096);
	struct ct_unwound u = unwind(state, 0);

	assert_false(u.root);
	assert_int_equal(u.n, 1);
	assert_non_null(strstr(u.why, "no stack"));
	assert_non_null(strstr(u.why, "0x1008"));
}

static void a_stack_is_aligned(void **state)
{
	run_at(state, "leaf", 10);
	ct_reg_set(&regs, SP, address_of(10) + 4);
	struct ct_unwound u = unwind(state, 0);

	assert_false(u.root);
	assert_int_equal(u.n, 1);
	assert_non_null(strstr(u.why, "no stack"));
}

/* Neither the return address nor the CFA of such frames needs any memory. */
static void frames_without_memory_have_an_end(void **state)
{
	run_at(state, "endless", STACK_WORDS - 100);
	struct ct_unwound u = unwind(state, 0);

	assert_false(u.root);
	assert_true(u.n_total >= 100);
	/* What stands behind the array is other data of this program, and not much. */
	assert_true(u.n_total < 100000);
	assert_non_null(strstr(u.why, "no stack"));
}

static void a_return_into_data_says_so(void **state)
{
	run_at(state, "leaf", 10);
	stack[10] = address_of(5);
	struct ct_unwound u = unwind(state, 0);

	assert_false(u.root);
	assert_int_equal(u.n, 1);
	assert_non_null(strstr(u.why, "not in code"));
}

static void a_frame_without_its_register_says_so(void **state)
{
	run_at(state, "framed_in", 10);
	struct ct_unwound u = unwind(state, 0);

	assert_false(u.root);
	assert_int_equal(u.n, 1);
	assert_non_null(strstr(u.why, "a register or memory is missing"));
}

static void unknown_registers_say_so(void **state)
{
	run_at(state, "leaf", 10);
	regs.known &= ~(UINT64_C(1) << SP);
	struct ct_unwound u = unwind(state, 0);

	assert_false(u.root);
	assert_int_equal(u.n, 0);
	assert_non_null(strstr(u.why, "registers"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_clear, stage_free_unwinder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(by_offsets_from_sp),
		TEST(by_offsets_from_the_frame_pointer),
		TEST(by_an_expression),
		TEST(inside_a_plt_entry),
		TEST(the_call_is_looked_up_not_the_return),
		TEST(the_interrupted_frame_is_looked_up_as_it_is),
		TEST(a_signal_may_lead_down_the_stack),
		TEST(signals_do_not_lead_in_circles),
		TEST(registers_are_restored),
		TEST(what_cannot_be_read_is_not_known),
		TEST(no_return_address_is_the_base),
		TEST(a_stack_of_zeros_is_not_the_base),
		TEST(a_deep_stack_keeps_its_base),
		TEST(a_stack_of_just_the_limit_is_whole),
		TEST(frames_that_go_down_end_the_walk),
		TEST(a_stack_that_cannot_be_read_says_so),
		TEST(a_stack_is_aligned),
		TEST(frames_without_memory_have_an_end),
		TEST(a_return_into_data_says_so),
		TEST(a_frame_without_its_register_says_so),
		TEST(unknown_registers_say_so),
	};

#ifdef __x86_64__
	return cmocka_run_group_tests(tests, stage_open, stage_close);
#else
	(void)tests;
	return 77;
#endif
}
