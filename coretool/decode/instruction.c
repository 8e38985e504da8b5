/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/instruction.h"

#include <capstone/capstone.h>
#include <inttypes.h>

#include "base/str.h"

#define EVEX 0x62

/* capstone 4.0.2 takes the index register of some instructions of AVX-512 for a vector. */
static bool is_misread(const uint8_t *code, const struct ct_instruction *insn)
{
	return code[0] == EVEX && insn->n_operands && insn->operands[0].index != CT_NO_REG;
}

static const char *by_capstone(struct ct_arena *arena, const uint8_t *code, size_t n, uint64_t pc,
	const struct ct_instruction *known)
{
	const char *ret = NULL;
	cs_insn *insn;
	csh handle;

	if (is_misread(code, known) || cs_open(CS_ARCH_X86, CS_MODE_64, &handle))
		return NULL;
	cs_option(handle, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
	size_t count = cs_disasm(handle, code, n, pc, 1, &insn);
	if (count) {
		if (insn->size == known->length)
			ret = ct_arena_printf(arena, "%s%s%s", insn->mnemonic,
				*insn->op_str ? " " : "", insn->op_str);
		cs_free(insn, count);
	}
	cs_close(&handle);
	return ret;
}

static const char *by_bytes(struct ct_arena *arena, const uint8_t *code, size_t n)
{
	ct_autostr text = {0};

	for (size_t i = 0; i < n; i++)
		ct_str_add(&text, "%s%02x", i ? " " : "(bytes ", code[i]);
	ct_str_add(&text, ")");
	return ct_arena_strndup(arena, ct_str_text(&text), text.len);
}

const char *ct_instruction_text(struct ct_arena *arena, const uint8_t *code, size_t n, uint64_t pc)
{
	struct ct_instruction insn;
	const char *text;

	n = CT_MIN(n, (size_t)CT_MAX_INSTRUCTION);
	if (ct_decode(code, n, &insn))
		return by_bytes(arena, code, CT_MIN(n, (size_t)8));
	text = by_capstone(arena, code, n, pc, &insn);
	return text ? text : by_bytes(arena, code, insn.length);
}

const char *ct_operand_text(struct ct_arena *arena, const struct ct_operand *operand)
{
	bool inside = operand->base != CT_NO_REG || operand->index != CT_NO_REG;
	int64_t at = operand->displacement;
	ct_autostr text = {0};

	if (operand->segment != CT_NO_REG)
		ct_str_add(&text, "%%%.2s:", ct_register_name(operand->segment));
	if (at < 0 && inside)
		ct_str_add(&text, "-0x%" PRIx64, -(uint64_t)at);
	else if (at || !inside)
		ct_str_add(&text, "0x%" PRIx64, (uint64_t)at);
	if (inside)
		ct_str_add(&text, "(");
	if (operand->base != CT_NO_REG)
		ct_str_add(&text, "%%%s", ct_register_name(operand->base));
	if (operand->index != CT_NO_REG)
		ct_str_add(&text, ",%%%s,%u", ct_register_name(operand->index), operand->scale);
	else if (operand->vector_index)
		ct_str_add(&text, ",vector,%u", operand->scale);
	if (inside)
		ct_str_add(&text, ")");
	return ct_arena_strndup(arena, ct_str_text(&text), text.len);
}
