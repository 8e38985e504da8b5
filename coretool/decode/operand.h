/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The length and the memory operands of one x86-64 instruction: general ones, SSE, AVX and AVX-512
 * with its scaled displacements (Intel SDM volume 2, chapters 2 and appendix A). capstone 4.0.2
 * lacks parts of AVX-512 and misnames others, among them instructions of libc's string functions;
 * so the numbers come from here, and only the name from there.
 */
#ifndef CT_DECODE_OPERAND_H
#define CT_DECODE_OPERAND_H

#include "arch/arch.h"

#define CT_MAX_INSTRUCTION 15
#define CT_MAX_OPERANDS    3
#define CT_NO_REG          0xff

/* segment + base + index * scale + displacement. Registers are indices into struct ct_regs. */
struct ct_operand {
	uint8_t base, index; /* CT_NO_REG: none; base is the pc when it is relative to that */
	uint8_t segment;     /* the register with the segment's base; CT_NO_REG: none */
	uint8_t scale;
	uint8_t address_bytes; /* 8; 4: the sum is cut to 32 bits */
	int64_t displacement;
	uint32_t size;    /* bytes; 0: not known */
	bool read, write; /* neither: the address is only computed */
	bool implied;     /* by push, ret, movs …: the text of the instruction does not show it */
	bool repeated;    /* size bytes again and again, upwards: rep */
	bool vector_index; /* the index is a vector register: the addresses are not known */
	/* Added to the address: the word that bit number `bits` of memory is in; CT_NO_REG. */
	uint8_t bits;
};

enum ct_instruction_kind {
	CT_INSN_OTHER,
	CT_INSN_CALL,      /* through a register or memory */
	CT_INSN_CALL_NEAR, /* to an address in the instruction */
	CT_INSN_JUMP,      /* through a register or memory */
	CT_INSN_RETURN,
	CT_INSN_DIVIDE, /* unsigned */
	CT_INSN_DIVIDE_SIGNED,
	CT_INSN_UNDEFINED,  /* ud0, ud1, ud2 */
	CT_INSN_BREAKPOINT, /* int3, int1 */
	CT_INSN_PRIVILEGED, /* hlt, in, out, cli … */
};

struct ct_instruction {
	uint8_t length;
	uint8_t n_operands;
	enum ct_instruction_kind kind;
	uint8_t size;   /* of the operand of calls, jumps and divisions */
	uint8_t reg;    /* their operand, when it is no memory; CT_NO_REG: it is operands[0] */
	bool high_byte; /* reg stands for its bits 8 to 15 */
	bool aligned;   /* memory of 16 bytes or more must be aligned (SSE without VEX) */
	bool atomic;    /* a lock prefix, or xchg with memory, which needs none */
	bool probes;    /* test of memory with a register: Go's way to see that a pointer is good */
	bool has_constant; /* it moves this into its operand */
	int64_t constant;
	struct ct_operand operands[CT_MAX_OPERANDS]; /* that of the ModRM byte first */
};

/*
 * code: the n bytes from the instruction on; more than CT_MAX_INSTRUCTION are not looked at.
 * CT_FAULT: it does not end within n bytes. CT_NOT_FOUND: no instruction that is known here.
 */
CT_WARN_UNUSED enum ct_status ct_decode(const uint8_t *code, size_t n, struct ct_instruction *ret);

/*
 * The effective address when the instruction at the pc of regs begins. CT_NOT_FOUND: a register
 * that it needs is not known, or a vector.
 */
CT_WARN_UNUSED enum ct_status ct_operand_address(const struct ct_instruction *instruction,
	const struct ct_operand *operand, const struct ct_regs *regs, uint64_t *ret);

/* "rax"; by an index into struct ct_regs. */
const char *ct_register_name(unsigned reg);

/* The two halves of what divide and multiply work on. */
#define CT_REG_LOW   0 /* rax */
#define CT_REG_HIGH  1 /* rdx */
#define CT_REG_COUNT 2 /* rcx: how often a repeated operand is accessed */

#endif
