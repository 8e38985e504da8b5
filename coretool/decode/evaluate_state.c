/* SPDX-License-Identifier: Apache-2.0 */
/* Values, named unknowns, and memory with what the code that is evaluated has stored. */
#include "decode/evaluate_internal.h"

#define MAX_SYMBOLS (1u << 17) /* of one evaluation */
#define MAX_STORES  (1u << 15)
#define MAX_EVENTS  24 /* on one path */
#define MAX_COUNTED 4  /* of those on one object, where each counts */

static uint32_t new_symbol(struct ct_evaluator *ev, const struct symbol *symbol)
{
	struct symbol *slot = ev->symbols.n < MAX_SYMBOLS ? ct_vec_push(&ev->symbols) : NULL;

	if (!slot) {
		ev->cut = true;
		return 1; /* the unknown of which nothing is known; see ct_evaluate() */
	}
	*slot = *symbol;
	return ev->symbols.n - 1;
}

struct ct_term ct_word_fresh(struct ct_evaluator *ev)
{
	return (struct ct_term){new_symbol(ev, &(struct symbol){.kind = SYMBOL_FRESH}), 0};
}

struct ct_term ct_word_symbol(struct ct_evaluator *ev, enum symbol_kind kind, unsigned size,
	struct ct_term a, struct ct_term b)
{
	struct symbol symbol = {.kind = kind, .size = (uint8_t)size, .a = a, .b = b};
	const uint64_t key[] = {kind, size, a.symbol, a.number, b.symbol, b.number};
	uint64_t hash = ct_hash_bytes(key, sizeof(key));
	struct ct_hash_it it = ct_hash_find(&ev->symbol_keys, hash);
	uint32_t i;

	while (ct_hash_next(&ev->symbol_keys, &it, &i)) {
		const struct symbol *s = &ev->symbols.items[i];

		if (s->kind == kind && s->size == size && ct_same_word(s->a, a) &&
			ct_same_word(s->b, b))
			return (struct ct_term){i, 0};
	}
	i = new_symbol(ev, &symbol);
	if (!ct_hash_insert(&ev->symbol_keys, hash, i))
		ev->failed = true;
	return (struct ct_term){i, 0};
}

struct ct_term ct_word_low(struct ct_evaluator *ev, struct ct_term w, unsigned size)
{
	if (size >= 8)
		return w;
	if (ct_is_number(w))
		return ct_number(ct_low_bits(w.number, size));
	const struct symbol *s = &ev->symbols.items[w.symbol];
	bool narrow = s->kind == SYMBOL_LOW || s->kind == SYMBOL_LOAD || s->kind == SYMBOL_DEAD;
	if (!w.number && narrow && s->size <= size)
		return w;
	return ct_word_symbol(ev, SYMBOL_LOW, size, w, ct_number(0));
}

struct ct_term ct_word_signed(struct ct_evaluator *ev, struct ct_term w, unsigned size)
{
	if (size >= 8)
		return w;
	if (ct_is_number(w))
		return ct_number(ct_signed_bits(w.number, size));
	return ct_word_symbol(ev, SYMBOL_SIGNED, size, w, ct_number(0));
}

uint64_t ct_number_op(enum symbol_kind op, uint64_t a, uint64_t b, unsigned size)
{
	unsigned count = (unsigned)b & (size == 8 ? 63 : 31);

	switch (op) {
	case SYMBOL_ADD:
		return ct_low_bits(a + b, size);
	case SYMBOL_SUB:
		return ct_low_bits(a - b, size);
	case SYMBOL_MUL:
		return ct_low_bits(a * b, size);
	case SYMBOL_AND:
		return ct_low_bits(a & b, size);
	case SYMBOL_OR:
		return ct_low_bits(a | b, size);
	case SYMBOL_XOR:
		return ct_low_bits(a ^ b, size);
	case SYMBOL_SHL:
		return ct_low_bits(ct_low_bits(a, size) << count, size);
	case SYMBOL_SHR:
		return ct_low_bits(a, size) >> count;
	default: /* SYMBOL_SAR */
		return ct_low_bits((uint64_t)((int64_t)ct_signed_bits(a, size) >> count), size);
	}
}

struct ct_term ct_word_op(struct ct_evaluator *ev, enum symbol_kind op, struct ct_term a,
	struct ct_term b, unsigned size)
{
	if (ct_is_number(a) && ct_is_number(b))
		return ct_number(ct_number_op(op, a.number, b.number, size));
	/* An unknown plus a number stays that unknown, in all 8 bytes. */
	if (size == 8 && op == SYMBOL_ADD && (ct_is_number(a) || ct_is_number(b)))
		return (struct ct_term){a.symbol | b.symbol, a.number + b.number};
	if (size == 8 && op == SYMBOL_SUB && ct_is_number(b))
		return (struct ct_term){a.symbol, a.number - b.number};
	if (op == SYMBOL_SUB && a.symbol == b.symbol)
		return ct_number(ct_low_bits(a.number - b.number, size));
	if (op == SYMBOL_XOR && ct_same_word(a, b))
		return ct_number(0);
	if ((op == SYMBOL_AND || op == SYMBOL_OR) && ct_same_word(a, b))
		return ct_word_low(ev, a, size);
	if ((op == SYMBOL_AND || op == SYMBOL_MUL) &&
		((ct_is_number(a) && !a.number) || (ct_is_number(b) && !b.number)))
		return ct_number(0);
	return ct_word_symbol(ev, op, size, a, b);
}

/* ---- memory ---- */

static struct ct_term load_target(struct ct_evaluator *ev, struct ct_term at, unsigned size)
{
	const struct ct_evaluation *in = &ev->in;
	uint64_t value = 0;

	if (!ct_is_number(at))
		return ct_word_symbol(ev, SYMBOL_LOAD, size, at, ct_number(0));
	if (at.number - in->dead_low < in->dead_high - in->dead_low)
		return ct_word_symbol(ev, SYMBOL_DEAD, size, at, ct_number(0));
	/* What is asked about is in motion. */
	if (ev->view.wanted(ev->view.arg, at.number) &&
		!(ev->view.steady && ev->view.steady(ev->view.arg, at.number)))
		return ct_word_symbol(ev, SYMBOL_LOAD, size, at, ct_number(0));
	bool own = at.number - in->stack_low < in->stack_high - in->stack_low;
	if (in->past && !own && ev->view.writable(ev->view.arg, at.number))
		return ct_word_symbol(ev, SYMBOL_LOAD, size, at, ct_number(0));
	if (ev->view.read(ev->view.arg, at.number, &value, size))
		return ct_word_fresh(ev);
	return ct_number(value);
}

/* A value under construction: bytes that are still wanted, and what the others are. */
struct assembly {
	unsigned want; /* bit i: byte i */
	uint64_t bytes;
};

/* Takes what the store has of [at, at + size). False: it makes the whole unknown. */
static bool take(const struct store *s, uint64_t distance, unsigned size, struct assembly *a)
{
	for (unsigned i = 0; i < size; i++) {
		uint64_t from = distance + i; /* of the store's bytes; wraps below its start */

		if (from >= s->size || !(a->want >> i & 1))
			continue;
		if (s->unknown || !ct_is_number(s->value))
			return false;
		a->bytes |= (s->value.number >> 8 * from & 0xff) << 8 * i;
		a->want &= ~(1u << i);
	}
	return true;
}

static bool overlaps(const struct store *s, uint64_t distance, unsigned size)
{
	return distance < s->size || -distance < size;
}

struct ct_term ct_state_load(
	struct ct_evaluator *ev, const struct state *st, struct ct_term at, unsigned size)
{
	struct assembly a = {.want = (1u << size) - 1};
	const unsigned all = a.want;

	if (size > 8)
		return ct_word_fresh(ev);
	for (uint32_t i = st->stores; i != CT_NONE; i = ev->stores.items[i].prev) {
		const struct store *s = &ev->stores.items[i];
		uint64_t distance = at.number - s->at.number;

		ct_charge_links(ev, 1);
		if (s->at.symbol != at.symbol || !overlaps(s, distance, size))
			continue;
		if (s->forget)
			break;
		if (a.want == all && !distance && s->size >= size && !s->unknown)
			return ct_word_low(ev, s->value, size);
		if (!take(s, distance, size, &a))
			return ct_word_fresh(ev);
		if (!a.want)
			return ct_number(a.bytes);
	}
	struct ct_term rest = load_target(ev, at, size);
	if (a.want == all)
		return rest;
	if (!ct_is_number(rest))
		return ct_word_fresh(ev);
	for (unsigned i = 0; i < size; i++)
		if (a.want >> i & 1)
			a.bytes |= (rest.number >> 8 * i & 0xff) << 8 * i;
	return ct_number(a.bytes);
}

static struct store *add_store(
	struct ct_evaluator *ev, struct state *st, struct ct_term at, uint32_t size)
{
	struct store *slot = ev->stores.n < MAX_STORES ? ct_vec_push(&ev->stores) : NULL;

	if (!slot) {
		ev->cut = true;
		return NULL;
	}
	*slot = (struct store){.at = at, .size = size, .prev = st->stores};
	st->stores = ev->stores.n - 1;
	return slot;
}

void ct_state_store(struct ct_evaluator *ev, struct state *st, struct ct_term at, unsigned size,
	struct ct_term value)
{
	struct store *slot = add_store(ev, st, at, size);

	if (slot && size > 8)
		slot->unknown = true;
	else if (slot)
		slot->value = value;
}

void ct_state_lose(
	struct ct_evaluator *ev, struct state *st, struct ct_term at, uint32_t size, bool forget)
{
	struct store *slot = add_store(ev, st, at, size);

	if (slot) {
		slot->unknown = !forget;
		slot->forget = forget;
	}
}

struct ct_term ct_state_address(struct ct_evaluator *ev, struct state *st, const struct operand *op)
{
	struct ct_term sum = ct_number((uint64_t)op->number);

	if (op->segment == SEGMENT_OTHER || (op->segment && !(ev->in.regs.known >> FS_BASE & 1)))
		return ct_word_fresh(ev);
	if (op->segment)
		sum.number += ev->in.regs.value[FS_BASE];
	if (op->base != NO_REG)
		sum = ct_word_op(ev, SYMBOL_ADD, sum, st->reg[op->base], 8);
	if (op->index != NO_REG) {
		struct ct_term scaled =
			ct_word_op(ev, SYMBOL_MUL, st->reg[op->index], ct_number(op->scale), 8);

		sum = ct_word_op(
			ev, SYMBOL_ADD, sum, op->scale == 1 ? st->reg[op->index] : scaled, 8);
	}
	return sum;
}

/* ---- registers ---- */

struct ct_term ct_state_get(struct ct_evaluator *ev, struct state *st, const struct operand *op)
{
	struct ct_term w;

	switch (op->type) {
	case OPERAND_REG:
		return ct_word_low(ev, st->reg[op->reg], op->size);
	case OPERAND_HIGH:
		w = st->reg[op->reg];
		return ct_is_number(w) ? ct_number(w.number >> 8 & 0xff) : ct_word_fresh(ev);
	case OPERAND_IMM:
		return ct_number(op->size ? ct_signed_bits((uint64_t)op->number, op->size)
					  : (uint64_t)op->number);
	case OPERAND_MEM:
		return ct_state_load(ev, st, ct_state_address(ev, st, op), op->size);
	default:
		return ct_word_fresh(ev);
	}
}

void ct_state_set_low(struct ct_evaluator *ev, struct state *st, unsigned reg, unsigned size,
	struct ct_term value)
{
	struct ct_term old = st->reg[reg];

	if (size >= 4) { /* 32 bits clear the upper half */
		st->reg[reg] = ct_word_low(ev, value, size);
	} else if (ct_is_number(old) && ct_is_number(value)) {
		uint64_t kept = old.number & ~ct_low_bits(UINT64_MAX, size);

		st->reg[reg] = ct_number(kept | ct_low_bits(value.number, size));
	} else if (ct_is_number(value)) {
		st->reg[reg] = ct_word_fresh(ev);
	} else {
		st->reg[reg] = ct_word_low(ev, value, size);
	}
}

void ct_state_put(
	struct ct_evaluator *ev, struct state *st, const struct operand *op, struct ct_term value)
{
	switch (op->type) {
	case OPERAND_REG:
		ct_state_set_low(ev, st, op->reg, op->size, value);
		break;
	case OPERAND_HIGH:
		st->reg[op->reg] = ct_word_fresh(ev);
		break;
	case OPERAND_MEM:
		ct_state_store(ev, st, ct_state_address(ev, st, op), op->size,
			ct_word_low(ev, value, op->size));
		break;
	case OPERAND_VEC:
		st->vec[op->reg][0] = st->vec[op->reg][1] = ct_word_fresh(ev);
		break;
	default:
		break;
	}
}

void ct_state_forget_registers(struct ct_evaluator *ev, struct state *st, uint32_t mask)
{
	for (unsigned i = 0; i < N_GPR; i++)
		if (mask >> i & 1)
			st->reg[i] = ct_word_fresh(ev);
}

/* ---- events ---- */

static uint32_t append_event(
	struct ct_evaluator *ev, uint32_t prev, const struct ct_code_event *event)
{
	struct ct_code_event made = *event;

	made.prev = prev;
	made.n = (prev == CT_NONE ? 0 : ev->events.items[prev].n) + 1;
	const uint64_t key[] = {made.kind, made.inlined, made.object.symbol, made.object.number,
		made.pc, made.prev};
	uint64_t hash = ct_hash_bytes(key, sizeof(key));
	struct ct_hash_it it = ct_hash_find(&ev->event_keys, hash);
	uint32_t i;

	/* Equal histories have one number, so that paths can be compared by it. */
	while (ct_hash_next(&ev->event_keys, &it, &i)) {
		const struct ct_code_event *e = &ev->events.items[i];

		if (e->kind == made.kind && e->inlined == made.inlined && e->pc == made.pc &&
			e->prev == prev && ct_same_word(e->object, made.object))
			return i;
	}
	struct ct_code_event *slot = ct_vec_push(&ev->events);
	if (!slot || !ct_hash_insert(&ev->event_keys, hash, ev->events.n - 1)) {
		ev->failed = true;
		return prev;
	}
	*slot = made;
	return ev->events.n - 1;
}

/* The history without events on an object. */
static uint32_t without(struct ct_evaluator *ev, uint32_t last, struct ct_term object)
{
	uint32_t kept[MAX_EVENTS], n = 0, ret = CT_NONE;
	bool found = false;

	for (uint32_t i = last; i != CT_NONE && n < MAX_EVENTS; i = ev->events.items[i].prev) {
		if (ct_same_word(ev->events.items[i].object, object))
			found = true;
		else
			kept[n++] = i;
	}
	if (!found)
		return last;
	while (n) {
		struct ct_code_event event = ev->events.items[kept[--n]];

		ret = append_event(ev, ret, &event);
	}
	return ret;
}

void ct_state_forget_vectors(struct ct_evaluator *ev, struct state *st)
{
	for (unsigned i = 0; i < N_VEC; i++)
		st->vec[i][0] = st->vec[i][1] = ct_word_fresh(ev);
	/* Zero between all functions of Go (ABIInternal). */
	if (ev->view.abi == &ct_code_abi_go)
		st->vec[N_VEC - 1][0] = st->vec[N_VEC - 1][1] = ct_number(0);
}

void ct_state_event(struct ct_evaluator *ev, struct state *st, const struct ct_code_event *event)
{
	unsigned same = 0;
	uint8_t last = UINT8_MAX;

	bool known = ct_is_number(event->object);
	ev->unclear |= !known && !ev->in.past && event->row;
	if (known ? !ev->view.wanted(ev->view.arg, event->object.number) : !ev->in.past)
		return;
	for (uint32_t i = st->events; i != CT_NONE; i = ev->events.items[i].prev)
		if (ct_same_word(ev->events.items[i].object, event->object) && !same++)
			last = ev->events.items[i].kind;
	if (ev->in.past)
		st->events = without(ev, st->events, event->object);
	else if (same >= (ev->view.counted ? MAX_COUNTED : 2) ||
		 (event->inlined && last == event->kind && !ev->view.counted))
		return;
	if (st->events != CT_NONE && ev->events.items[st->events].n >= MAX_EVENTS) {
		ev->cut = true;
		return;
	}
	st->events = append_event(ev, st->events, event);
}
