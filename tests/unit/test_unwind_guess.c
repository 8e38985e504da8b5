/* SPDX-License-Identifier: Apache-2.0 */
/* Frames without CFI: what is taken for a way back, in what order, and that it is marked. */
#include "unwind_stage.h"

static void a_call_through_null(void **state)
{
	ct_reg_set(&regs, PC, 0);
	ct_reg_set(&regs, SP, address_of(10));
	ct_reg_set(&regs, BX, 7);
	stack[10] = at(state, "saves_ret");
	stack[11] = 55;
	stack[12] = at(state, "base_ret");
	struct ct_unwound u = unwind(state, 0);

	assert_true(u.root);
	assert_int_equal(u.n, 3);
	assert_int_equal(u.frames[0].pc, 0);
	check_frame(state, &u, 1, "saves_ret", CT_FRAME_SCAN);
	check_frame(state, &u, 2, "base_ret", CT_FRAME_CFI);
}

static void a_call_into_data(void **state)
{
	ct_reg_set(&regs, PC, address_of(100));
	ct_reg_set(&regs, SP, address_of(10));
	stack[10] = at(state, "plain_ret");
	stack[14] = at(state, "base_ret");
	struct ct_unwound u = unwind(state, 0);

	assert_true(u.root);
	check_frame(state, &u, 1, "plain_ret", CT_FRAME_SCAN);
}

static void a_call_from_a_handler_through_null(void **state)
{
	run_at(state, "leaf", 10);
	stack[10] = at(state, "restorer");
	stack[13] = address_of(40);
	stack[14] = 0;
	stack[40] = at(state, "base_ret");
	struct ct_unwound u = unwind(state, 0);

	/* A saved pc of 0 is where the call led, not the base of the stack. */
	assert_int_equal(u.n, 4);
	assert_true(u.root);
	assert_int_equal(u.frames[2].pc, 0);
	check_frame(state, &u, 3, "base_ret", CT_FRAME_SCAN);
}

static void a_stub_has_its_return_address_on_top(void **state)
{
	run_at(state, "stub_in", 10);
	ct_reg_set(&regs, R12, 12);
	stack[10] = at(state, "plain_ret");
	stack[14] = at(state, "base_ret");
	struct ct_unwound u = unwind(state, 0);

	assert_true(u.root);
	assert_int_equal(u.n, 3);
	check_frame(state, &u, 1, "plain_ret", CT_FRAME_CODE);
	check_frame(state, &u, 2, "base_ret", CT_FRAME_CFI);
}

/* A word on top that points into code, but not behind a call. */
static void a_code_address_is_no_return_address(void **state)
{
	run_at(state, "stub_in", 10);
	stack[10] = at(state, "plain");
	stack[12] = at(state, "plain_ret") - 1;
	stack[13] = at(state, "plain_ret");
	stack[17] = at(state, "base_ret");
	struct ct_unwound u = unwind(state, 0);

	assert_true(u.root);
	assert_int_equal(u.n, 3);
	check_frame(state, &u, 1, "plain_ret", CT_FRAME_SCAN);
	assert_int_equal(u.frames[1].cfa, address_of(18));
}

/* Nor is one that CFI leads well from. */
static void what_stands_before_must_be_a_call(void **state)
{
	run_at(state, "stub_in", 10);
	stack[10] = at(state, "plain_ret") - 1;
	stack[14] = at(state, "base_ret");
	struct ct_unwound u = unwind(state, 0);

	assert_true(u.root);
	assert_int_equal(u.n, 2);
	check_frame(state, &u, 1, "base_ret", CT_FRAME_SCAN);
}

/* What an earlier call left: behind it CFI leads to no other return address. */
static void an_old_return_address_is_passed_over(void **state)
{
	run_at(state, "bare", 10);
	stack[11] = at(state, "plain_ret");
	stack[15] = 1;
	stack[16] = at(state, "saves_ret");
	stack[18] = at(state, "base_ret");
	struct ct_unwound u = unwind(state, 0);

	assert_true(u.root);
	assert_int_equal(u.n, 3);
	check_frame(state, &u, 1, "saves_ret", CT_FRAME_SCAN);
}

/* The call before it went into another library than the one that runs: it is of an earlier call. */
static void a_call_to_elsewhere_is_passed_over(void **state)
{
	static const char *const elsewhere[] = {"by_pointer_ret", "by_plt_ret"};

	for (size_t i = 0; i < CT_COUNT(elsewhere); i++) {
		run_at(state, "bare", 10);
		stack[12] = at(state, elsewhere[i]);
		stack[13] = at(state, "plain_ret");
		stack[17] = at(state, "base_ret");
		struct ct_unwound u = unwind(state, 0);

		assert_true(u.root);
		assert_int_equal(u.n, 3);
		check_frame(state, &u, 1, "plain_ret", CT_FRAME_SCAN);
	}
}

static void a_chain_of_frame_pointers(void **state)
{
	run_at(state, "bare_framed_ret", 10);
	ct_reg_set(&regs, FP, address_of(12));
	stack[12] = address_of(20);
	stack[13] = at(state, "bare_framed_ret");
	stack[20] = address_of(30);
	stack[21] = at(state, "framed_ret");
	stack[30] = 0;
	stack[31] = at(state, "base_ret");
	struct ct_unwound u = unwind(state, 0);

	assert_true(u.root);
	assert_int_equal(u.n, 4);
	check_frame(state, &u, 1, "bare_framed_ret", CT_FRAME_FP);
	check_frame(state, &u, 2, "framed_ret", CT_FRAME_FP);
	check_frame(state, &u, 3, "base_ret", CT_FRAME_CFI);
	assert_int_equal(u.frames[0].cfa, address_of(14));
}

static void a_chain_of_frame_pointers_ends_with_zero(void **state)
{
	run_at(state, "bare_framed_ret", 10);
	ct_reg_set(&regs, FP, address_of(12));
	stack[12] = 0;
	stack[13] = at(state, "bare_framed_ret");
	struct ct_unwound u = unwind(state, 0);

	assert_int_equal(u.n, 2);
	check_frame(state, &u, 1, "bare_framed_ret", CT_FRAME_FP);
	assert_true(u.root);
}

/*
 * A caller farther up keeps a frame pointer and the code in between does not touch it: the frame
 * that it is of must not be skipped.
 */
static void the_owner_of_the_frame_pointer_is_found(void **state)
{
	run_at(state, "bare", 10);
	ct_reg_set(&regs, FP, address_of(40));
	stack[12] = at(state, "framed_ret"); /* of an earlier call */
	stack[34] = at(state, "framed_second_ret");
	stack[40] = 0;
	stack[41] = at(state, "base_ret");
	struct ct_unwound u = unwind(state, 0);

	assert_true(u.root);
	assert_int_equal(u.n, 3);
	check_frame(state, &u, 1, "framed_second_ret", CT_FRAME_SCAN);
	check_frame(state, &u, 2, "base_ret", CT_FRAME_FP);
	assert_int_equal(u.frames[1].cfa, address_of(42));
}

/* Remains of earlier calls below a frame that has a frame pointer lead on to its own return
 * address. */
static void remains_below_a_frame_are_not_taken(void **state)
{
	run_at(state, "bare_framed_ret", 10);
	ct_reg_set(&regs, FP, address_of(24));
	stack[17] = at(state, "plain_ret");
	stack[21] = at(state, "plain_ret");
	stack[24] = address_of(60);
	stack[25] = at(state, "plain_ret");
	stack[29] = at(state, "base_ret");
	struct ct_unwound u = unwind(state, 0);

	assert_true(u.root);
	check_frame(state, &u, 1, "plain_ret", CT_FRAME_FP);
	assert_int_equal(u.n, 3);
	assert_int_equal(u.frames[1].cfa, address_of(30));
}

static void code_without_cfi_all_the_way(void **state)
{
	run_at(state, "bare", 10);
	stack[12] = at(state, "bare_ret");
	stack[18] = at(state, "bare_ret");
	struct ct_unwound u = unwind(state, 0);

	assert_int_equal(u.n, 3);
	check_frame(state, &u, 1, "bare_ret", CT_FRAME_SCAN);
	check_frame(state, &u, 2, "bare_ret", CT_FRAME_CODE);
	assert_false(u.root);
	assert_non_null(strstr(u.why, "no unwind information"));
}

/* The frame pointer got lost in code without CFI: the caller's stands below its return address. */
static void a_lost_frame_pointer(void **state)
{
	run_at(state, "bare", 10);
	ct_reg_set(&regs, FP, 3);
	stack[12] = at(state, "framed_ret");
	stack[15] = at(state, "bare_ret"); /* of an earlier call: no frame pointer below it */
	stack[20] = address_of(30);
	stack[21] = at(state, "framed_ret");
	stack[30] = address_of(50);
	stack[31] = at(state, "framed_ret");
	stack[50] = 0;
	stack[51] = at(state, "base_ret");
	struct ct_unwound u = unwind(state, 0);

	assert_true(u.root);
	assert_int_equal(u.n, 5);
	check_frame(state, &u, 1, "framed_ret", CT_FRAME_SCAN);
	check_frame(state, &u, 2, "framed_ret", CT_FRAME_SCAN);
	check_frame(state, &u, 3, "framed_ret", CT_FRAME_FP);
	check_frame(state, &u, 4, "base_ret", CT_FRAME_CFI);
}

/* The same, called by a function that has none: what is saved is any number. */
static void a_lost_frame_pointer_of_the_last_that_has_one(void **state)
{
	run_at(state, "bare", 10);
	stack[12] = at(state, "framed_ret");
	stack[14] = at(state, "plain_ret"); /* of an earlier call, with a number below */
	stack[17] = at(state, "plain");
	stack[18] = at(state, "plain_ret");
	stack[19] = address_of(40);
	stack[20] = at(state, "saves_ret");
	stack[22] = at(state, "base_ret");
	struct ct_unwound u = unwind(state, 0);

	assert_true(u.root);
	check_frame(state, &u, 1, "framed_ret", CT_FRAME_SCAN);
	/* Only this one has a pointer up the stack below it. */
	check_frame(state, &u, 2, "saves_ret", CT_FRAME_SCAN);
	assert_int_equal(u.n, 4);
	run_at(state, "framed_ret", 18);
	stack[18] = 0;
	stack[19] = 7;
	u = unwind(state, 0);
	assert_true(u.root);
	assert_int_equal(u.n, 3);
	check_frame(state, &u, 1, "saves_ret", CT_FRAME_SCAN);
}

static void nothing_to_find(void **state)
{
	run_at(state, "bare", 10);
	stack[12] = 17;
	stack[14] = address_of(3);
	struct ct_unwound u = unwind(state, 0);

	assert_int_equal(u.n, 1);
	assert_false(u.root);
	assert_non_null(strstr(u.why, "no unwind information"));
	ct_reg_set(&regs, PC, 0);
	u = unwind(state, 0);
	assert_int_equal(u.n, 1);
	assert_non_null(strstr(u.why, "no code at 0x0"));
}

/* The scan has an end: what lies too far up is not looked at. */
static void the_scan_is_bounded(void **state)
{
	run_at(state, "bare", 10);
	stack[10 + 5000] = at(state, "base_ret");
	assert_int_equal(unwind(state, 0).n, 1);
	stack[10 + 900] = at(state, "base_ret");
	assert_int_equal(unwind(state, 0).n, 2);
}

static void call_instructions(void **state)
{
	static const struct {
		uint8_t code[8];
		uint8_t len;
		bool call;
	} tails[] = {
		{{0xe8, 1, 2, 3, 4}, 5, true},             /* call rel32 */
		{{0xff, 0xd0}, 2, true},                   /* call *%rax */
		{{0x41, 0xff, 0xd4}, 3, true},             /* call *%r12 */
		{{0xff, 0x13}, 2, true},                   /* call *(%rbx) */
		{{0xff, 0x53, 8}, 3, true},                /* call *8(%rbx) */
		{{0xff, 0x93, 0, 1, 0, 0}, 6, true},       /* call *256(%rbx) */
		{{0xff, 0x15, 0, 1, 0, 0}, 6, true},       /* call *256(%rip) */
		{{0xff, 0x14, 0xd8}, 3, true},             /* call *(%rax,%rbx,8) */
		{{0xff, 0x54, 0xd8, 8}, 4, true},          /* call *8(%rax,%rbx,8) */
		{{0xff, 0x94, 0xd8, 0, 1, 0, 0}, 7, true}, /* call *256(%rax,%rbx,8) */
		{{0xff, 0x14, 0xdd, 0, 1, 0, 0}, 7, true}, /* call *256(,%rbx,8) */
		{{0xff, 0xe0}, 2, false},                  /* jmp *%rax */
		{{0xff, 0x53}, 2, false},                  /* cut off */
		{{0xe9, 1, 2, 3, 4}, 5, false},            /* jmp rel32 */
		{{0x0f, 0x05}, 2, false},                  /* syscall */
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(tails); i++) {
		uint8_t code[CT_ARCH_CODE_BEFORE];

		memset(code, 0x90, sizeof(code));
		memcpy(code + sizeof(code) - tails[i].len, tails[i].code, tails[i].len);
		if (ct_arch_x86_64.after_call(code) != tails[i].call)
			fail_msg("instruction %zu", i);
	}
}

static void where_calls_go(void **state)
{
	static const uint8_t direct[] = {0x90, 0x90, 0xe8, 0xf0, 0xff, 0xff, 0xff};
	static const uint8_t by_slot[] = {0x90, 0xff, 0x15, 0x10, 0, 0, 0};
	static const uint8_t either[] = {0x90, 0x90, 0xe8, 0, 0, 0xff, 0xd0};
	static const uint8_t plt[16] = {0xf3, 0x0f, 0x1e, 0xfa, 0xf2, 0xff, 0x25, 0x20, 0, 0, 0};
	static const uint8_t old_plt[16] = {0xff, 0x25, 0x20, 0, 0, 0};
	static const uint8_t no_plt[16] = {0xff, 0xe0};
	uint8_t code[CT_ARCH_CODE_BEFORE] = {0};
	uint8_t *tail = code + sizeof(code) - sizeof(direct);

	(void)state;
	memcpy(tail, direct, sizeof(direct));
	assert_int_equal(ct_arch_x86_64.call_target(code, 0x1000).target, 0xff0);
	memcpy(tail, by_slot, sizeof(by_slot));
	assert_int_equal(ct_arch_x86_64.call_target(code, 0x1000).slot, 0x1010);
	memcpy(tail, either, sizeof(either));
	assert_int_equal(ct_arch_x86_64.call_target(code, 0x1000).target, 0);
	assert_int_equal(ct_arch_x86_64.stub_slot(plt, 0x1000), 0x1000 + 11 + 0x20);
	assert_int_equal(ct_arch_x86_64.stub_slot(old_plt, 0x1000), 0x1000 + 6 + 0x20);
	assert_int_equal(ct_arch_x86_64.stub_slot(no_plt, 0x1000), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_clear, stage_free_unwinder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_call_through_null),
		TEST(a_call_into_data),
		TEST(a_call_from_a_handler_through_null),
		TEST(a_stub_has_its_return_address_on_top),
		TEST(a_code_address_is_no_return_address),
		TEST(what_stands_before_must_be_a_call),
		TEST(an_old_return_address_is_passed_over),
		TEST(a_call_to_elsewhere_is_passed_over),
		TEST(a_chain_of_frame_pointers),
		TEST(a_chain_of_frame_pointers_ends_with_zero),
		TEST(the_owner_of_the_frame_pointer_is_found),
		TEST(remains_below_a_frame_are_not_taken),
		TEST(code_without_cfi_all_the_way),
		TEST(a_lost_frame_pointer),
		TEST(a_lost_frame_pointer_of_the_last_that_has_one),
		TEST(nothing_to_find),
		TEST(the_scan_is_bounded),
		TEST(call_instructions),
		TEST(where_calls_go),
	};

#ifdef __x86_64__
	return cmocka_run_group_tests(tests, stage_open, stage_close);
#else
	(void)tests;
	return 77;
#endif
}
