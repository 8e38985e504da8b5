/* SPDX-License-Identifier: Apache-2.0 */
/* One instruction on the way out of a function. Private to decode/. */
#ifndef CT_DECODE_WAY_STEP_H
#define CT_DECODE_WAY_STEP_H

#include "decode/way_state.h"

enum way_move {
	MOVE_ON,     /* to the next instruction */
	MOVE_CALL,   /* the same, after a call of target, or through slot */
	MOVE_JUMP,   /* to target */
	MOVE_BRANCH, /* to either */
	MOVE_RETURN,
	MOVE_LEAVE,   /* a jump through a register or memory: to another function, or to a case */
	MOVE_STOP,    /* it traps */
	MOVE_UNKNOWN, /* no instruction that is known */
};

struct way_step {
	enum way_move move;
	uint64_t target, slot; /* 0: not known */
};

/* Runs the instruction at s->pc, whose code has n bytes, and moves s->pc behind it. */
struct way_step ct_way_step(struct way_state *s, const uint8_t *code, size_t n);

#endif
