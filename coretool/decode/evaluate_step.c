/* SPDX-License-Identifier: Apache-2.0 */
/* What one instruction does, when it is neither a jump nor on shared memory. */
#include "decode/evaluate_internal.h"

static void set_flags(
	struct state *st, enum flags_kind kind, unsigned size, struct ct_term a, struct ct_term b)
{
	st->flags = (struct flags){.kind = (uint8_t)kind, .size = (uint8_t)size, .a = a, .b = b};
}

static void push(struct ct_evaluator *ev, struct state *st, const struct instruction *in)
{
	struct ct_term value = ct_state_get(ev, st, &in->op[0]);

	st->reg[RSP].number -= 8;
	ct_state_store(ev, st, st->reg[RSP], 8, value);
}

static void pop(struct ct_evaluator *ev, struct state *st, const struct instruction *in)
{
	struct ct_term value = ct_state_load(ev, st, st->reg[RSP], 8);

	st->reg[RSP].number += 8;
	ct_state_put(ev, st, &in->op[0], value);
}

static void leave(struct ct_evaluator *ev, struct state *st)
{
	st->reg[RSP] = st->reg[RBP];
	st->reg[RBP] = ct_state_load(ev, st, st->reg[RSP], 8);
	st->reg[RSP].number += 8;
}

static void test(struct ct_evaluator *ev, struct state *st, const struct instruction *in)
{
	struct ct_term a = ct_state_get(ev, st, &in->op[0]), b = ct_state_get(ev, st, &in->op[1]);
	unsigned size = in->op[0].size;
	struct ct_term both = ct_word_op(ev, SYMBOL_AND, a, b, size);

	if (ct_is_number(both))
		set_flags(st, FLAGS_RESULT, size, both, ct_number(0));
	else
		set_flags(st, FLAGS_COMPARE, size, both, ct_number(0));
}

/* Of both sides' operation, for add, and, xor …: the first operand is also the destination. */
static const struct {
	uint16_t id;
	uint8_t op, flags;
} arithmetic[] = {
	{X86_INS_ADD, SYMBOL_ADD, FLAGS_SUM},
	{X86_INS_SUB, SYMBOL_SUB, FLAGS_COMPARE},
	{X86_INS_AND, SYMBOL_AND, FLAGS_RESULT},
	{X86_INS_OR, SYMBOL_OR, FLAGS_RESULT},
	{X86_INS_XOR, SYMBOL_XOR, FLAGS_RESULT},
	{X86_INS_SHL, SYMBOL_SHL, FLAGS_SUM},
	{X86_INS_SAL, SYMBOL_SHL, FLAGS_SUM},
	{X86_INS_SHR, SYMBOL_SHR, FLAGS_SUM},
	{X86_INS_SAR, SYMBOL_SAR, FLAGS_SUM},
	{X86_INS_INC, SYMBOL_ADD, FLAGS_SUM},
	{X86_INS_DEC, SYMBOL_SUB, FLAGS_SUM},
};

static bool step_arithmetic(struct ct_evaluator *ev, struct state *st, const struct instruction *in)
{
	size_t row = 0;

	while (row < CT_COUNT(arithmetic) && arithmetic[row].id != in->id)
		row++;
	if (row == CT_COUNT(arithmetic) || in->n < 1 || in->op[0].type == OPERAND_VEC)
		return false;
	unsigned size = in->op[0].size;
	struct ct_term a = ct_state_get(ev, st, &in->op[0]);
	struct ct_term b = in->n > 1 ? ct_state_get(ev, st, &in->op[1]) : ct_number(1);
	struct ct_term result = ct_word_op(ev, arithmetic[row].op, a, b, size);

	ct_state_put(ev, st, &in->op[0], result);
	if (arithmetic[row].flags == FLAGS_COMPARE)
		set_flags(st, FLAGS_COMPARE, size, a, b);
	else if (ct_is_number(result))
		set_flags(st, arithmetic[row].flags, size, result, ct_number(0));
	else if (arithmetic[row].flags == FLAGS_RESULT)
		set_flags(st, FLAGS_COMPARE, size, result, ct_number(0));
	else
		set_flags(st, FLAGS_UNKNOWN, size, result, result);
	return true;
}

static void multiply(struct ct_evaluator *ev, struct state *st, const struct instruction *in)
{
	st->flags.kind = FLAGS_UNKNOWN;
	if (in->n < 2) {
		ct_state_forget_registers(ev, st, 1u << RAX | 1u << RDX);
		return;
	}
	struct ct_term a = ct_state_get(ev, st, &in->op[in->n - 2]);
	struct ct_term b = ct_state_get(ev, st, &in->op[in->n - 1]);
	ct_state_put(ev, st, &in->op[0], ct_word_op(ev, SYMBOL_MUL, a, b, in->op[0].size));
}

static void negate(struct ct_evaluator *ev, struct state *st, const struct instruction *in)
{
	struct ct_term a = ct_state_get(ev, st, &in->op[0]);
	unsigned size = in->op[0].size;

	if (in->id == X86_INS_NOT) {
		ct_state_put(ev, st, &in->op[0],
			ct_word_op(ev, SYMBOL_XOR, a, ct_number(UINT64_MAX), size));
		return;
	}
	ct_state_put(ev, st, &in->op[0], ct_word_op(ev, SYMBOL_SUB, ct_number(0), a, size));
	set_flags(st, FLAGS_COMPARE, size, ct_number(0), a);
}

static void extend(struct ct_evaluator *ev, struct state *st, const struct instruction *in)
{
	struct ct_term value = ct_state_get(ev, st, &in->op[1]);

	if (in->id != X86_INS_MOVZX)
		value = ct_word_signed(ev, value, in->op[1].size);
	ct_state_put(ev, st, &in->op[0], value);
}

static void exchange(struct ct_evaluator *ev, struct state *st, const struct instruction *in)
{
	struct ct_term a = ct_state_get(ev, st, &in->op[0]), b = ct_state_get(ev, st, &in->op[1]);

	ct_state_put(ev, st, &in->op[0], b);
	ct_state_put(ev, st, &in->op[1], a);
}

/* Moves if a condition holds: on an unknown one, in *other. */
static bool move_if(struct ct_evaluator *ev, struct state *st, const struct instruction *in,
	unsigned cc, struct state *other)
{
	int holds = ct_flags_test(ev, &st->flags, cc);
	struct ct_term kept = ct_state_get(ev, st, &in->op[0]);
	struct ct_term moved = ct_state_get(ev, st, &in->op[1]);

	if (holds < 0 && ct_same_word(kept, moved))
		holds = 0;
	if (holds < 0) {
		*other = *st;
		ct_state_put(ev, other, &in->op[0], moved);
	}
	/* 32 bits clear the upper half in any case. */
	ct_state_put(ev, st, &in->op[0], holds > 0 ? moved : kept);
	return holds < 0;
}

#define MAX_FILL 64 /* words that a rep stos is followed for */

static void fill(struct ct_evaluator *ev, struct state *st, const struct instruction *in)
{
	struct ct_term at = st->reg[RDI], count = st->reg[RCX];
	unsigned size = in->op[0].size;
	bool known = in->rep && ct_is_number(count) && count.number <= MAX_FILL;

	if (!known) {
		ct_state_lose(ev, st, at, 8 * MAX_FILL, false);
		ct_state_forget_registers(ev, st, 1u << RDI | 1u << RCX);
		return;
	}
	for (uint64_t i = 0; i < count.number; i++, at.number += size)
		ct_state_store(ev, st, at, size, ct_word_low(ev, st->reg[RAX], size));
	st->reg[RDI] = at;
	st->reg[RCX] = ct_number(0);
}

/* Whatever else it is: what it writes is not known any more. */
static void step_unknown(struct ct_evaluator *ev, struct state *st, const struct instruction *in)
{
	const struct operand *to = &in->op[0];

	ct_state_forget_registers(ev, st, in->writes & ~(1u << RSP));
	if (in->n && to->type == OPERAND_VEC)
		st->vec[to->reg][0] = st->vec[to->reg][1] = ct_word_fresh(ev);
	else if (in->n && to->type == OPERAND_MEM && to->size)
		ct_state_lose(ev, st, ct_state_address(ev, st, to), to->size, false);
	st->flags.kind = FLAGS_UNKNOWN;
}

/* Changes nothing that we look at. */
static bool is_nothing(const struct instruction *in)
{
	switch (in->id) {
	case X86_INS_NOP:
	case X86_INS_ENDBR64:
	case X86_INS_PAUSE:
	case X86_INS_MFENCE:
	case X86_INS_LFENCE:
	case X86_INS_SFENCE:
	case X86_INS_CLD:
	case X86_INS_PREFETCHT0:
	case X86_INS_PREFETCHW:
		return true;
	default:
		return false;
	}
}

static bool step_plain(struct ct_evaluator *ev, struct state *st, const struct instruction *in)
{
	switch (in->id) {
	case X86_INS_MOV:
	case X86_INS_MOVABS:
		ct_state_put(ev, st, &in->op[0], ct_state_get(ev, st, &in->op[1]));
		return true;
	case X86_INS_LEA:
		ct_state_put(ev, st, &in->op[0], ct_state_address(ev, st, &in->op[1]));
		return true;
	case X86_INS_PUSH:
		push(ev, st, in);
		return true;
	case X86_INS_POP:
		pop(ev, st, in);
		return true;
	case X86_INS_LEAVE:
		leave(ev, st);
		return true;
	case X86_INS_MOVZX:
	case X86_INS_MOVSX:
	case X86_INS_MOVSXD:
		extend(ev, st, in);
		return true;
	case X86_INS_CDQE:
		st->reg[RAX] = ct_word_signed(ev, ct_word_low(ev, st->reg[RAX], 4), 4);
		return true;
	case X86_INS_CMP:
		set_flags(st, FLAGS_COMPARE, in->op[0].size, ct_state_get(ev, st, &in->op[0]),
			ct_state_get(ev, st, &in->op[1]));
		return true;
	case X86_INS_TEST:
		test(ev, st, in);
		return true;
	case X86_INS_IMUL:
		multiply(ev, st, in);
		return true;
	case X86_INS_NEG:
	case X86_INS_NOT:
		negate(ev, st, in);
		return true;
	case X86_INS_XCHG:
		exchange(ev, st, in);
		return true;
	case X86_INS_STOSB:
	case X86_INS_STOSW:
	case X86_INS_STOSD:
	case X86_INS_STOSQ:
		fill(ev, st, in);
		return true;
	default:
		return false;
	}
}

bool ct_step(struct ct_evaluator *ev, struct state *st, const struct instruction *in,
	struct state *other)
{
	int cc = in->cc;
	bool forks = false;

	st->pc = in->next;
	if (cc >= 0 && in->n == 2) {
		forks = move_if(ev, st, in, (unsigned)cc, other);
	} else if (cc >= 0) {
		int holds = ct_flags_test(ev, &st->flags, (unsigned)cc);

		ct_state_put(ev, st, &in->op[0],
			holds < 0 ? ct_word_fresh(ev) : ct_number((uint64_t)holds));
	} else if (!is_nothing(in) && !ct_step_atomic(ev, st, in, other, &forks) &&
		   !step_plain(ev, st, in) && !step_arithmetic(ev, st, in) &&
		   !ct_step_vector(ev, st, in)) {
		step_unknown(ev, st, in);
	}
	return forks;
}
