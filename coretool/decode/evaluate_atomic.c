/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Atomic instructions: how lock functions look where they are inlined, or in code that calls none.
 * Only words of at most 4 bytes are locks; 8 bytes are reference counts. By what is exchanged:
 *
 *	cmpxchg  0 -> n              acquires       n -> 0        releases
 *	         n -> n + 1          counts up      n -> n - 1    counts down
 *	xchg     n, not 0            acquires, if there was 0     0: releases
 *	xadd, add, sub, inc, dec     count up or down; by another negative number: release
 *	and, btr                     release        bts           acquires
 *
 * Where the outcome is not known both are taken: this makes saved results of a try resolve by
 * themselves.
 */
#include "decode/evaluate_internal.h"

#define MAX_LOCK 4 /* bytes of a lock word */
#define NOTHING  UINT8_MAX

static void emit(struct ct_evaluator *ev, struct state *st, const struct instruction *in,
	struct ct_term object, uint8_t kind)
{
	if (kind != NOTHING)
		ct_state_event(ev, st,
			&(struct ct_code_event){
				.kind = kind, .inlined = true, .object = object, .pc = in->pc});
}

/* n -> n | 1: how the TryLock of a Go Mutex looks. */
static bool sets_lowest_bit(const struct ct_evaluator *ev, struct ct_term from, struct ct_term to)
{
	const struct symbol *s = &ev->symbols.items[to.symbol];

	return ev->view.counted && to.symbol && s->kind == SYMBOL_OR && ct_same_word(s->a, from) &&
	       ct_is_number(s->b) && s->b.number & 1;
}

static uint8_t kind_of_exchange(
	const struct ct_evaluator *ev, struct ct_term from, struct ct_term to, unsigned size)
{
	if (size > MAX_LOCK)
		return NOTHING;
	if (sets_lowest_bit(ev, from, to))
		return CT_EVENT_ACQUIRE;
	if (ct_is_number(from) && ct_is_number(to)) {
		if (!from.number)
			return to.number ? CT_EVENT_ACQUIRE : NOTHING;
		if (!to.number)
			return CT_EVENT_RELEASE;
	} else if (ct_is_number(from)) {
		return from.number ? NOTHING : CT_EVENT_ACQUIRE;
	} else if (ct_is_number(to)) {
		return to.number ? NOTHING : CT_EVENT_RELEASE;
	}
	if (from.symbol != to.symbol)
		return NOTHING;
	uint64_t change = ct_low_bits(to.number - from.number, size);
	if (change == 1)
		return CT_EVENT_UP;
	return change == ct_low_bits(UINT64_MAX, size) ? CT_EVENT_DOWN : NOTHING;
}

/* The expected value, seen through the narrowing that its arithmetic went through. */
static struct ct_term plain(const struct ct_evaluator *ev, struct ct_term w)
{
	for (unsigned i = 0; i < 8 && w.symbol; i++) {
		const struct symbol *s = &ev->symbols.items[w.symbol];

		if (s->kind == SYMBOL_LOW)
			w = (struct ct_term){s->a.symbol, s->a.number + w.number};
		else if (s->kind == SYMBOL_ADD && ct_is_number(s->b))
			w = (struct ct_term){s->a.symbol, s->a.number + s->b.number + w.number};
		else if (s->kind == SYMBOL_ADD && ct_is_number(s->a))
			w = (struct ct_term){s->b.symbol, s->b.number + s->a.number + w.number};
		else if (s->kind == SYMBOL_SUB && ct_is_number(s->b))
			w = (struct ct_term){s->a.symbol, s->a.number - s->b.number + w.number};
		else
			break;
	}
	return w;
}

static bool compare_exchange(struct ct_evaluator *ev, struct state *st,
	const struct instruction *in, struct state *other)
{
	struct ct_term at = ct_state_address(ev, st, &in->op[0]);
	unsigned size = in->op[0].size;
	struct ct_term from = ct_word_low(ev, st->reg[RAX], size);
	struct ct_term to = ct_state_get(ev, st, &in->op[1]);

	*other = *st;
	other->flags = (struct flags){.kind = FLAGS_ZERO, .zero = false};
	ct_state_set_low(ev, other, RAX, size, ct_word_fresh(ev));
	st->flags = (struct flags){.kind = FLAGS_ZERO, .zero = true};
	ct_state_store(ev, st, at, size, to);
	emit(ev, st, in, at, kind_of_exchange(ev, plain(ev, from), plain(ev, to), size));
	return true;
}

/* xchg with memory: an acquisition when it finds 0 and leaves something else. */
static bool exchange(struct ct_evaluator *ev, struct state *st, const struct instruction *in,
	struct state *other)
{
	unsigned mem = in->op[0].type == OPERAND_MEM ? 0 : 1;
	const struct operand *reg = &in->op[1 - mem];
	unsigned size = in->op[mem].size;
	struct ct_term at = ct_state_address(ev, st, &in->op[mem]);
	struct ct_term value = ct_state_get(ev, st, reg);
	bool forks = size <= MAX_LOCK && ct_is_number(value) && value.number;

	if (forks) {
		*other = *st;
		ct_state_store(ev, other, at, size, value);
		ct_state_put(ev, other, reg,
			(struct ct_term){
				ct_word_symbol(ev, SYMBOL_NON_ZERO, size, at, ct_number(in->pc))
					.symbol,
				0});
		emit(ev, st, in, at, CT_EVENT_ACQUIRE);
	} else if (size <= MAX_LOCK && ct_is_number(value)) {
		emit(ev, st, in, at, CT_EVENT_RELEASE);
	}
	ct_state_store(ev, st, at, size, value);
	ct_state_put(ev, st, reg, forks ? ct_number(0) : ct_word_fresh(ev));
	return forks;
}

static uint8_t kind_of_change(const struct instruction *in, struct ct_term by, unsigned size)
{
	uint64_t minus_one = ct_low_bits(UINT64_MAX, size);

	if (size > MAX_LOCK)
		return NOTHING;
	switch (in->id) {
	case X86_INS_INC:
		return CT_EVENT_UP;
	case X86_INS_DEC:
		return CT_EVENT_DOWN;
	case X86_INS_BTR:
	case X86_INS_AND:
		return CT_EVENT_RELEASE;
	case X86_INS_BTS:
		return CT_EVENT_ACQUIRE;
	case X86_INS_SUB:
		by = ct_number(ct_low_bits(-by.number, size));
		break;
	case X86_INS_ADD:
	case X86_INS_XADD:
		break;
	default:
		return NOTHING;
	}
	by.number = ct_low_bits(by.number, size);
	if (by.number == 1)
		return CT_EVENT_UP;
	if (by.number == minus_one)
		return CT_EVENT_DOWN;
	return by.number >> (8 * size - 1) ? CT_EVENT_RELEASE : NOTHING;
}

static void change(struct ct_evaluator *ev, struct state *st, const struct instruction *in)
{
	struct ct_term at = ct_state_address(ev, st, &in->op[0]);
	struct ct_term by = in->n > 1 ? ct_state_get(ev, st, &in->op[1]) : ct_number(1);
	unsigned size = in->op[0].size;

	if (ct_is_number(by))
		emit(ev, st, in, at, kind_of_change(in, by, size));
	ct_state_lose(ev, st, at, size, false);
	if (in->id == X86_INS_XADD)
		ct_state_put(ev, st, &in->op[1], ct_word_fresh(ev));
	st->flags.kind = FLAGS_UNKNOWN;
}

bool ct_step_atomic(struct ct_evaluator *ev, struct state *st, const struct instruction *in,
	struct state *other, bool *forks)
{
	bool first = in->n && in->op[0].type == OPERAND_MEM;

	*forks = false;
	if (in->id == X86_INS_XCHG && in->n == 2 && (first || in->op[1].type == OPERAND_MEM))
		*forks = exchange(ev, st, in, other);
	else if (!first)
		return false;
	else if (in->id == X86_INS_CMPXCHG)
		*forks = compare_exchange(ev, st, in, other);
	else if (in->lock)
		change(ev, st, in);
	else
		return false;
	return true;
}
