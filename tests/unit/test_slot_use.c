/* SPDX-License-Identifier: Apache-2.0 */
/* What straight code does with the pointer in a slot, on instructions as the Go compiler writes
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decode/slot_use.h"

#define PC UINT64_C(0x401000)

#define LOAD_40_A  0x48, 0x8b, 0x44, 0x24, 0x28                   /* mov 0x28(sp), a */
#define LOAD_40_R8 0x4c, 0x8b, 0x44, 0x24, 0x28                   /* mov 0x28(sp), r8 */
#define LOAD_FAR   0x48, 0x8b, 0x84, 0x24, 0x28, 0x01, 0x00, 0x00 /* mov 0x128(sp), a */
#define LOAD_48_A  0x48, 0x8b, 0x44, 0x24, 0x30                   /* mov 0x30(sp), a */
#define LEA_A      0x48, 0x8d, 0x44, 0x24, 0x28                   /* lea 0x28(sp), a */
#define STORE_A    0x48, 0xc7, 0x00, 0x01, 0x00, 0x00, 0x00       /* mov $1, (a) */
#define COUNT_R8   0x49, 0xff, 0x40, 0x08                         /* inc 8(r8) */
#define SPILL_A    0x48, 0x89, 0x44, 0x24, 0x10                   /* mov a, 0x10(sp) */
#define NIL_CHECK  0x84, 0x00                                     /* test al, (a) */
#define BRANCH     0x74, 0x10                                     /* je */
#define FAR_BRANCH 0x0f, 0x84, 0x10, 0x00, 0x00, 0x00             /* je */
#define JUMP       0xeb, 0x10                                     /* jmp */
#define CALL       0xe8, 0x00, 0x01, 0x00, 0x00                   /* call */
#define RETURN     0xc3

/* What leaves something else in the register. */
#define COPY_D_A    0x48, 0x89, 0xd0             /* mov d, a */
#define COPY_A_D    0x48, 0x89, 0xc2             /* mov a, d */
#define LOAD_EAX    0x8b, 0x44, 0x24, 0x30       /* mov 0x30(sp), eax */
#define CLEAR_A     0x31, 0xc0                   /* xor eax, eax */
#define CLEAR_R8    0x45, 0x31, 0xc0             /* xor r8d, r8d */
#define CLEAR_B     0x31, 0xdb                   /* xor ebx, ebx */
#define NUMBER_A    0xb8, 0x05, 0x00, 0x00, 0x00 /* mov $5, eax */
#define NUMBER_B    0xbb, 0x05, 0x00, 0x00, 0x00 /* mov $5, ebx */
#define NEXT_A      0x48, 0x83, 0xc0, 0x08       /* add $8, a */
#define BYTE_A      0x0f, 0xb6, 0x44, 0x24, 0x30 /* movzx 0x30(sp), eax */
#define PRODUCT     0x48, 0xf7, 0xe1             /* mul c */
#define COMPARE     0x48, 0x39, 0xc8             /* cmp c, a */
#define ZERO_X      0x0f, 0x57, 0xc0             /* xorps xmm0, xmm0 */
#define NEW_IN_SLOT 0x48, 0x89, 0x4c, 0x24, 0x28 /* mov c, 0x28(sp) */

#define USE(slot, ...)                                                                             \
	ct_slot_use_of(                                                                            \
		(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), PC, slot)

static void loads_and_stores(void **state)
{
	(void)state;
	assert_true(USE(40, LOAD_40_A, STORE_A, RETURN).through);
	assert_true(USE(40, LOAD_40_R8, SPILL_A, COUNT_R8, RETURN).through);
	assert_true(USE(0x128, LOAD_FAR, STORE_A, RETURN).through);
	assert_true(USE(40, LOAD_40_A, NIL_CHECK, RETURN).through);
}

static void other_pointers(void **state)
{
	(void)state;
	assert_false(USE(48, LOAD_40_A, STORE_A, RETURN).through);
	assert_false(USE(40, LOAD_40_A, LOAD_48_A, STORE_A, RETURN).through); /* it is gone */
	assert_false(USE(40, LEA_A, STORE_A, RETURN).through);
	assert_false(USE(40, LOAD_40_A, COUNT_R8, RETURN).through);
	assert_false(USE(40, LOAD_40_A, SPILL_A, RETURN).through); /* kept, not used */
}

/* The register has something else before anything is done with it. */
static void overwritten(void **state)
{
	(void)state;
	assert_false(USE(40, LOAD_40_A, COPY_D_A, STORE_A, RETURN).through);
	assert_false(USE(40, LOAD_40_A, LOAD_EAX, STORE_A, RETURN).through);
	assert_false(USE(40, LOAD_40_A, NUMBER_A, STORE_A, RETURN).through);
	assert_false(USE(40, LOAD_40_A, NEXT_A, STORE_A, RETURN).through);
	assert_false(USE(40, LOAD_40_A, BYTE_A, STORE_A, RETURN).through);
	assert_false(USE(40, LOAD_40_A, PRODUCT, STORE_A, RETURN).through);
	assert_false(USE(40, LOAD_40_R8, CLEAR_R8, COUNT_R8, RETURN).through);
	assert_false(USE(40, NEW_IN_SLOT, LOAD_40_A, STORE_A, RETURN).through);
	assert_int_equal(USE(40, LOAD_40_A, CLEAR_A, CALL).passed, 0);
	assert_int_equal(USE(40, LOAD_40_A, COPY_D_A, CALL).passed, 0);
	/* Another register, or none. */
	assert_true(USE(40, LOAD_40_A, CLEAR_B, COPY_A_D, NUMBER_B, STORE_A).through);
	assert_true(USE(40, LOAD_40_A, COMPARE, ZERO_X, STORE_A).through);
	assert_true(USE(40, LOAD_40_R8, CLEAR_A, COUNT_R8).through);
}

static void not_behind_a_branch(void **state)
{
	(void)state;
	assert_false(USE(40, LOAD_40_A, BRANCH, STORE_A, RETURN).through);
	assert_false(USE(40, LOAD_40_A, FAR_BRANCH, STORE_A, RETURN).through);
	assert_false(USE(40, JUMP, LOAD_40_A, STORE_A, RETURN).through);
	assert_false(USE(40, CALL, LOAD_40_A, STORE_A, RETURN).through);
	assert_false(USE(40, RETURN, LOAD_40_A, STORE_A).through);
}

static void passed_to_a_call(void **state)
{
	(void)state;
	assert_int_equal(USE(40, LOAD_40_A, CALL).passed, PC + 5 + 5 + 0x100);
	assert_int_equal(USE(40, LOAD_40_R8, CALL).passed, 0); /* not as the first argument */
	assert_int_equal(USE(40, LOAD_48_A, CALL).passed, 0);
}

static void code_that_ends(void **state)
{
	(void)state;
	assert_false(USE(40, LOAD_40_A).through);
	assert_false(USE(40, LOAD_40_A, 0x48, 0xc7, 0x00).through);
	assert_false(USE(40, LOAD_40_A, 0x48).through);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_and_stores),
		cmocka_unit_test(other_pointers),
		cmocka_unit_test(overwritten),
		cmocka_unit_test(not_behind_a_branch),
		cmocka_unit_test(passed_to_a_call),
		cmocka_unit_test(code_that_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
