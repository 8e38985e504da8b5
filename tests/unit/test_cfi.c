/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of call frame programs: rows, and refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "cfi_bytes.h"

static void assert_rule(
	const union ct_cfi_row_buffer *b, unsigned reg, enum ct_cfi_how how, int32_t offset)
{
	const struct ct_cfi_rule *rule = rule_of(&b->row, reg);

	assert_non_null(rule);
	assert_int_equal(rule->how, how);
	assert_int_equal(rule->offset, offset);
}

static void assert_cfa(const union ct_cfi_row_buffer *b, unsigned reg, int32_t offset)
{
	assert_int_equal(b->row.cfa.how, CT_CFI_REGISTER);
	assert_int_equal(b->row.cfa.reg, reg);
	assert_int_equal(b->row.cfa.offset, offset);
}

static bool keeps(const union ct_cfi_row_buffer *b, unsigned reg)
{
	return b->row.keep >> reg & 1;
}

/* push fp; mov sp, fp: three rows. */
static const uint8_t framed[] = {
	DW_CFA_advance_loc | 1,
	DW_CFA_def_cfa_offset,
	16,
	DW_CFA_offset | FP,
	2,
	DW_CFA_advance_loc | 3,
	DW_CFA_def_cfa_register,
	FP,
};

static void rows_follow_the_code(void **state)
{
	union ct_cfi_row_buffer b;

	(void)state;
	assert_int_equal(row_of(framed, sizeof(framed), 0, &b), CT_OK);
	assert_cfa(&b, SP, 8);
	assert_null(rule_of(&b.row, FP));
	assert_int_equal(row_of(framed, sizeof(framed), 1, &b), CT_OK);
	assert_cfa(&b, SP, 16);
	assert_rule(&b, FP, CT_CFI_AT_CFA, -16);
	assert_int_equal(row_of(framed, sizeof(framed), 3, &b), CT_OK);
	assert_cfa(&b, SP, 16);
	assert_int_equal(row_of(framed, sizeof(framed), 4, &b), CT_OK);
	assert_cfa(&b, FP, 16);
	assert_rule(&b, RA, CT_CFI_AT_CFA, -8);
	assert_int_equal(row_of(framed, sizeof(framed), CODE_SIZE - 1, &b), CT_OK);
	assert_int_equal(row_of(framed, sizeof(framed), CODE_SIZE, &b), CT_NOT_FOUND);
	assert_int_equal(row_of(framed, sizeof(framed), UINT64_MAX, &b), CT_NOT_FOUND);
}

static void a_caller_keeps_what_the_abi_preserves(void **state)
{
	union ct_cfi_row_buffer b;
	const unsigned scratch = 0;

	(void)state;
	assert_int_equal(row_of(NULL, 0, 0, &b), CT_OK);
	assert_true(keeps(&b, BX));
	assert_true(keeps(&b, R12));
	assert_false(keeps(&b, scratch));
	assert_false(keeps(&b, RA));
	assert_false(keeps(&b, SP));
	assert_rule(&b, SP, CT_CFI_VAL_OFFSET, 0);
	assert_false(b.row.root);
	assert_false(b.row.signal);
	assert_int_equal(b.row.ret, RA);
}

static void every_kind_of_rule(void **state)
{
	static const uint8_t program[] = {DW_CFA_offset_extended, BX, 3, DW_CFA_offset_extended_sf,
		FP, 0x7c, DW_CFA_val_offset, R12, 5, DW_CFA_val_offset_sf, 13, 0x7e,
		DW_CFA_register, 14, 0, DW_CFA_same_value, 1, DW_CFA_undefined, 15,
		DW_CFA_expression, 8, 1, DW_OP_lit0, DW_CFA_val_expression, 9, 2, DW_OP_lit1,
		DW_OP_nop, DW_CFA_GNU_args_size, 16, DW_CFA_GNU_negative_offset_extended, 10, 2};
	union ct_cfi_row_buffer b;

	(void)state;
	assert_int_equal(row_of(program, sizeof(program), 0, &b), CT_OK);
	assert_rule(&b, BX, CT_CFI_AT_CFA, -24);
	assert_rule(&b, FP, CT_CFI_AT_CFA, 32);
	assert_rule(&b, R12, CT_CFI_VAL_OFFSET, -40);
	assert_rule(&b, 13, CT_CFI_VAL_OFFSET, 16);
	assert_rule(&b, 14, CT_CFI_REGISTER, 0);
	assert_true(keeps(&b, 1));
	assert_false(keeps(&b, 15));
	assert_null(rule_of(&b.row, 15));
	assert_rule(&b, 10, CT_CFI_AT_CFA, 16);
	assert_int_equal(rule_of(&b.row, 8)->how, CT_CFI_AT_EXPR);
	assert_int_equal(rule_of(&b.row, 8)->len, 1);
	assert_int_equal(rule_of(&b.row, 9)->how, CT_CFI_VAL_EXPR);
	assert_int_equal(b.row.table[rule_of(&b.row, 9)->offset], DW_OP_lit1);
}

static void cfa_rules(void **state)
{
	static const uint8_t program[] = {DW_CFA_def_cfa_sf, BX, 0x7e, DW_CFA_advance_loc1, 4,
		DW_CFA_def_cfa_offset_sf, 0x7d, DW_CFA_advance_loc2, 4, 0, DW_CFA_def_cfa, SP, 40,
		DW_CFA_advance_loc4, 4, 0, 0, 0, DW_CFA_def_cfa_expression, 2, DW_OP_breg7, 8};
	union ct_cfi_row_buffer b;

	(void)state;
	assert_int_equal(row_of(program, sizeof(program), 0, &b), CT_OK);
	assert_cfa(&b, BX, 16);
	assert_int_equal(row_of(program, sizeof(program), 4, &b), CT_OK);
	assert_cfa(&b, BX, 24);
	assert_int_equal(row_of(program, sizeof(program), 8, &b), CT_OK);
	assert_cfa(&b, SP, 40);
	assert_int_equal(row_of(program, sizeof(program), 12, &b), CT_OK);
	assert_int_equal(b.row.cfa.how, CT_CFI_VAL_EXPR);
	assert_int_equal(b.row.cfa.len, 2);
	assert_int_equal(b.row.table[b.row.cfa.offset], DW_OP_breg7);
}

/* Not as DWARF has it, but as assembly is written and the C++ runtime reads it. */
static void a_register_after_an_expression_keeps_the_offset(void **state)
{
	static const uint8_t program[] = {DW_CFA_def_cfa_offset, 56, DW_CFA_def_cfa_expression, 2,
		DW_OP_breg7, 8, DW_CFA_advance_loc | 1, DW_CFA_def_cfa_register, SP};
	union ct_cfi_row_buffer b;

	(void)state;
	assert_int_equal(row_of(program, sizeof(program), 0, &b), CT_OK);
	assert_int_equal(b.row.cfa.how, CT_CFI_VAL_EXPR);
	assert_int_equal(row_of(program, sizeof(program), 1, &b), CT_OK);
	assert_cfa(&b, SP, 56);
}

static void an_undefined_return_address_is_the_base(void **state)
{
	static const uint8_t program[] = {DW_CFA_undefined, RA};
	union ct_cfi_row_buffer b;

	(void)state;
	assert_int_equal(row_of(program, sizeof(program), 0, &b), CT_OK);
	assert_true(b.row.root);
}

static void states_are_remembered_and_restored(void **state)
{
	static const uint8_t program[] = {DW_CFA_def_cfa_offset, 32, DW_CFA_offset | BX, 4,
		DW_CFA_remember_state, DW_CFA_advance_loc | 1, DW_CFA_def_cfa_offset, 8,
		DW_CFA_restore | BX, DW_CFA_advance_loc | 1, DW_CFA_restore_state};
	union ct_cfi_row_buffer b;

	(void)state;
	assert_int_equal(row_of(program, sizeof(program), 1, &b), CT_OK);
	assert_cfa(&b, SP, 8);
	assert_null(rule_of(&b.row, BX));
	assert_int_equal(row_of(program, sizeof(program), 2, &b), CT_OK);
	assert_cfa(&b, SP, 32);
	assert_rule(&b, BX, CT_CFI_AT_CFA, -32);
}

static void restore_gives_back_what_the_cie_says(void **state)
{
	static const uint8_t program[] = {
		DW_CFA_offset | RA, 7, DW_CFA_advance_loc | 1, DW_CFA_restore_extended, RA};
	union ct_cfi_row_buffer b;

	(void)state;
	assert_int_equal(row_of(program, sizeof(program), 0, &b), CT_OK);
	assert_rule(&b, RA, CT_CFI_AT_CFA, -56);
	assert_int_equal(row_of(program, sizeof(program), 1, &b), CT_OK);
	assert_rule(&b, RA, CT_CFI_AT_CFA, -8);
}

static void a_signal_frame_says_so(void **state)
{
	struct cfi_bytes b = {.n = 0};
	union ct_cfi_row_buffer row;

	(void)state;
	size_t cie = add_cie(&b, (struct cie_kind){"zRS", cie_program, sizeof(cie_program)});
	add_fde(&b, cie, CODE, NULL, 0);
	struct ct_frame_table table = eh_table(&b);
	assert_int_equal(row_at(&table, CODE, &row), CT_OK);
	assert_true(row.row.signal);
	ct_frame_table_free(&table);
}

/* Vector registers and what else we do not follow: no rules of theirs, and none of ours is lost. */
static void unknown_registers_cost_nothing(void **state)
{
	static const uint8_t program[] = {DW_CFA_offset_extended, 0x80, 0x80, 0x80, 0x7f, 1,
		DW_CFA_remember_state, DW_CFA_remember_state, DW_CFA_restore_extended, 0xff, 0xff,
		0xff, 0xff, 0x0f, DW_CFA_offset | 33, 2, DW_CFA_register, BX, 99};
	union ct_cfi_row_buffer b;
	struct rusage before, after;

	(void)state;
	getrusage(RUSAGE_SELF, &before);
	assert_int_equal(row_of(program, sizeof(program), 0, &b), CT_OK);
	getrusage(RUSAGE_SELF, &after);
	assert_true(after.ru_maxrss - before.ru_maxrss < 1024);
	assert_cfa(&b, SP, 8);
	/* It is in a register that we do not follow. */
	assert_null(rule_of(&b.row, BX));
	assert_false(keeps(&b, BX));
}

static void broken_programs_are_refused(void **state)
{
	static const struct {
		uint8_t program[12];
		size_t size;
	} bad[] = {
		{{0x3f}, 1},                                     /* no such operation */
		{{DW_CFA_restore_state}, 1},                     /* nothing remembered */
		{{DW_CFA_advance_loc4, 1, 2}, 3},                /* operand cut off */
		{{DW_CFA_def_cfa_offset, 0x80}, 2},              /* number cut off */
		{{DW_CFA_def_cfa_expression, 5, DW_OP_lit0}, 3}, /* block cut off */
		{{DW_CFA_def_cfa, 99, 8}, 3},                    /* unknown register */
		{{DW_CFA_offset_extended, BX, 0xff, 0xff, 0xff, 0xff, 0x7f}, 7}, /* too far away */
		{{DW_CFA_GNU_window_save}, 1}, /* another machine's */
	};
	union ct_cfi_row_buffer b;

	(void)state;
	for (size_t i = 0; i < CT_COUNT(bad); i++)
		assert_int_equal(row_of(bad[i].program, bad[i].size, 1, &b), CT_BAD_INPUT);
}

static void remembering_without_end_is_refused(void **state)
{
	static uint8_t program[60000];
	union ct_cfi_row_buffer b;

	(void)state;
	memset(program, DW_CFA_remember_state, sizeof(program));
	assert_int_equal(row_of(program, sizeof(program), 1, &b), CT_BAD_INPUT);
}

static void a_cie_without_a_cfa_is_refused(void **state)
{
	static const uint8_t program[] = {DW_CFA_offset | RA, 1};
	struct cfi_bytes b = {.n = 0};
	union ct_cfi_row_buffer row;

	(void)state;
	add_fde(&b, add_cie(&b, (struct cie_kind){"zR", program, sizeof(program)}), CODE, NULL, 0);
	struct ct_frame_table table = eh_table(&b);
	assert_int_equal(row_at(&table, CODE, &row), CT_BAD_INPUT);
	ct_frame_table_free(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_follow_the_code),
		cmocka_unit_test(a_caller_keeps_what_the_abi_preserves),
		cmocka_unit_test(every_kind_of_rule),
		cmocka_unit_test(cfa_rules),
		cmocka_unit_test(a_register_after_an_expression_keeps_the_offset),
		cmocka_unit_test(an_undefined_return_address_is_the_base),
		cmocka_unit_test(states_are_remembered_and_restored),
		cmocka_unit_test(restore_gives_back_what_the_cie_says),
		cmocka_unit_test(a_signal_frame_says_so),
		cmocka_unit_test(unknown_registers_cost_nothing),
		cmocka_unit_test(broken_programs_are_refused),
		cmocka_unit_test(remembering_without_end_is_refused),
		cmocka_unit_test(a_cie_without_a_cfa_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
