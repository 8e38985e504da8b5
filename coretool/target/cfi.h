/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Call frame information compiled: how, at one code address, the caller's registers are found. One
 * row per address, kept for all threads: threads that wait for the same thing share all addresses.
 *
 * libdw is not asked for the rows. Its 0.188 keeps 8 bytes for every register number up to the
 * highest that a table names (2 GiB at most) and copies them for every DW_CFA_remember_state, so
 * that twelve bytes of a hostile table take all memory; and on x86-64 it loses rbx where a table
 * does not mention it (its defaults name register 0 instead of 3). The tests compare with it.
 */
#ifndef CT_TARGET_CFI_H
#define CT_TARGET_CFI_H

#include "arch/arch.h"
#include "target/frame_shape.h"
#include "target/frame_table.h"
#include "target/modules.h"

enum ct_cfi_how {
	CT_CFI_UNSET,
	CT_CFI_UNDEFINED,
	CT_CFI_SAME,
	CT_CFI_AT_CFA,     /* saved at CFA + offset */
	CT_CFI_VAL_OFFSET, /* is CFA + offset */
	CT_CFI_REGISTER,   /* is register number offset (for the CFA: register reg, plus offset) */
	CT_CFI_AT_EXPR,    /* saved where the expression says */
	CT_CFI_VAL_EXPR,   /* is what the expression says */
};

/* Registers are the machine's indices. An expression is len bytes of the table, at offset. */
struct ct_cfi_rule {
	uint8_t reg;
	uint8_t how;
	uint16_t len;
	int32_t offset;
};

struct ct_cfi_row {
	const uint8_t *table;   /* what expressions are in */
	uint64_t bias;          /* of the module: address in the target = bias + the file's */
	uint64_t keep;          /* bit i: register i is the same in the caller */
	struct ct_cfi_rule cfa; /* UNSET: there is no CFI for this address */
	uint8_t ret;            /* the register that is the return address */
	uint8_t n_rules;
	bool code;         /* the address is where code can be */
	bool signal;       /* a signal handler returns to this code */
	bool root;         /* the return address is said to be undefined: there is no caller */
	bool exact_caller; /* see struct ct_frame_shape */
	bool shaped;       /* by a struct ct_frame_shape */
	struct ct_cfi_rule rules[];
};

/* Room for any row. */
union ct_cfi_row_buffer {
	struct ct_cfi_row row;
	char room[sizeof(struct ct_cfi_row) + CT_MAX_REGS * sizeof(struct ct_cfi_rule)];
};

/*
 * The row of a table for addr (as the file counts). CT_NOT_FOUND: the table does not cover addr;
 * CT_BAD_INPUT: what it says is broken, or more than we take. *work grows by the bytes of the
 * programs.
 */
enum ct_status ct_cfi_compile(struct ct_frame_table *table, const struct ct_arch *arch,
	uint64_t addr, uint64_t *work, struct ct_cfi_row *ret);

/* May code run at addr? Where the source does not record what is mapped, it may. */
bool ct_cfi_is_code(struct ct_target *target, uint64_t addr);

struct ct_cfi;

struct ct_cfi *ct_cfi_new(struct ct_target *target); /* NULL: no memory */
/* Asks shaper first for every row. */
void ct_cfi_shape(struct ct_cfi *cfi, ct_frame_shaper *shaper, void *arg);
void ct_cfi_free(struct ct_cfi *cfi);

/*
 * The row for an address of the target, without CFI one that says so; NULL: no memory. pc is exact
 * for a thread's own pc and behind a signal frame; a return address belongs to the call before it,
 * so ask for one byte less. A row is valid until the next call.
 */
const struct ct_cfi_row *ct_cfi_row(struct ct_cfi *cfi, uint64_t pc);

#endif
