/* SPDX-License-Identifier: Apache-2.0 */
/* The text of an instruction, as gdb and objdump write it (AT&T syntax). */
#ifndef CT_DECODE_INSTRUCTION_H
#define CT_DECODE_INSTRUCTION_H

#include "base/arena.h"
#include "decode/operand.h"

/*
 * "mov 0x18(%rax), %edx": by capstone where that agrees with our own decoder about the length, else
 * the bytes: "(bytes 62 f1 …)". code: the n bytes from pc on, of which at least one. In arena;
 * NULL: no memory.
 */
const char *ct_instruction_text(struct ct_arena *arena, const uint8_t *code, size_t n, uint64_t pc);

/* "0x18(%rax,%rcx,4)", "%fs:0x28"; "(%rdi)" of an operand that the instruction does not show. */
const char *ct_operand_text(struct ct_arena *arena, const struct ct_operand *operand);

#endif
