/* SPDX-License-Identifier: Apache-2.0 */
/* Call frame tables written by hand, byte by byte. */
#ifndef CFI_BYTES_H
#define CFI_BYTES_H

#include <dwarf.h>

#include "target/cfi.h"

#define CODE       UINT64_C(0x401000) /* where the function is */
#define CODE_SIZE  0x100
#define TABLE      UINT64_C(0x500000) /* where the table is */
#define DATA_ALIGN (-8)

/* DWARF's numbers on x86-64. */
enum { BX = 3, FP = 6, SP = 7, R12 = 12, RA = 16 };

struct cfi_bytes {
	uint8_t bytes[65536];
	size_t n;
};

static inline void add(struct cfi_bytes *b, const void *data, size_t len)
{
	assert_true(len <= sizeof(b->bytes) - b->n);
	if (len)
		memcpy(b->bytes + b->n, data, len);
	b->n += len;
}

static inline void add_number(struct cfi_bytes *b, uint64_t value, size_t size)
{
	add(b, &value, size);
}

static inline void add_uleb(struct cfi_bytes *b, uint64_t value)
{
	do {
		add_number(b, (value & 0x7f) | (value > 0x7f ? 0x80 : 0), 1);
		value >>= 7;
	} while (value);
}

/* Writes an entry's length, now that its end is known. */
static inline void close_entry(struct cfi_bytes *b, size_t at)
{
	uint32_t len = (uint32_t)(b->n - at - 4);

	memcpy(b->bytes + at, &len, sizeof(len));
}

/* What every function starts with: CFA = sp + 8, the return address right below. */
static const uint8_t cie_program[] = {DW_CFA_def_cfa, SP, 8, DW_CFA_offset | RA, 1};

struct cie_kind {
	const char *letters; /* "zR", "zRS" */
	const uint8_t *program;
	size_t size;
};

static inline size_t add_cie(struct cfi_bytes *b, struct cie_kind kind)
{
	size_t at = b->n;

	add_number(b, 0, 4);
	add_number(b, 0, 4);
	add_number(b, 1, 1);
	add(b, kind.letters, strlen(kind.letters) + 1);
	add_number(b, 1, 1);
	add_number(b, DATA_ALIGN & 0x7f, 1);
	add_number(b, RA, 1);
	add_uleb(b, 1);
	add_number(b, DW_EH_PE_pcrel | DW_EH_PE_sdata4, 1);
	add(b, kind.program, kind.size);
	close_entry(b, at);
	return at;
}

static inline size_t add_fde(
	struct cfi_bytes *b, size_t cie, uint64_t start, const void *program, size_t size)
{
	size_t at = b->n;

	add_number(b, 0, 4);
	add_number(b, b->n - cie, 4);
	add_number(b, start - (TABLE + b->n), 4);
	add_number(b, CODE_SIZE, 4);
	add_uleb(b, 0);
	add(b, program, size);
	close_entry(b, at);
	return at;
}

static inline struct ct_frame_table eh_table(const struct cfi_bytes *b)
{
	return (struct ct_frame_table){
		.section = {.data = b->bytes, .size = b->n, .addr = TABLE, .eh = true}};
}

static inline enum ct_status row_at(
	struct ct_frame_table *table, uint64_t addr, union ct_cfi_row_buffer *ret)
{
	uint64_t work = 0;

	return ct_cfi_compile(table, &ct_arch_x86_64, addr, &work, &ret->row);
}

/* The row at an offset of one function whose program is given. */
static inline enum ct_status row_of(
	const void *program, size_t size, uint64_t offset, union ct_cfi_row_buffer *ret)
{
	static struct cfi_bytes b;

	b.n = 0;
	size_t cie = add_cie(&b, (struct cie_kind){"zR", cie_program, sizeof(cie_program)});
	add_fde(&b, cie, CODE, program, size);
	struct ct_frame_table table = eh_table(&b);
	enum ct_status status = row_at(&table, CODE + offset, ret);
	ct_frame_table_free(&table);
	return status;
}

static inline const struct ct_cfi_rule *rule_of(const struct ct_cfi_row *row, unsigned reg)
{
	for (unsigned i = 0; i < row->n_rules; i++)
		if (row->rules[i].reg == reg)
			return &row->rules[i];
	return NULL;
}

#endif
