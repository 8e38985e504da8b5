/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of a call frame table (DWARF 5, 6.4.1; for .eh_frame Linux Standard Base 10.6): what
 * all functions of one compilation share (CIE), and one function's address range and program (FDE).
 */
#ifndef CT_TARGET_FRAME_ENTRY_H
#define CT_TARGET_FRAME_ENTRY_H

#include "target/dwarf_bytes.h"

/* The bytes of one .eh_frame or .debug_frame; borrowed from the module's file. */
struct ct_frame_section {
	const uint8_t *data;
	uint64_t size;
	uint64_t addr; /* of data, as the file counts; pointers are relative to it */
	bool eh;       /* else .debug_frame */
};

struct ct_frame_entry {
	uint64_t next;   /* offset of the entry behind it */
	uint64_t cie_at; /* offset of the CIE of an FDE */
	bool is_cie;
	struct ct_bytes body; /* what follows the two words that all entries start with */
};

struct ct_cie {
	struct ct_bytes program; /* run before the program of each FDE */
	uint64_t code_factor;
	int64_t data_factor;
	uint64_t
		return_column; /* DWARF number of the register that stands for the return address */
	uint8_t encoding;      /* DW_EH_PE_* of the addresses in its FDEs */
	uint8_t pads_encoding; /* of the address of the exception table; DW_EH_PE_omit: none */
	bool sized;            /* its FDEs have augmentation data, with a length */
	bool signal;           /* its FDEs are of code that a signal handler returns to */
};

struct ct_fde {
	uint64_t start, end; /* of the function, as the file counts */
	uint64_t pads;       /* its exception table; 0: none */
	struct ct_bytes program;
};

/* The entry at an offset. CT_DONE: the end of the table; CT_BAD_INPUT: there is no entry. */
enum ct_status ct_frame_entry_read(
	const struct ct_frame_section *section, uint64_t at, struct ct_frame_entry *ret);
/* CT_BAD_INPUT: no CIE, or one of a kind that we do not know. */
enum ct_status ct_cie_read(const struct ct_frame_section *section, uint64_t at, struct ct_cie *ret);
enum ct_status ct_fde_read(const struct ct_frame_section *section,
	const struct ct_frame_entry *entry, const struct ct_cie *cie, struct ct_fde *ret);

#endif
