/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DWARF expressions as call frame information may have them (DWARF 5, 2.5 and 6.4.2): numbers,
 * registers and memory, no types, no calls, no locations. An operation outside of that is a
 * failure, not a guess.
 */
#ifndef CT_TARGET_DWARF_EXPR_H
#define CT_TARGET_DWARF_EXPR_H

#include "arch/arch.h"
#include "target/stack_words.h"

struct ct_expr_input {
	const struct ct_arch *arch;
	const struct ct_regs *regs;
	struct ct_stack_words *stack;
	uint64_t bias; /* of the module, for DW_OP_addr */
};

/*
 * Evaluates len bytes at code. cfa: what the stack holds at first, or NULL for nothing. CT_FAULT:
 * memory that cannot be read, or a register that is not known; CT_BAD_INPUT: a broken or unending
 * one.
 */
enum ct_status ct_dwarf_expr(const struct ct_expr_input *in, const uint8_t *code, size_t len,
	const uint64_t *cfa, uint64_t *ret);

#endif
