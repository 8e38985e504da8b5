/* SPDX-License-Identifier: Apache-2.0 */
/* What came out: paths, their events, and what a frame as it is now says of their unknowns. */
#include "decode/evaluate_internal.h"

#define MAX_IDLE   256 /* stores of code of which nothing comes */
#define MAX_NESTED 16  /* unknowns in an unknown, to be resolved */

uint32_t ct_evaluate_n_paths(const struct ct_evaluator *ev)
{
	return ev->paths.n;
}

enum ct_path_end ct_path_end(const struct ct_evaluator *ev, uint32_t path)
{
	return ev->paths.items[path].end;
}

uint32_t ct_path_last_event(const struct ct_evaluator *ev, uint32_t path)
{
	return ev->paths.items[path].state.events;
}

const struct ct_code_event *ct_code_event(const struct ct_evaluator *ev, uint32_t event)
{
	return &ev->events.items[event];
}

bool ct_evaluate_cut(const struct ct_evaluator *ev)
{
	return ev->cut;
}

bool ct_evaluate_unclear(const struct ct_evaluator *ev)
{
	return ev->unclear;
}

static bool is_own_stack(const struct ct_evaluator *ev, struct ct_term at)
{
	const struct ct_evaluation *in = &ev->in;

	return ct_is_number(at) && at.number - in->stack_low < in->stack_high - in->stack_low;
}

/* How many other numbers have been stored to the same place before; many, where it is no number. */
static unsigned count_other(const struct ct_evaluator *ev, uint32_t store)
{
	const struct store *s = &ev->stores.items[store];
	uint64_t other = s->value.number;
	unsigned n = ct_is_number(s->value) ? 0 : 2;

	for (uint32_t i = 0; i < store && n < 2; i++) {
		const struct store *before = &ev->stores.items[i];

		if (before->at.number != s->at.number || before->unknown ||
			before->value.number == s->value.number)
			continue;
		if (!n || before->value.number != other)
			n++;
		other = before->value.number;
	}
	return n;
}

/* Was it written over by what is not told? Then only that shows. */
static bool is_lost(const struct store *s, const struct store *later)
{
	uint64_t from = s->at.number - later->at.number;

	return later->unknown && later > s && from <= later->size && s->size <= later->size - from;
}

/* A word that was cleared, and of which parts were set then: all of it, as it is in the end. */
static uint64_t with_parts(const struct ct_evaluator *ev, uint32_t store)
{
	const struct store *s = &ev->stores.items[store];
	uint64_t ret = s->value.number;

	for (uint32_t i = store + 1; i < ev->stores.n; i++) {
		const struct store *part = &ev->stores.items[i];
		uint64_t from = part->at.number - s->at.number;

		if (part->size < s->size && from <= s->size - part->size && !part->unknown &&
			ct_is_number(part->at) && ct_is_number(part->value)) {
			uint64_t mask = ct_low_bits(UINT64_MAX, part->size) << 8 * from;

			ret = (ret & ~mask) | (part->value.number << 8 * from & mask);
		}
	}
	return ret;
}

/*
 * Is the number that was stored the one that is there now, or one of two of which the other is?
 * Else something has moved on: it counts, or computes.
 */
static bool comes_back(const struct ct_evaluator *ev, uint32_t store)
{
	const struct store *s = &ev->stores.items[store];
	uint64_t now = 0;

	if (ev->view.read(ev->view.arg, s->at.number, &now, s->size))
		return false;
	if (s->size == 8 && with_parts(ev, store) == now)
		return true;
	for (uint32_t i = 0; i < ev->stores.n; i++) {
		const struct store *other = &ev->stores.items[i];

		if (is_lost(s, other) && is_own_stack(ev, other->at))
			return true;
		if (other->at.number == s->at.number && other->size == s->size && !other->unknown &&
			ct_is_number(other->value) && is_own_stack(ev, other->at) &&
			ct_low_bits(other->value.number, s->size) == now)
			return true;
	}
	return false;
}

/* What is left there is nobody's. */
static bool is_dead_stack(const struct ct_evaluator *ev, struct ct_term at)
{
	const struct ct_evaluation *in = &ev->in;

	return ct_is_number(at) && at.number - in->dead_low < in->dead_high - in->dead_low;
}

bool ct_evaluate_is_idle(const struct ct_evaluator *ev)
{
	for (uint32_t i = 0; i < ev->stores.n; i++) {
		if (i == MAX_IDLE)
			return false;
		const struct store *s = &ev->stores.items[i];

		if ((s->unknown && s->size <= 8) || is_dead_stack(ev, s->at))
			continue;
		if (!is_own_stack(ev, s->at))
			return false;
		if (!s->unknown && (count_other(ev, i) > 1 || !comes_back(ev, i)))
			return false;
	}
	return true;
}

uint64_t ct_evaluator_steps(const struct ct_evaluator *ev)
{
	return ev->all_steps + ev->steps;
}

struct ct_term ct_path_argument(const struct ct_evaluator *ev, uint32_t path, unsigned i)
{
	static const uint8_t arguments[] = {RDI, RSI, RDX, RCX, R8, R9};

	return ev->paths.items[path].state.reg[arguments[i]];
}

/* ---- binding ---- */

/* now: word as the frame shows it, in size bytes. False: it cannot be that. */
static bool bind_word(struct ct_evaluator *ev, struct ct_term word, uint64_t now, unsigned size)
{
	if (ct_is_number(word))
		return ct_low_bits(word.number, size) == ct_low_bits(now, size);
	struct symbol *s = &ev->symbols.items[word.symbol];
	uint64_t value = now - word.number;

	if (size < 8 && (s->kind != SYMBOL_LOW || s->size > size || word.number))
		return true;
	if (s->bound_in == ev->binding)
		return size < 8 || s->bound == value;
	s->bound = value;
	s->bound_in = ev->binding;
	/* What was narrowed was, in a C program, seldom wider. */
	if (s->kind == SYMBOL_LOW && size >= 4 && !s->a.number && s->a.symbol) {
		struct symbol *wide = &ev->symbols.items[s->a.symbol];

		if (wide->bound_in != ev->binding && wide->kind == SYMBOL_FRESH) {
			wide->bound = value;
			wide->bound_in = ev->binding;
		}
	}
	return true;
}

#define MAX_FRAME (UINT64_C(1) << 20) /* bytes of one that are compared with what was stored */

/* Of the bytes of a frame, those that a later store has gone over already. */
struct cover {
	uint64_t *bits;
	uint64_t low, size;
};

/* Covers [at, at + size). True: all of it was free before. */
static bool cover_bytes(const struct cover *c, uint64_t at, uint64_t size)
{
	uint64_t skip = at - c->low >= c->size ? c->low - at : 0;
	bool was_free = true;

	for (uint64_t i = skip; i < size && at + i - c->low < c->size; i++) {
		uint64_t byte = at + i - c->low, bit = UINT64_C(1) << byte % 64;

		was_free &= !(c->bits[byte / 64] & bit);
		c->bits[byte / 64] |= bit;
	}
	return was_free;
}

static bool clear_cover(struct ct_evaluator *ev, uint64_t low, uint64_t high, struct cover *ret)
{
	uint64_t size = CT_MIN(high - low, MAX_FRAME), words = size / 64 + 1;

	while (ev->covered.n < words)
		if (!ct_vec_push(&ev->covered)) {
			ev->failed = true;
			return false;
		}
	memset(ev->covered.items, 0, words * sizeof(uint64_t));
	ct_charge_links(ev, words / 64);
	*ret = (struct cover){ev->covered.items, low, size};
	return true;
}

/* What the frame has where the path stored something, unless it went over that later. */
static bool bind_memory(
	struct ct_evaluator *ev, const struct state *st, uint64_t low, uint64_t high)
{
	struct cover cover;

	if (high <= low || !clear_cover(ev, low, high, &cover))
		return true;
	for (uint32_t i = st->stores; i != CT_NONE; i = ev->stores.items[i].prev) {
		const struct store s = ev->stores.items[i];
		uint64_t now = 0;

		ct_charge_links(ev, 1);
		if (!ct_is_number(s.at) || !cover_bytes(&cover, s.at.number, s.size) || s.unknown ||
			s.forget || s.size > 8 || s.at.number - low >= cover.size ||
			ev->view.read(ev->view.arg, s.at.number, &now, s.size))
			continue;
		if (!bind_word(ev, s.value, now, s.size))
			return false;
	}
	return true;
}

static bool resolve(
	struct ct_evaluator *ev, struct ct_term w, unsigned depth, bool loads, uint64_t *ret);

static bool resolve_symbol(
	struct ct_evaluator *ev, const struct symbol *s, unsigned depth, bool loads, uint64_t *ret)
{
	uint64_t a, b = 0;

	ct_charge_links(ev, 1);
	if (s->kind <= SYMBOL_DEAD || ct_is_spent(ev) || !resolve(ev, s->a, depth, loads, &a))
		return false;
	switch (s->kind) {
	case SYMBOL_LOAD:
		*ret = 0;
		return loads && !ev->view.read(ev->view.arg, a, ret, s->size);
	case SYMBOL_LOW:
		*ret = ct_low_bits(a, s->size);
		return true;
	case SYMBOL_SIGNED:
		*ret = ct_signed_bits(a, s->size);
		return true;
	default:
		if (!resolve(ev, s->b, depth, loads, &b))
			return false;
		*ret = ct_number_op(s->kind, a, b, s->size);
		return true;
	}
}

/* loads: memory that may have changed since counts as what it is now. */
static bool resolve(
	struct ct_evaluator *ev, struct ct_term w, unsigned depth, bool loads, uint64_t *ret)
{
	uint64_t value = 0;

	if (!ct_is_number(w)) {
		const struct symbol s = ev->symbols.items[w.symbol];

		if (s.bound_in == ev->binding)
			value = s.bound;
		else if (depth >= MAX_NESTED || !resolve_symbol(ev, &s, depth + 1, loads, &value))
			return false;
	}
	*ret = value + w.number;
	return true;
}

/* Do the branches that the path took on unknowns fit to what these are? */
static bool assumptions_hold(struct ct_evaluator *ev, const struct state *st)
{
	for (uint32_t i = st->assumptions; i != CT_NONE; i = ev->assumptions.items[i].prev) {
		const struct assumption *a = &ev->assumptions.items[i];
		struct flags f = a->flags;
		uint64_t left, right;

		if (!resolve(ev, f.a, 0, false, &left) || !resolve(ev, f.b, 0, false, &right))
			continue;
		f.a = ct_number(left);
		f.b = ct_number(right);
		int holds = ct_flags_test(ev, &f, a->cc);
		if (holds >= 0 && (bool)holds != a->holds)
			return false;
	}
	return true;
}

bool ct_path_bind(struct ct_evaluator *ev, uint32_t path, const struct ct_regs *regs, uint64_t low,
	uint64_t high)
{
	const struct state *st = &ev->paths.items[path].state;

	ev->binding++;
	if (ct_is_spent(ev)) {
		ev->cut = true;
		return true;
	}
	for (unsigned i = 0; i < N_GPR; i++)
		if (CALLEE_SAVED >> i & 1 && regs->known >> i & 1 &&
			!bind_word(ev, st->reg[i], regs->value[i], 8))
			return false;
	bool fits = bind_memory(ev, st, low, high) && assumptions_hold(ev, st);
	ev->cut |= ct_is_spent(ev);
	return fits;
}

bool ct_path_resolve(struct ct_evaluator *ev, struct ct_term word, uint64_t *ret)
{
	bool ok = resolve(ev, word, 0, true, ret);

	ev->cut |= ct_is_spent(ev);
	return ok;
}
