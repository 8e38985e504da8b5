/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks of a machine with a link register: rows of leaves, guesses, signed return addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include <cmocka.h>
#include <elf.h>

#include "cfi_bytes.h"
#include "target/unwind.h"

#define TEXT   UINT64_C(0x410000)
#define STACK  UINT64_C(0x7fff0000)
#define BL     0x94000010u
#define NOP    0xd503201fu
#define RETURN (TEXT + 0x44) /* behind the calls of two functions */
#define OUTER  (TEXT + 0x84)
#define MASK   UINT64_C(0x007f000000000000)

/* DWARF's numbers, and our indices, on aarch64. */
enum { X19 = 19, X29 = 29, LR = 30, ARM_SP = 31, ARM_PC = 32 };

static uint32_t text[256];
static uint64_t stack[64];
static struct ct_regs regs;

static enum ct_status get_process(void *self, struct ct_process *ret)
{
	(void)self;
	*ret = (struct ct_process){.arch = &ct_arch_aarch64, .kind = "core", .path = "fake"};
	return CT_OK;
}

static enum ct_status get_map(void *self, size_t *cur, struct ct_map *ret)
{
	static const struct ct_map maps[] = {
		{TEXT, TEXT + sizeof(text), sizeof(text), 0, NULL, PROT_READ | PROT_EXEC, false},
		{STACK, STACK + sizeof(stack), sizeof(stack), 0, NULL, PROT_READ | PROT_WRITE,
			false},
	};

	(void)self;
	if (*cur >= CT_COUNT(maps))
		return CT_DONE;
	*ret = maps[(*cur)++];
	return CT_OK;
}

static enum ct_status get_thread(void *self, size_t *cur, struct ct_thread *ret)
{
	(void)self, (void)cur, (void)ret;
	return CT_DONE;
}

static enum ct_status read_memory(void *self, uint64_t addr, void *buf, size_t len)
{
	(void)self;
	if (addr >= TEXT && ct_within(addr - TEXT, len, sizeof(text)))
		memcpy(buf, (const char *)text + (addr - TEXT), len);
	else if (addr >= STACK && ct_within(addr - STACK, len, sizeof(stack)))
		memcpy(buf, (const char *)stack + (addr - STACK), len);
	else
		return CT_FAULT;
	return CT_OK;
}

static enum ct_status get_auxv(void *self, uint64_t type, uint64_t *ret)
{
	(void)self, (void)type, (void)ret;
	return CT_NOT_FOUND;
}

static void close_source(void *self)
{
	(void)self;
}

static int start(void **state)
{
	static const struct ct_source_ops ops = {.name = "fake",
		.process = get_process,
		.next_map = get_map,
		.next_thread = get_thread,
		.read = read_memory,
		.auxv = get_auxv,
		.close = close_source};
	struct ct_target *target;
	struct ct_error err;

	for (size_t i = 0; i < CT_COUNT(text); i++)
		text[i] = NOP;
	text[(RETURN - TEXT) / 4 - 1] = BL;
	text[(OUTER - TEXT) / 4 - 1] = BL;
	memset(stack, 0, sizeof(stack));
	regs = (struct ct_regs){0};
	if (ct_target_open((struct ct_source){&ops, NULL}, NULL, &target, &err))
		return -1;
	*state = target;
	return 0;
}

static int stop(void **state)
{
	ct_target_close(*state);
	return 0;
}

static uint64_t address_of(size_t word)
{
	return STACK + 8 * word;
}

static struct ct_unwinder *unwind(void **state, struct ct_unwound *ret)
{
	struct ct_unwinder *unwinder = ct_unwinder_new(*state, 0);

	assert_non_null(unwinder);
	assert_int_equal(ct_unwind(unwinder, &regs, ret), CT_OK);
	return unwinder;
}

static void a_call_through_null_returns_by_the_link_register(void **state)
{
	struct ct_unwound u;

	ct_reg_set(&regs, ARM_PC, 0);
	ct_reg_set(&regs, ARM_SP, address_of(2));
	ct_reg_set(&regs, LR, RETURN);
	ct_reg_set(&regs, X29, address_of(4));
	stack[4] = 0;
	stack[5] = OUTER;
	struct ct_unwinder *unwinder = unwind(state, &u);
	assert_int_equal(u.n, 3);
	assert_int_equal(u.frames[1].pc, RETURN);
	assert_int_equal(u.frames[1].trust, CT_FRAME_SCAN);
	assert_int_equal(u.frames[2].pc, OUTER);
	assert_int_equal(u.frames[2].trust, CT_FRAME_FP);
	assert_true(u.root);
	ct_unwinder_free(unwinder);
}

static void signed_return_addresses_are_stripped(void **state)
{
	const uint64_t masks[] = {MASK, MASK}, signature = UINT64_C(0x0025000000000000);
	struct ct_unwound u;

	assert_true(ct_arch_aarch64.from_note(NT_ARM_PAC_MASK, masks, sizeof(masks), &regs));
	ct_reg_set(&regs, ARM_PC, 0);
	ct_reg_set(&regs, ARM_SP, address_of(2));
	ct_reg_set(&regs, LR, RETURN | signature);
	ct_reg_set(&regs, X29, address_of(4));
	stack[5] = OUTER | signature;
	struct ct_unwinder *unwinder = unwind(state, &u);
	assert_int_equal(u.n, 3);
	assert_int_equal(u.frames[1].pc, RETURN);
	assert_int_equal(u.frames[2].pc, OUTER);
	ct_unwinder_free(unwinder);
}

/* A leaf as the compiler makes it, and a function that saves its frame record and signs. */
static void rows(void **state)
{
	static const uint8_t shared[] = {DW_CFA_def_cfa, ARM_SP, 0};
	static const uint8_t program[] = {DW_CFA_advance_loc | 1, DW_CFA_AARCH64_negate_ra_state,
		DW_CFA_advance_loc | 1, DW_CFA_def_cfa_offset, 32, DW_CFA_offset | X29, 4,
		DW_CFA_offset | LR, 3};
	struct cfi_bytes b = {.n = 0};
	union ct_cfi_row_buffer row;
	uint64_t work = 0;

	(void)state;
	size_t cie = add_cie(&b, (struct cie_kind){"zR", shared, sizeof(shared)});
	/* The return column stands behind the two alignments. */
	b.bytes[cie + 14] = LR;
	add_fde(&b, cie, CODE, program, sizeof(program));
	struct ct_frame_table table = eh_table(&b);
	assert_int_equal(ct_cfi_compile(&table, &ct_arch_aarch64, CODE, &work, &row.row), CT_OK);
	assert_int_equal(row.row.ret, LR);
	assert_int_equal(row.row.cfa.reg, ARM_SP);
	assert_true(row.row.keep >> LR & 1);
	assert_true(row.row.keep >> X19 & 1);
	assert_int_equal(
		ct_cfi_compile(&table, &ct_arch_aarch64, CODE + 2, &work, &row.row), CT_OK);
	assert_int_equal(row.row.cfa.offset, 32);
	assert_int_equal(rule_of(&row.row, LR)->offset, -24);
	assert_int_equal(rule_of(&row.row, X29)->offset, -32);
	assert_false(row.row.root);
	ct_frame_table_free(&table);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_call_through_null_returns_by_the_link_register),
		TEST(signed_return_addresses_are_stripped),
		TEST(rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
