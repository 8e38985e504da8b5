/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/slot_use.h"

#include "decode/operand.h"

#define MAX_INSTRUCTIONS 64

/* Registers as instructions number them, as indices into struct ct_regs: DWARF's numbers. */
static const uint8_t numbers[16] = {0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};

#define REG_FIRST_ARGUMENT 0 /* of ABIInternal; the same that holds results */
#define REG_SP             7

static bool is_prefix(uint8_t byte)
{
	return byte == 0x66 || byte == 0x67 || byte == 0xf2 || byte == 0xf3 || byte == 0x2e ||
	       (byte & 0xf0) == 0x40;
}

/* jcc, jrcxz and loop, jmp to an address in the instruction. */
static bool is_branch(const uint8_t *code, size_t n)
{
	size_t i = 0;

	while (i < n && is_prefix(code[i]))
		i++;
	if (i >= n)
		return true;
	return (code[i] & 0xf0) == 0x70 || (code[i] & 0xfc) == 0xe0 || code[i] == 0xe9 ||
	       code[i] == 0xeb || (code[i] == 0x0f && i + 1 < n && (code[i + 1] & 0xf0) == 0x80);
}

/* What of an instruction may be written to, beside memory. */
enum { NOTHING, REG, RM, ANYTHING };

/* Of one byte, as far as is needed; push and the like are not, as nothing of use comes after. */
static int written_part(uint8_t opcode)
{
	if (opcode < 0x40 && (opcode & 7) < 4) {
		bool compares = (opcode & 0x38) == 0x38;

		return compares ? NOTHING : opcode & 2 ? REG : RM;
	}
	switch (opcode) {
	case 0x84: /* test */
	case 0x85:
	case 0x90: /* nop */
		return NOTHING;
	case 0x63: /* movsxd */
	case 0x69: /* imul */
	case 0x6b:
	case 0x8a: /* mov */
	case 0x8b:
	case 0x8d: /* lea */
		return REG;
	case 0x80: /* add … cmp */
	case 0x81:
	case 0x83:
	case 0x88: /* mov */
	case 0x89:
	case 0xc6:
	case 0xc7:
	case 0xc1: /* shifts */
	case 0xd1:
	case 0xd3:
	case 0xff: /* inc, dec */
		return RM;
	default:
		return ANYTHING;
	}
}

/* Behind 0x0f. */
static int written_part_0f(uint8_t opcode)
{
	switch (opcode) {
	case 0x10: /* movups, movss, movsd */
	case 0x11:
	case 0x1f: /* nop */
	case 0x28: /* movaps */
	case 0x29:
	case 0x2e: /* ucomisd */
	case 0x57: /* xorps */
	case 0x6f: /* movdqu */
	case 0x7f:
	case 0xef: /* pxor */
		return NOTHING;
	case 0xaf: /* imul */
	case 0xb6: /* movzx, movsx */
	case 0xb7:
	case 0xbe:
	case 0xbf:
		return REG;
	default:
		return (opcode & 0xf0) == 0x40 ? REG : ANYTHING; /* cmov */
	}
}

/* The registers that an instruction may leave something else in: rather too many. */
static uint32_t written(const uint8_t *code, size_t n)
{
	uint8_t rex = 0;
	size_t i = 0;

	while (i < n && is_prefix(code[i]))
		rex = code[i++];
	rex = (rex & 0xf0) == 0x40 ? rex : 0;
	if (i >= n)
		return UINT32_MAX;
	uint8_t opcode = code[i++];
	if ((opcode & 0xf8) == 0xb8) /* mov r, number */
		return 1u << numbers[(opcode & 7) | (rex & 1) << 3];
	int part = opcode != 0x0f ? written_part(opcode)
		   : i < n        ? written_part_0f(code[i++])
				  : ANYTHING;
	if (part == NOTHING)
		return 0;
	if (part == ANYTHING || i >= n)
		return UINT32_MAX;
	if (part == REG)
		return 1u << numbers[(code[i] >> 3 & 7) | (rex & 4) << 1];
	return code[i] >> 6 == 3 ? 1u << numbers[(code[i] & 7) | (rex & 1) << 3] : 0;
}

/* "mov r, …" of 64 bits: the register; CT_NO_REG: it is something else. */
static uint8_t loaded(const uint8_t *code, size_t n)
{
	if (n < 3 || (code[0] & 0xf8) != 0x48 || code[1] != 0x8b)
		return CT_NO_REG;
	return numbers[(code[2] >> 3 & 7) | (code[0] & 4) << 1];
}

static bool is_slot(const struct ct_instruction *insn, int64_t slot)
{
	const struct ct_operand *o = &insn->operands[0];

	return insn->n_operands && o->base == REG_SP && o->index == CT_NO_REG &&
	       o->segment == CT_NO_REG && o->displacement == slot;
}

static uint64_t target_of(const uint8_t *code, size_t length, uint64_t pc)
{
	int32_t distance;

	if (length < 5)
		return 0;
	memcpy(&distance, code + length - 4, sizeof(distance));
	return pc + length + (uint64_t)(int64_t)distance;
}

static bool goes_through(const struct ct_instruction *insn, uint32_t has)
{
	for (unsigned i = 0; i < insn->n_operands; i++) {
		const struct ct_operand *o = &insn->operands[i];

		if (o->base < 16 && has >> o->base & 1 && (o->read || o->write))
			return true;
	}
	return false;
}

struct ct_slot_use ct_slot_use_of(const uint8_t *code, size_t n, uint64_t pc, int64_t slot)
{
	struct ct_slot_use ret = {.through = false};
	uint32_t has = 0; /* bit i: register i has the pointer */
	struct ct_instruction insn;

	for (unsigned i = 0; i < MAX_INSTRUCTIONS; i++, code += insn.length, n -= insn.length) {
		if (ct_decode(code, n, &insn) || is_branch(code, n))
			return ret;
		ret.through = goes_through(&insn, has);
		if (insn.kind == CT_INSN_CALL_NEAR && has >> REG_FIRST_ARGUMENT & 1)
			ret.passed = target_of(code, insn.length, pc);
		if (ret.through || insn.kind != CT_INSN_OTHER)
			return ret;
		uint8_t reg = loaded(code, n);
		has &= ~written(code, n);
		if (is_slot(&insn, slot)) {
			if (insn.operands[0].write)
				return ret;
			if (reg != CT_NO_REG)
				has |= 1u << reg;
		}
		pc += insn.length;
	}
	return ret;
}
