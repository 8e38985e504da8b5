/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every row of real libraries against libdw, which reads the same tables by code of its own: all
 * FDEs of what this test runs with, libc and libdw among them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <link.h>

#include "target/cfi.h"

struct library {
	Elf *elf;
	Dwarf_CFI *libdw;
	struct ct_frame_table table;
	size_t rows;
};

/* The rule that libdw's answer for a register amounts to. */
static enum ct_cfi_how how_of(const Dwarf_Op *ops, size_t n, bool same, int64_t *offset)
{
	*offset = 0;
	if (!n)
		return same ? CT_CFI_SAME : CT_CFI_UNDEFINED;
	if (ops[0].atom == DW_OP_regx)
		return CT_CFI_REGISTER;
	bool value = ops[n - 1].atom == DW_OP_stack_value;
	if (ops[0].atom == DW_OP_call_frame_cfa && n - value <= 2 &&
		(n - value == 1 || ops[1].atom == DW_OP_plus_uconst)) {
		*offset = n - value == 2 ? (int64_t)ops[1].number : 0;
		return value ? CT_CFI_VAL_OFFSET : CT_CFI_AT_CFA;
	}
	return value ? CT_CFI_VAL_EXPR : CT_CFI_AT_EXPR;
}

static void compare_cfa(const struct ct_cfi_row *row, Dwarf_Frame *frame)
{
	Dwarf_Op *ops;
	size_t n;

	/* A register after an expression: it refuses. */
	if (dwarf_frame_cfa(frame, &ops, &n))
		return;
	if (row->cfa.how == CT_CFI_REGISTER) {
		assert_int_equal(n, 1);
		assert_int_equal(ops[0].atom, DW_OP_bregx);
		assert_int_equal(ops[0].number, row->cfa.reg);
		assert_int_equal((int64_t)ops[0].number2, row->cfa.offset);
	} else {
		assert_int_equal(row->cfa.how, CT_CFI_VAL_EXPR);
		assert_true(n > 1 || ops[0].atom != DW_OP_bregx);
	}
}

static void compare_register(const struct ct_cfi_row *row, Dwarf_Frame *frame, unsigned dwarf)
{
	unsigned reg = ct_arch_x86_64.dwarf_to_reg[dwarf];
	struct ct_cfi_rule ours = {.how = row->keep >> reg & 1 ? CT_CFI_SAME : CT_CFI_UNDEFINED};
	Dwarf_Op memory[3], *ops;
	int64_t offset;
	size_t n;

	for (unsigned i = 0; i < row->n_rules; i++)
		if (row->rules[i].reg == reg)
			ours = row->rules[i];
	assert_int_equal(dwarf_frame_register(frame, (int)dwarf, memory, &ops, &n), 0);
	enum ct_cfi_how theirs = how_of(ops, n, !ops, &offset);
	/* Its defaults for this machine say 0 where they mean rbx, which is 3. */
	if ((dwarf == 0 && theirs == CT_CFI_SAME) || (dwarf == 3 && theirs == CT_CFI_UNDEFINED))
		return;
	assert_int_equal(ours.how, theirs);
	if (theirs == CT_CFI_AT_CFA || theirs == CT_CFI_VAL_OFFSET)
		assert_int_equal(ours.offset, offset);
	if (theirs == CT_CFI_REGISTER)
		assert_int_equal(ours.offset, ops[0].number);
}

/* One row; gives where the next one starts. */
static uint64_t compare_row(struct library *library, uint64_t pc)
{
	union ct_cfi_row_buffer ours;
	uint64_t work = 0;
	Dwarf_Addr start, end;
	Dwarf_Frame *frame;
	bool signal;

	assert_int_equal(
		ct_cfi_compile(&library->table, &ct_arch_x86_64, pc, &work, &ours.row), CT_OK);
	assert_int_equal(dwarf_cfi_addrframe(library->libdw, pc, &frame), 0);
	int column = dwarf_frame_info(frame, &start, &end, &signal);
	assert_int_equal(ours.row.ret, column);
	assert_int_equal(ours.row.signal, signal);
	compare_cfa(&ours.row, frame);
	for (unsigned dwarf = 0; dwarf < ct_arch_x86_64.n_dwarf; dwarf++)
		compare_register(&ours.row, frame, dwarf);
	free(frame);
	library->rows++;
	assert_true(end > pc);
	return end;
}

static void compare_library(const char *path, size_t *rows)
{
	struct library library = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct ct_cie cie;
	struct ct_fde fde;

	assert_true(fd >= 0);
	elf_version(EV_CURRENT);
	library.elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	library.libdw = dwarf_getcfi_elf(library.elf);
	assert_non_null(library.libdw);
	assert_int_equal(ct_frame_table_eh(library.elf, &library.table), CT_OK);
	assert_true(library.table.n_search > 0);
	/* An address that nothing covers has all entries listed. */
	assert_int_equal(ct_frame_table_find(&library.table, UINT64_MAX, &cie, &fde), CT_NOT_FOUND);
	assert_true(library.table.list.n > 0);
	for (uint32_t i = 0; i < library.table.list.n; i++) {
		const struct ct_frame_range *range = &library.table.list.items[i];

		for (uint64_t pc = range->start; pc < range->end;)
			pc = compare_row(&library, pc);
	}
	*rows += library.rows;
	ct_frame_table_free(&library.table);
	dwarf_cfi_end(library.libdw);
	elf_end(library.elf);
	close(fd);
}

static int compare_loaded(struct dl_phdr_info *info, size_t size, void *rows)
{
	(void)size;
	if (strstr(info->dlpi_name, "/libc.so") || strstr(info->dlpi_name, "/libdw"))
		compare_library(info->dlpi_name, rows);
	return 0;
}

static void the_same_rows_as_libdw(void **state)
{
	size_t rows = 0;

	(void)state;
	if (ct_arch_find(EM_X86_64) != &ct_arch_x86_64)
		skip();
	dl_iterate_phdr(compare_loaded, &rows);
	compare_library("/proc/self/exe", &rows);
	assert_true(rows > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_same_rows_as_libdw)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
