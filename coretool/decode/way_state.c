/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/way_state.h"

#define WORD 8

/* Farther away nothing is that a function uses. */
#define MAX_DISTANCE (1 << 28)

static const uint8_t preserved[N_PRESERVED] = {REG_BX, REG_BP, 12, 13, 14, 15};

static int index_of(unsigned reg)
{
	for (int i = 0; i < N_PRESERVED; i++)
		if (preserved[i] == reg)
			return i;
	return -1;
}

void ct_way_begin(uint64_t pc, struct way_state *ret)
{
	*ret = (struct way_state){.pc = pc, .sp = {.base = REG_SP}};
	for (size_t i = 0; i < N_PRESERVED; i++)
		ret->reg[i].kind = VALUE_SAME;
}

void ct_way_begin_at_entry(uint64_t entry, struct way_state *ret)
{
	ct_way_begin(entry, ret);
	for (size_t i = 0; i < N_PRESERVED; i++)
		ret->reg[i] = (struct value){VALUE_SAVED, {.base = CALLERS + preserved[i]}};
}

static bool is_callers(const struct value *value, unsigned reg)
{
	return value->kind == VALUE_SAVED && value->place.base == CALLERS + reg;
}

struct value ct_way_reg(const struct way_state *s, unsigned reg)
{
	int i = index_of(reg);

	if (reg == REG_SP)
		return (struct value){
			.kind = s->sp.base ? VALUE_ADDRESS : VALUE_UNKNOWN, .place = s->sp};
	return i < 0 ? (struct value){0} : s->reg[i];
}

void ct_way_set_reg(struct way_state *s, unsigned reg, struct value value)
{
	int i = index_of(reg);

	if (reg == REG_SP)
		s->sp = value.kind == VALUE_ADDRESS ? value.place : (struct place){0};
	else if (i >= 0)
		s->reg[i] = value;
}

struct place ct_way_points(const struct way_state *s, unsigned reg)
{
	struct value value = ct_way_reg(s, reg);

	if (value.kind == VALUE_ADDRESS)
		return value.place;
	if (reg == REG_BP && value.kind == VALUE_SAME)
		return (struct place){.base = REG_BP};
	return (struct place){0};
}

struct place ct_way_plus(struct place place, int64_t distance)
{
	int64_t sum = place.offset + distance;

	if (!place.base || distance > MAX_DISTANCE || distance < -MAX_DISTANCE ||
		sum > MAX_DISTANCE || sum < -MAX_DISTANCE)
		return (struct place){0};
	return (struct place){place.base, (int32_t)sum};
}

static bool same_place(struct place a, struct place b)
{
	return a.base == b.base && a.offset == b.offset;
}

struct value ct_way_load(const struct way_state *s, struct place place)
{
	if (!place.base)
		return (struct value){0};
	for (size_t i = 0; i < s->n_slots; i++)
		if (same_place(s->slots[i].place, place))
			return s->slots[i].value;
	return (struct value){.kind = VALUE_SAVED, .place = place};
}

void ct_way_store(struct way_state *s, struct place place, struct value value)
{
	size_t i = 0;

	if (!place.base)
		return;
	while (i < s->n_slots && !same_place(s->slots[i].place, place))
		i++;
	/* When there are too many, the oldest is the one that is least likely to be loaded again.
	 */
	if (i == N_SLOTS) {
		size_t old = 0;

		while (old < N_SLOTS - 1 && s->slots[old].value.place.base >= CALLERS)
			old++;
		memmove(s->slots + old, s->slots + old + 1,
			(N_SLOTS - 1 - old) * sizeof(s->slots[0]));
		i--;
	} else if (i == s->n_slots) {
		s->n_slots++;
	}
	s->slots[i] = (struct slot){place, value};
}

void ct_way_push(struct way_state *s, struct value value)
{
	s->sp = ct_way_plus(s->sp, -WORD);
	ct_way_store(s, s->sp, value);
}

struct value ct_way_pop(struct way_state *s)
{
	struct value value = ct_way_load(s, s->sp);

	s->sp = ct_way_plus(s->sp, WORD);
	return value;
}

bool ct_way_end(const struct way_state *s, const struct ct_arch *arch, struct ct_way *ret)
{
	struct ct_way way = {.base = s->sp.base, .same = arch->preserved};

	if (!s->sp.base)
		return false;
	way.cfa = s->sp.offset + WORD;
	for (size_t i = 0; i < N_PRESERVED; i++) {
		const struct value *value = &s->reg[i];

		if (value->kind == VALUE_SAME)
			continue;
		way.same &= ~(UINT64_C(1) << preserved[i]);
		/* What is counted from the other pointer cannot be found from this one. */
		if (value->kind != VALUE_SAVED || value->place.base != way.base)
			continue;
		way.saved[way.n_saved].reg = preserved[i];
		way.saved[way.n_saved++].at = value->place.offset - way.cfa;
	}
	*ret = way;
	return true;
}

static void add_saved(const struct way_state *s, unsigned reg, struct ct_way *way)
{
	for (size_t i = 0; i < s->n_slots; i++) {
		const struct slot *slot = &s->slots[i];

		if (slot->place.base != REG_SP || !is_callers(&slot->value, reg))
			continue;
		way->saved[way->n_saved].reg = (uint8_t)reg;
		way->saved[way->n_saved++].at = slot->place.offset - WORD;
		return;
	}
}

bool ct_way_arrive(const struct way_state *s, const struct ct_arch *arch, struct ct_way *ret)
{
	struct ct_way way = {.same = arch->preserved};
	unsigned by = s->sp.base == REG_SP ? REG_SP : REG_BP;
	struct place end = ct_way_points(s, by);

	/* The CFA is a word above what the stack pointer was at the entry. */
	if (end.base != REG_SP)
		return false;
	way.base = (uint8_t)by;
	way.cfa = WORD - end.offset;
	for (size_t i = 0; i < N_PRESERVED; i++) {
		if (is_callers(&s->reg[i], preserved[i]))
			continue;
		way.same &= ~(UINT64_C(1) << preserved[i]);
		add_saved(s, preserved[i], &way);
	}
	*ret = way;
	return true;
}
