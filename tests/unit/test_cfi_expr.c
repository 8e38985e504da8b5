/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions of call frame information: every operation, and every way to be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dwarf.h>

#include "target/dwarf_expr.h"

#define DATA  UINT64_C(0x7f0000001000)
#define CFA   UINT64_C(0x7ffc00000100)
#define SP    7
#define BX    3
#define LOST  5
#define MINUS UINT64_C(0) -

static const uint64_t memory[] = {UINT64_C(0x8877665544332211), DATA + 8, 42};

static enum ct_status fake_process(void *self, struct ct_process *ret)
{
	(void)self;
	*ret = (struct ct_process){.arch = &ct_arch_x86_64};
	return CT_OK;
}

static enum ct_status fake_next_map(void *self, size_t *cur, struct ct_map *ret)
{
	(void)self;
	*ret = (struct ct_map){.start = DATA, .end = DATA + sizeof(memory), .prot = 3};
	ret->present = sizeof(memory);
	return (*cur)++ ? CT_DONE : CT_OK;
}

static enum ct_status fake_next_thread(void *self, size_t *cur, struct ct_thread *ret)
{
	(void)self, (void)cur, (void)ret;
	return CT_DONE;
}

static enum ct_status fake_read(void *self, uint64_t addr, void *buf, size_t len)
{
	(void)self;
	if (addr < DATA || !ct_within(addr - DATA, len, sizeof(memory)))
		return CT_FAULT;
	memcpy(buf, (const char *)memory + (addr - DATA), len);
	return CT_OK;
}

static enum ct_status fake_auxv(void *self, uint64_t type, uint64_t *ret)
{
	(void)self, (void)type, (void)ret;
	return CT_NOT_FOUND;
}

static void fake_close(void *self)
{
	(void)self;
}

static int open_target(void **state)
{
	static const struct ct_source_ops ops = {.name = "fake",
		.process = fake_process,
		.next_map = fake_next_map,
		.next_thread = fake_next_thread,
		.read = fake_read,
		.auxv = fake_auxv,
		.close = fake_close};
	struct ct_target *target;
	struct ct_error err;

	if (ct_target_open((struct ct_source){&ops, NULL}, NULL, &target, &err))
		return -1;
	*state = target;
	return 0;
}

static int close_target(void **state)
{
	ct_target_close(*state);
	return 0;
}

struct expression {
	uint8_t code[24];
	uint8_t len;
	uint64_t value;
};

static enum ct_status run(
	void **state, const struct expression *e, const uint64_t *cfa, uint64_t *ret)
{
	struct ct_stack_words stack;
	struct ct_regs regs = {0};
	struct ct_expr_input in = {&ct_arch_x86_64, &regs, &stack, 0x10000};

	ct_stack_words_init(&stack, *state);
	ct_reg_set(&regs, SP, DATA);
	ct_reg_set(&regs, BX, 1000);
	return ct_dwarf_expr(&in, e->code, e->len, cfa, ret);
}

#define EXPR(result, ...)                                                                          \
	{                                                                                          \
		{__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}), result                            \
	}

#define N(n) (DW_OP_lit0 + (n))

static const struct expression good[] = {
	EXPR(31, DW_OP_lit31),
	EXPR(0x10005, DW_OP_addr, 5, 0, 0, 0, 0, 0, 0, 0),
	EXPR(0xff, DW_OP_const1u, 0xff),
	EXPR(MINUS 1, DW_OP_const1s, 0xff),
	EXPR(0xfffe, DW_OP_const2u, 0xfe, 0xff),
	EXPR(MINUS 2, DW_OP_const2s, 0xfe, 0xff),
	EXPR(0xfffffffd, DW_OP_const4u, 0xfd, 0xff, 0xff, 0xff),
	EXPR(MINUS 3, DW_OP_const4s, 0xfd, 0xff, 0xff, 0xff),
	EXPR(0x8000000000000001, DW_OP_const8u, 1, 0, 0, 0, 0, 0, 0, 0x80),
	EXPR(0x8000000000000001, DW_OP_const8s, 1, 0, 0, 0, 0, 0, 0, 0x80),
	EXPR(300, DW_OP_constu, 0xac, 0x02),
	EXPR(MINUS 2, DW_OP_consts, 0x7e),
	EXPR(4, N(2), DW_OP_dup, DW_OP_plus),
	EXPR(1, N(1), N(2), DW_OP_drop),
	EXPR(1, N(1), N(2), DW_OP_over),
	EXPR(1, N(1), N(2), N(3), DW_OP_pick, 2),
	EXPR(1, N(2), N(3), DW_OP_swap, DW_OP_minus),
	/* 1 2 3 becomes 3 1 2. */
	EXPR(2, N(1), N(2), N(3), DW_OP_rot),
	EXPR(1, N(1), N(2), N(3), DW_OP_rot, DW_OP_drop),
	EXPR(3, N(1), N(2), N(3), DW_OP_rot, DW_OP_drop, DW_OP_drop),
	EXPR(0x8877665544332211, DW_OP_breg0 + SP, 0, DW_OP_deref),
	EXPR(0x2211, DW_OP_breg0 + SP, 0, DW_OP_deref_size, 2),
	EXPR(42, DW_OP_breg0 + SP, 8, DW_OP_deref, DW_OP_plus_uconst, 8, DW_OP_deref),
	EXPR(998, DW_OP_breg0 + BX, 0x7e),
	EXPR(1003, DW_OP_bregx, BX, 3),
	EXPR(5, N(5), DW_OP_neg, DW_OP_abs),
	EXPR(MINUS 1, N(0), DW_OP_not),
	EXPR(4, N(12), N(6), DW_OP_and),
	EXPR(14, N(12), N(6), DW_OP_or),
	EXPR(10, N(12), N(6), DW_OP_xor),
	EXPR(42, N(6), N(7), DW_OP_mul),
	EXPR(MINUS 2, N(6), DW_OP_neg, N(3), DW_OP_div),
	EXPR(0x8000000000000000, N(1), DW_OP_const1u, 63, DW_OP_shl, N(1), DW_OP_neg, DW_OP_div),
	EXPR(2, N(17), N(5), DW_OP_mod),
	EXPR(1, N(1), DW_OP_neg, N(2), DW_OP_mod),
	EXPR(48, N(6), N(3), DW_OP_shl),
	EXPR(0, N(6), DW_OP_const1u, 64, DW_OP_shl),
	EXPR(3, N(12), N(2), DW_OP_shr),
	EXPR(MINUS 2, N(8), DW_OP_neg, N(2), DW_OP_shra),
	EXPR(MINUS 1, N(8), DW_OP_neg, DW_OP_const1u, 99, DW_OP_shra),
	EXPR(0x3ffffffffffffffe, N(8), DW_OP_neg, N(2), DW_OP_shr),
	EXPR(1, N(3), N(3), DW_OP_eq),
	EXPR(0, N(3), N(3), DW_OP_ne),
	EXPR(1, N(1), DW_OP_neg, N(1), DW_OP_lt),
	EXPR(0, N(1), DW_OP_neg, N(1), DW_OP_ge),
	EXPR(1, N(3), N(3), DW_OP_le),
	EXPR(0, N(3), N(3), DW_OP_gt),
	EXPR(7, N(7), DW_OP_skip, 1, 0, DW_OP_drop, DW_OP_nop),
	EXPR(9, N(1), DW_OP_bra, 2, 0, N(8), DW_OP_nop, N(9)),
	/* Counts down from 3: a branch back. */
	EXPR(0, N(3), N(1), DW_OP_minus, DW_OP_dup, DW_OP_bra, 0xfa, 0xff),
};

static void every_operation(void **state)
{
	for (size_t i = 0; i < CT_COUNT(good); i++) {
		uint64_t value = ~good[i].value;

		if (run(state, &good[i], NULL, &value) || value != good[i].value)
			fail_msg("expression %zu gives %#llx", i, (unsigned long long)value);
	}
}

static void the_cfa_is_there_first(void **state)
{
	static const struct expression e = EXPR(0, DW_OP_plus_uconst, 8);
	const uint64_t cfa = CFA;
	uint64_t value;

	assert_int_equal(run(state, &e, &cfa, &value), CT_OK);
	assert_int_equal(value, CFA + 8);
	assert_int_equal(run(state, &e, NULL, &value), CT_BAD_INPUT);
}

/* What ld writes for a PLT: sp + 8, and 8 more from the 11th byte of a 16-byte entry on. */
static void a_plt_expression(void **state)
{
	static const uint8_t code[] = {DW_OP_breg7, 8, DW_OP_breg16, 0, DW_OP_lit15, DW_OP_and,
		DW_OP_lit11, DW_OP_ge, DW_OP_lit3, DW_OP_shl, DW_OP_plus};
	struct ct_stack_words stack;
	struct ct_regs regs = {0};
	struct ct_expr_input in = {&ct_arch_x86_64, &regs, &stack, 0};
	uint64_t value;

	ct_stack_words_init(&stack, *state);
	ct_reg_set(&regs, SP, CFA);
	ct_reg_set(&regs, ct_arch_x86_64.pc, 0x401026);
	assert_int_equal(ct_dwarf_expr(&in, code, sizeof(code), NULL, &value), CT_OK);
	assert_int_equal(value, CFA + 8);
	ct_reg_set(&regs, ct_arch_x86_64.pc, 0x40102b);
	assert_int_equal(ct_dwarf_expr(&in, code, sizeof(code), NULL, &value), CT_OK);
	assert_int_equal(value, CFA + 16);
}

static void what_is_not_known_is_a_fault(void **state)
{
	static const struct expression unknown[] = {
		EXPR(0, DW_OP_breg0 + LOST, 0),
		EXPR(0, N(8), DW_OP_deref),
		EXPR(0, DW_OP_breg0 + SP, 20, DW_OP_deref),
		EXPR(0, N(8), DW_OP_deref_size, 1),
	};
	uint64_t value = 7;

	for (size_t i = 0; i < CT_COUNT(unknown); i++)
		assert_int_equal(run(state, &unknown[i], NULL, &value), CT_FAULT);
	assert_int_equal(value, 7);
}

static void what_makes_no_sense_is_refused(void **state)
{
	static const struct expression bad[] = {
		{{0}, 0, 0},
		EXPR(0, DW_OP_drop),
		EXPR(0, N(1), DW_OP_plus),
		EXPR(0, N(1), DW_OP_pick, 1),
		EXPR(0, DW_OP_const4u, 1, 2),
		EXPR(0, DW_OP_constu, 0x80),
		EXPR(0, N(1), N(0), DW_OP_div),
		EXPR(0, N(1), N(0), DW_OP_mod),
		EXPR(0, DW_OP_breg31, 0),
		EXPR(0, DW_OP_bregx, 0xff, 0xff, 0x7f, 0),
		EXPR(0, DW_OP_breg0 + SP, 0, DW_OP_deref_size, 9),
		EXPR(0, DW_OP_breg0 + SP, 0, DW_OP_deref_size, 0),
		EXPR(0, N(1), DW_OP_skip, 1, 0),
		EXPR(0, N(1), DW_OP_skip, 0xf0, 0xff),
		/* Without an end, and without a bound on the stack. */
		EXPR(0, N(1), DW_OP_skip, 0xfd, 0xff),
		EXPR(0, N(1), DW_OP_skip, 0xfc, 0xff),
		/* Not for call frames: locations, calls, types. */
		EXPR(0, DW_OP_reg0),
		EXPR(0, N(1), DW_OP_stack_value),
		EXPR(0, DW_OP_call_frame_cfa),
		EXPR(0, DW_OP_fbreg, 0),
		EXPR(0, DW_OP_call2, 0, 0),
		EXPR(0, DW_OP_entry_value, 1, DW_OP_reg0),
	};
	uint64_t value;

	for (size_t i = 0; i < CT_COUNT(bad); i++)
		if (run(state, &bad[i], NULL, &value) != CT_BAD_INPUT)
			fail_msg("expression %zu is taken", i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation),
		cmocka_unit_test(the_cfa_is_there_first),
		cmocka_unit_test(a_plt_expression),
		cmocka_unit_test(what_is_not_known_is_a_fault),
		cmocka_unit_test(what_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, open_target, close_target);
}
