/* SPDX-License-Identifier: Apache-2.0 */
/* Moves through vector registers: compilers copy pairs of pointers with them, guards among them. */
#include "decode/evaluate_internal.h"

static struct ct_term next_half(struct ct_term at)
{
	return (struct ct_term){at.symbol, at.number + 8};
}

static void load(
	struct ct_evaluator *ev, struct state *st, unsigned reg, const struct operand *from)
{
	struct ct_term at = ct_state_address(ev, st, from);

	st->vec[reg][0] = ct_state_load(ev, st, at, CT_MIN(from->size, 8));
	st->vec[reg][1] = from->size > 8 ? ct_state_load(ev, st, next_half(at), 8) : ct_number(0);
}

static void save(struct ct_evaluator *ev, struct state *st, const struct operand *to, unsigned reg)
{
	struct ct_term at = ct_state_address(ev, st, to);

	if (to->size > 16) {
		ct_state_lose(ev, st, at, to->size, false);
		return;
	}
	ct_state_store(ev, st, at, CT_MIN(to->size, 8),
		ct_word_low(ev, st->vec[reg][0], CT_MIN(to->size, 8)));
	if (to->size > 8)
		ct_state_store(ev, st, next_half(at), 8, st->vec[reg][1]);
}

static bool move(struct ct_evaluator *ev, struct state *st, const struct instruction *in)
{
	const struct operand *to = &in->op[0], *from = &in->op[1];

	if (in->n != 2)
		return false;
	if (to->type == OPERAND_VEC && from->type == OPERAND_MEM) {
		load(ev, st, to->reg, from);
	} else if (to->type == OPERAND_MEM && from->type == OPERAND_VEC) {
		save(ev, st, to, from->reg);
	} else if (to->type == OPERAND_VEC && from->type == OPERAND_VEC) {
		bool whole = in->id != X86_INS_MOVQ && in->id != X86_INS_VMOVQ;

		st->vec[to->reg][0] = st->vec[from->reg][0];
		st->vec[to->reg][1] = whole ? st->vec[from->reg][1] : ct_number(0);
	} else if (to->type == OPERAND_VEC && from->type == OPERAND_REG) {
		st->vec[to->reg][0] = ct_state_get(ev, st, from);
		st->vec[to->reg][1] = ct_number(0);
	} else if (to->type == OPERAND_REG && from->type == OPERAND_VEC) {
		ct_state_put(ev, st, to, ct_word_low(ev, st->vec[from->reg][0], to->size));
	} else {
		return false;
	}
	return true;
}

/* The upper half of a register, from or to memory. */
static bool move_high(struct ct_evaluator *ev, struct state *st, const struct instruction *in)
{
	const struct operand *to = &in->op[0], *from = &in->op[1];

	if (in->n != 2)
		return false;
	if (to->type == OPERAND_VEC && from->type == OPERAND_MEM)
		st->vec[to->reg][1] = ct_state_get(ev, st, from);
	else if (to->type == OPERAND_MEM && from->type == OPERAND_VEC)
		ct_state_put(ev, st, to, st->vec[from->reg][1]);
	else
		return false;
	return true;
}

static bool same_vectors(const struct instruction *in)
{
	const struct operand *last = &in->op[in->n - 1];

	return in->n >= 2 && last->type == OPERAND_VEC && in->op[in->n - 2].type == OPERAND_VEC &&
	       in->op[0].type == OPERAND_VEC && in->op[in->n - 2].reg == last->reg;
}

bool ct_step_vector(struct ct_evaluator *ev, struct state *st, const struct instruction *in)
{
	const struct operand *to = &in->op[0];

	switch (in->id) {
	case X86_INS_MOVUPS:
	case X86_INS_MOVAPS:
	case X86_INS_MOVUPD:
	case X86_INS_MOVAPD:
	case X86_INS_MOVDQU:
	case X86_INS_MOVDQA:
	case X86_INS_MOVQ:
	case X86_INS_MOVD:
	case X86_INS_VMOVUPS:
	case X86_INS_VMOVAPS:
	case X86_INS_VMOVDQU:
	case X86_INS_VMOVDQA:
	case X86_INS_VMOVQ:
	case X86_INS_VMOVD:
		return move(ev, st, in);
	case X86_INS_MOVHPS:
	case X86_INS_MOVHPD:
		return move_high(ev, st, in);
	case X86_INS_PUNPCKLQDQ:
		if (in->n != 2 || to->type != OPERAND_VEC || in->op[1].type != OPERAND_VEC)
			return false;
		st->vec[to->reg][1] = st->vec[in->op[1].reg][0];
		return true;
	case X86_INS_PXOR:
	case X86_INS_XORPS:
	case X86_INS_XORPD:
	case X86_INS_VPXOR:
	case X86_INS_VXORPS:
		if (!same_vectors(in))
			return false;
		st->vec[to->reg][0] = st->vec[to->reg][1] = ct_number(0);
		return true;
	default:
		return false;
	}
}
