/* SPDX-License-Identifier: Apache-2.0 */
/* Locations as Go's compiler and gcc write them, by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dwarf.h>

#include "target/frame_place.h"

static void assert_place(const Dwarf_Op *ops, size_t n, uint64_t offset, int64_t want)
{
	int64_t place = 12345;

	assert_true(ct_frame_place(ops, n, offset, &place));
	assert_int_equal(place, want);
}

static void assert_nowhere(const Dwarf_Op *ops, size_t n, uint64_t offset)
{
	int64_t place;

	assert_false(ct_frame_place(ops, n, offset, &place));
}

/* A variable in one piece. */
static void test_whole(void **state)
{
	const Dwarf_Op by_base[] = {{.atom = DW_OP_fbreg, .number = (Dwarf_Word)-40}};
	const Dwarf_Op at_cfa[] = {{.atom = DW_OP_call_frame_cfa}};
	const Dwarf_Op above[] = {
		{.atom = DW_OP_call_frame_cfa}, {.atom = DW_OP_plus_uconst, .number = 16}};
	const Dwarf_Op below[] = {{.atom = DW_OP_call_frame_cfa},
		{.atom = DW_OP_consts, .number = (Dwarf_Word)-64}, {.atom = DW_OP_plus}};

	(void)state;
	assert_place(by_base, 1, 0, -40);
	assert_place(by_base, 1, 24, -16);
	assert_place(at_cfa, 1, 0, 0);
	assert_place(at_cfa, 1, 8, 8);
	assert_place(above, 2, 8, 24);
	assert_place(below, 3, 0, -64);
}

/* A slice whose pointer is in the frame, whose length is in a register, and whose room is gone. */
static void test_pieces(void **state)
{
	const Dwarf_Op ops[] = {
		{.atom = DW_OP_call_frame_cfa},
		{.atom = DW_OP_consts, .number = (Dwarf_Word)-24},
		{.atom = DW_OP_plus},
		{.atom = DW_OP_piece, .number = 8},
		{.atom = DW_OP_reg3},
		{.atom = DW_OP_piece, .number = 8},
		{.atom = DW_OP_piece, .number = 8},
		{.atom = DW_OP_fbreg, .number = 32},
		{.atom = DW_OP_piece, .number = 16},
	};

	(void)state;
	assert_place(ops, CT_COUNT(ops), 0, -24);
	assert_nowhere(ops, CT_COUNT(ops), 8);
	assert_nowhere(ops, CT_COUNT(ops), 16);
	assert_place(ops, CT_COUNT(ops), 24, 32);
	assert_place(ops, CT_COUNT(ops), 32, 40);
	assert_nowhere(ops, CT_COUNT(ops), 40);
}

/* Other sorts of locations are not guessed at. */
static void test_others(void **state)
{
	const Dwarf_Op reg[] = {{.atom = DW_OP_reg5}};
	const Dwarf_Op by_reg[] = {{.atom = DW_OP_breg7, .number = 8}};
	const Dwarf_Op behind[] = {
		{.atom = DW_OP_fbreg, .number = (Dwarf_Word)-16}, {.atom = DW_OP_deref}};
	const Dwarf_Op product[] = {{.atom = DW_OP_call_frame_cfa},
		{.atom = DW_OP_consts, .number = 8}, {.atom = DW_OP_mul}};
	const Dwarf_Op value[] = {{.atom = DW_OP_addr, .number = 8},
		{.atom = DW_OP_consts, .number = 8}, {.atom = DW_OP_plus}};

	(void)state;
	assert_nowhere(reg, 0, 0);
	assert_nowhere(reg, 1, 0);
	assert_nowhere(by_reg, 1, 0);
	assert_nowhere(behind, 2, 0);
	assert_nowhere(product, 3, 0);
	assert_nowhere(value, 3, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
