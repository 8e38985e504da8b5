/* SPDX-License-Identifier: Apache-2.0 */
/* What a conditional instruction will find. */
#include "decode/evaluate_internal.h"

/* The numbers are the low four bits of the opcodes: each odd one is the opposite of the one before.
 */
enum { CC_O, CC_B = 2, CC_E = 4, CC_BE = 6, CC_S = 8, CC_P = 10, CC_L = 12, CC_LE = 14 };

static const struct {
	uint16_t jump, set, move;
	uint8_t cc;
} conditions[] = {
	{X86_INS_JO, X86_INS_SETO, X86_INS_CMOVO, CC_O},
	{X86_INS_JNO, X86_INS_SETNO, X86_INS_CMOVNO, CC_O + 1},
	{X86_INS_JB, X86_INS_SETB, X86_INS_CMOVB, CC_B},
	{X86_INS_JAE, X86_INS_SETAE, X86_INS_CMOVAE, CC_B + 1},
	{X86_INS_JE, X86_INS_SETE, X86_INS_CMOVE, CC_E},
	{X86_INS_JNE, X86_INS_SETNE, X86_INS_CMOVNE, CC_E + 1},
	{X86_INS_JBE, X86_INS_SETBE, X86_INS_CMOVBE, CC_BE},
	{X86_INS_JA, X86_INS_SETA, X86_INS_CMOVA, CC_BE + 1},
	{X86_INS_JS, X86_INS_SETS, X86_INS_CMOVS, CC_S},
	{X86_INS_JNS, X86_INS_SETNS, X86_INS_CMOVNS, CC_S + 1},
	{X86_INS_JP, X86_INS_SETP, X86_INS_CMOVP, CC_P},
	{X86_INS_JNP, X86_INS_SETNP, X86_INS_CMOVNP, CC_P + 1},
	{X86_INS_JL, X86_INS_SETL, X86_INS_CMOVL, CC_L},
	{X86_INS_JGE, X86_INS_SETGE, X86_INS_CMOVGE, CC_L + 1},
	{X86_INS_JLE, X86_INS_SETLE, X86_INS_CMOVLE, CC_LE},
	{X86_INS_JG, X86_INS_SETG, X86_INS_CMOVG, CC_LE + 1},
};

int ct_condition_of(unsigned id)
{
	for (size_t i = 0; i < CT_COUNT(conditions); i++)
		if (conditions[i].jump == id || conditions[i].set == id || conditions[i].move == id)
			return conditions[i].cc;
	return -1;
}

static int test_compared(uint64_t left, uint64_t right, unsigned size, unsigned cc)
{
	uint64_t a = ct_low_bits(left, size), b = ct_low_bits(right, size);
	int64_t sa = (int64_t)ct_signed_bits(a, size), sb = (int64_t)ct_signed_bits(b, size);
	bool negative = ct_low_bits(a - b, size) >> (8 * size - 1) & 1;

	switch (cc) {
	case CC_O:
		return negative != (sa < sb);
	case CC_B:
		return a < b;
	case CC_E:
		return a == b;
	case CC_BE:
		return a <= b;
	case CC_S:
		return negative;
	case CC_L:
		return sa < sb;
	case CC_LE:
		return sa <= sb;
	default:
		return -1;
	}
}

/* Compared unknowns: equal ones are equal, and what cannot be zero is not. */
static int test_unknown(const struct ct_evaluator *ev, const struct flags *f, unsigned cc)
{
	if (ct_same_word(f->a, f->b))
		return test_compared(0, 0, f->size, cc);
	if (cc != CC_E)
		return -1;
	if (f->size == 8 && f->a.symbol == f->b.symbol)
		return f->a.number == f->b.number;
	if (!ct_is_number(f->b) || f->b.number || f->a.number || ct_is_number(f->a))
		return -1;
	const struct symbol *s = &ev->symbols.items[f->a.symbol];
	if (s->kind == SYMBOL_LOW && !s->a.number && s->a.symbol)
		s = &ev->symbols.items[s->a.symbol];
	return s->kind == SYMBOL_NON_ZERO ? 0 : -1;
}

int ct_flags_test(const struct ct_evaluator *ev, const struct flags *f, unsigned cc)
{
	unsigned base = cc & ~1u;
	int is = -1;

	if (f->kind == FLAGS_COMPARE && ct_is_number(f->a) && ct_is_number(f->b))
		is = test_compared(f->a.number, f->b.number, f->size, base);
	else if (f->kind == FLAGS_COMPARE)
		is = test_unknown(ev, f, base);
	else if (f->kind == FLAGS_RESULT && ct_is_number(f->a))
		is = test_compared(f->a.number, 0, f->size, base);
	else if (f->kind == FLAGS_SUM && ct_is_number(f->a) && (base == CC_E || base == CC_S))
		is = test_compared(f->a.number, 0, f->size, base);
	else if (f->kind == FLAGS_ZERO && base == CC_E)
		is = f->zero;
	return is < 0 ? -1 : is != (int)(cc & 1);
}
