/* SPDX-License-Identifier: Apache-2.0 */
/* What one way through a function has done to the stack so far. Private to decode/. */
#ifndef CT_DECODE_WAY_STATE_H
#define CT_DECODE_WAY_STATE_H

#include "decode/way_out.h"

/* As in arch/x86_64.c: DWARF's numbers. */
enum { REG_BX = 3, REG_BP = 6, REG_SP = 7, REG_R12 = 12, REG_R15 = 15 };

/* A distance from what the stack or frame pointer was at the beginning. */
struct place {
	uint8_t base; /* REG_SP, REG_BP, or CALLERS and a register; 0: not known */
	int32_t offset;
};

/* On the way in, values are told apart: what a register was at the entry is SAVED, at CALLERS. */
enum { CALLERS = 64 };

enum value_kind {
	VALUE_UNKNOWN,
	VALUE_SAME,    /* as at the beginning */
	VALUE_SAVED,   /* what stood at a place then */
	VALUE_ADDRESS, /* of a place */
};

struct value {
	uint8_t kind;
	struct place place;
};

#define N_PRESERVED 6
#define N_SLOTS     12

struct slot { /* of the stack, written on the way */
	struct place place;
	struct value value;
};

struct way_state {
	uint64_t pc;
	struct place sp;
	struct value reg[N_PRESERVED];
	uint8_t n_slots;
	struct slot slots[N_SLOTS];
};

void ct_way_begin(uint64_t pc, struct way_state *ret);
void ct_way_begin_at_entry(uint64_t entry, struct way_state *ret);
/* reg: any number; what calls do not preserve is never known. */
struct value ct_way_reg(const struct way_state *s, unsigned reg);
void ct_way_set_reg(struct way_state *s, unsigned reg, struct value value);
/* Where the register points: REG_SP or REG_BP. */
struct place ct_way_points(const struct way_state *s, unsigned reg);
struct place ct_way_plus(struct place place, int64_t distance);

struct value ct_way_load(const struct way_state *s, struct place place);
void ct_way_store(struct way_state *s, struct place place, struct value value);
void ct_way_push(struct way_state *s, struct value value);
struct value ct_way_pop(struct way_state *s);

/* The way that ends with a return here; false: the stack pointer is not known. */
bool ct_way_end(const struct way_state *s, const struct ct_arch *arch, struct ct_way *ret);
/* The way that began at the entry, for a frame that is here; false: its end is not known. */
bool ct_way_arrive(const struct way_state *s, const struct ct_arch *arch, struct ct_way *ret);

#endif
