/* SPDX-License-Identifier: Apache-2.0 */
/* Which entry of a call frame table covers an address: search tables right, missing and wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cfi_bytes.h"

#define N_FUNCTIONS 5
#define HEADER      UINT64_C(0x4ff000)

/* Five functions, each with a CFA of its own; their entries are not in the order of addresses. */
struct tables {
	struct cfi_bytes frames, header;
	size_t entry[N_FUNCTIONS];
};

static uint64_t function(unsigned i)
{
	return CODE + i * UINT64_C(0x1000);
}

static struct tables *write_frames(void)
{
	static const unsigned order[N_FUNCTIONS] = {3, 0, 4, 1, 2};
	static struct tables t;

	t = (struct tables){0};
	size_t cie = add_cie(&t.frames, (struct cie_kind){"zR", cie_program, sizeof(cie_program)});
	for (unsigned i = 0; i < N_FUNCTIONS; i++) {
		unsigned f = order[i];
		uint8_t program[] = {DW_CFA_def_cfa_offset, (uint8_t)(16 + f)};

		t.entry[f] = add_fde(&t.frames, cie, function(f), program, sizeof(program));
	}
	return &t;
}

static void start_header(struct tables *t, uint32_t count)
{
	static const uint8_t encodings[] = {1, DW_EH_PE_pcrel | DW_EH_PE_sdata4, DW_EH_PE_udata4,
		DW_EH_PE_datarel | DW_EH_PE_sdata4};

	t->header.n = 0;
	add(&t->header, encodings, sizeof(encodings));
	add_number(&t->header, TABLE - (HEADER + 4), 4);
	add_number(&t->header, count, 4);
}

static void add_search(struct tables *t, uint64_t start, uint64_t entry)
{
	add_number(&t->header, start - HEADER, 4);
	add_number(&t->header, TABLE + entry - HEADER, 4);
}

static struct ct_frame_table with_header(const struct tables *t)
{
	struct ct_frame_table table = eh_table(&t->frames);
	uint64_t addr;

	assert_int_equal(
		ct_frame_table_read_header(t->header.bytes, t->header.n, HEADER, &table, &addr),
		CT_OK);
	assert_int_equal(addr, TABLE);
	return table;
}

static void assert_all_found(struct ct_frame_table *table)
{
	union ct_cfi_row_buffer b;

	for (unsigned i = 0; i < N_FUNCTIONS; i++) {
		assert_int_equal(row_at(table, function(i) + 7, &b), CT_OK);
		assert_int_equal(b.row.cfa.offset, 16 + i);
		assert_int_equal(row_at(table, function(i) - 1, &b), CT_NOT_FOUND);
		assert_int_equal(row_at(table, function(i) + CODE_SIZE, &b), CT_NOT_FOUND);
	}
	ct_frame_table_free(table);
}

static void by_the_search_table(void **state)
{
	struct tables *t = write_frames();

	(void)state;
	start_header(t, N_FUNCTIONS);
	for (unsigned i = 0; i < N_FUNCTIONS; i++)
		add_search(t, function(i), t->entry[i]);
	struct ct_frame_table table = with_header(t);
	union ct_cfi_row_buffer b;
	assert_int_equal(table.n_search, N_FUNCTIONS);
	assert_int_equal(row_at(&table, function(2), &b), CT_OK);
	assert_false(table.listed);
	assert_all_found(&table);
}

static void without_a_search_table(void **state)
{
	struct ct_frame_table table = eh_table(&write_frames()->frames);

	(void)state;
	assert_all_found(&table);
}

static void a_search_table_that_lies(void **state)
{
	struct tables *t = write_frames();

	(void)state;
	start_header(t, N_FUNCTIONS);
	for (unsigned i = 0; i < N_FUNCTIONS; i++)
		add_search(t, function(N_FUNCTIONS - 1 - i), t->entry[i] + i * 3);
	struct ct_frame_table table = with_header(t);
	assert_all_found(&table);
}

static void a_search_table_that_is_cut_off(void **state)
{
	struct tables *t = write_frames();

	(void)state;
	start_header(t, 0x7fffffff);
	add_search(t, function(0), t->entry[0]);
	add_number(&t->header, 0, 4);
	struct ct_frame_table table = with_header(t);
	assert_int_equal(table.n_search, 1);
	assert_all_found(&table);
}

static void a_search_table_that_points_outside(void **state)
{
	struct tables *t = write_frames();

	(void)state;
	start_header(t, N_FUNCTIONS);
	for (unsigned i = 0; i < N_FUNCTIONS; i++)
		add_search(t, function(i), i % 2 ? UINT32_C(0x7fff0000) : UINT64_C(0) - TABLE);
	struct ct_frame_table table = with_header(t);
	assert_all_found(&table);
}

static void a_header_that_is_none(void **state)
{
	static const uint8_t bad[][4] = {
		{2, 0x1b, 3, 0x3b}, {1, 0xff, 3, 0x3b}, {1, 0x9b, 3, 0x3b}};
	struct ct_frame_table table = {0};
	uint64_t addr;

	(void)state;
	for (size_t i = 0; i < CT_COUNT(bad); i++)
		assert_int_equal(
			ct_frame_table_read_header(bad[i], 4, HEADER, &table, &addr), CT_BAD_INPUT);
	assert_null(table.search);
}

/* Entries behind one that makes no sense cannot be found; those before it can. */
static void an_entry_that_is_too_long(void **state)
{
	struct tables *t = write_frames();
	uint32_t huge = 0x7ffffff0;
	union ct_cfi_row_buffer b;

	(void)state;
	memcpy(t->frames.bytes + t->entry[4], &huge, sizeof(huge));
	struct ct_frame_table table = eh_table(&t->frames);
	assert_int_equal(row_at(&table, function(3), &b), CT_OK);
	assert_int_equal(row_at(&table, function(0), &b), CT_OK);
	assert_int_equal(row_at(&table, function(1), &b), CT_NOT_FOUND);
	ct_frame_table_free(&table);
}

/* No function needs a program of hundreds of kilobytes. */
static void an_entry_beyond_all_need(void **state)
{
	const size_t size = 300000;
	struct cfi_bytes b = {.n = 0};
	union ct_cfi_row_buffer row;
	uint8_t *bytes = calloc(1, size);

	(void)state;
	assert_non_null(bytes);
	size_t cie = add_cie(&b, (struct cie_kind){"zR", cie_program, sizeof(cie_program)});
	size_t fde = add_fde(&b, cie, CODE, NULL, 0);
	memcpy(bytes, b.bytes, b.n);
	uint32_t len = (uint32_t)(size - fde - 4);
	memcpy(bytes + fde, &len, sizeof(len));
	struct ct_frame_table table = {.section = {bytes, size, TABLE, true}};
	assert_int_equal(row_at(&table, CODE, &row), CT_NOT_FOUND);
	len = 60000;
	memcpy(bytes + fde, &len, sizeof(len));
	assert_int_equal(row_at(&table, CODE, &row), CT_NOT_FOUND);
	ct_frame_table_free(&table);
	assert_int_equal(row_at(&table, CODE, &row), CT_NOT_FOUND);
	table.section = (struct ct_frame_section){bytes, size, TABLE, true};
	assert_int_equal(row_at(&table, CODE, &row), CT_OK);
	ct_frame_table_free(&table);
	free(bytes);
}

static void an_unknown_augmentation_is_refused(void **state)
{
	struct cfi_bytes b = {.n = 0};
	union ct_cfi_row_buffer row;

	(void)state;
	size_t cie = add_cie(&b, (struct cie_kind){"zQR", cie_program, sizeof(cie_program)});
	add_fde(&b, cie, CODE, NULL, 0);
	struct ct_frame_table table = eh_table(&b);
	assert_int_equal(row_at(&table, CODE, &row), CT_NOT_FOUND);
	ct_frame_table_free(&table);
}

/* .debug_frame of DWARF 4: whole addresses, its own sizes, 32- or 64-bit lengths. */
static void write_debug_frame(struct cfi_bytes *b, bool is_64)
{
	size_t word = is_64 ? 8 : 4, body;
	static const uint8_t rest[] = {4, 0, 8, 0, 1, DATA_ALIGN & 0x7f, RA};
	static const uint8_t program[] = {DW_CFA_def_cfa_offset, 24};

	b->n = 0;
	if (is_64)
		add_number(b, UINT32_MAX, 4);
	add_number(b, word + sizeof(rest) + sizeof(cie_program), word);
	add_number(b, UINT64_MAX, word);
	add(b, rest, sizeof(rest));
	add(b, cie_program, sizeof(cie_program));
	body = word + 16 + sizeof(program);
	if (is_64)
		add_number(b, UINT32_MAX, 4);
	add_number(b, body, word);
	add_number(b, 0, word);
	add_number(b, CODE, 8);
	add_number(b, CODE_SIZE, 8);
	add(b, program, sizeof(program));
}

static void debug_frame(void **state)
{
	union ct_cfi_row_buffer row;
	struct cfi_bytes b;

	(void)state;
	for (int is_64 = 0; is_64 < 2; is_64++) {
		write_debug_frame(&b, is_64);
		struct ct_frame_table table = eh_table(&b);
		table.section.eh = false;
		assert_int_equal(row_at(&table, CODE, &row), CT_OK);
		assert_int_equal(row.row.cfa.offset, 24);
		assert_int_equal(row_at(&table, CODE + CODE_SIZE, &row), CT_NOT_FOUND);
		ct_frame_table_free(&table);
	}
}

/* Every cut of a good table is read without harm. */
static void cut_anywhere(void **state)
{
	const struct tables *t = write_frames();
	union ct_cfi_row_buffer row;

	(void)state;
	for (size_t n = 0; n < t->frames.n; n++) {
		uint8_t *exact = malloc(n + 1);

		assert_non_null(exact);
		memcpy(exact, t->frames.bytes, n);
		struct ct_frame_table table = {.section = {exact, n, TABLE, true}};
		for (unsigned i = 0; i < N_FUNCTIONS; i++)
			(void)!row_at(&table, function(i), &row);
		ct_frame_table_free(&table);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_the_search_table),
		cmocka_unit_test(without_a_search_table),
		cmocka_unit_test(a_search_table_that_lies),
		cmocka_unit_test(a_search_table_that_is_cut_off),
		cmocka_unit_test(a_search_table_that_points_outside),
		cmocka_unit_test(a_header_that_is_none),
		cmocka_unit_test(an_entry_that_is_too_long),
		cmocka_unit_test(an_entry_beyond_all_need),
		cmocka_unit_test(an_unknown_augmentation_is_refused),
		cmocka_unit_test(debug_frame),
		cmocka_unit_test(cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
