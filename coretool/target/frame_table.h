/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One module's call frame table: the FDE that covers an address. By the linker's search table
 * (.eh_frame_hdr) where it answers; else by a list of all FDEs, made once, which is also the way
 * for .debug_frame and for a search table that is missing, unsorted or incomplete.
 */
#ifndef CT_TARGET_FRAME_TABLE_H
#define CT_TARGET_FRAME_TABLE_H

#include <libelf.h>

#include "base/vec.h"
#include "target/frame_entry.h"

struct ct_frame_range {
	uint64_t start, end;
	uint64_t entry_at;
};

/* Zeros are an empty table. Addresses are the file's. */
struct ct_frame_table {
	struct ct_frame_section section;
	const uint8_t
		*search; /* pairs of 32-bit (function, FDE), relative to search_addr; or NULL */
	uint64_t n_search, search_addr;
	CT_VEC(struct ct_frame_range) list; /* sorted by start */
	bool listed;
};

/* The tables of an ELF file, whose bytes they borrow. CT_NOT_FOUND: it has none. */
enum ct_status ct_frame_table_eh(Elf *elf, struct ct_frame_table *ret);
enum ct_status ct_frame_table_debug(Elf *elf, struct ct_frame_table *ret);
void ct_frame_table_free(struct ct_frame_table *table);

/* CT_NOT_FOUND: no FDE covers addr. */
enum ct_status ct_frame_table_find(
	struct ct_frame_table *table, uint64_t addr, struct ct_cie *cie, struct ct_fde *fde);

/* Takes the search table out of .eh_frame_hdr's bytes, and where it says that .eh_frame is. */
enum ct_status ct_frame_table_read_header(const uint8_t *data, size_t size, uint64_t addr,
	struct ct_frame_table *table, uint64_t *eh_frame_addr);

#endif
