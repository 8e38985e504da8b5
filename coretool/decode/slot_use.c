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

/* "mov r, …" or "lea r, …" of 64 bits: the register; CT_NO_REG: it is something else. */
static uint8_t loaded(const uint8_t *code, size_t n)
{
	if (n < 3 || (code[0] & 0xf8) != 0x48 || (code[1] != 0x8b && code[1] != 0x8d))
		return CT_NO_REG;
	return numbers[(code[2] >> 3 & 7) | (code[0] & 4) << 1];
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
		const struct ct_operand *o = &insn.operands[0];
		if (reg != CT_NO_REG) {
			has &= ~(1u << reg);
			if (insn.n_operands && o->base == REG_SP && o->index == CT_NO_REG &&
				o->displacement == slot && o->read)
				has |= 1u << reg;
		}
		pc += insn.length;
	}
	return ret;
}
