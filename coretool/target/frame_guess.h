/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller of a frame that CFI does not lead out of: assembly, code without unwind tables (musl),
 * a jump to where no code is. What comes out is marked as a guess.
 */
#ifndef CT_TARGET_FRAME_GUESS_H
#define CT_TARGET_FRAME_GUESS_H

#include "target/return_address.h"

/* A frame to find the caller of. */
struct ct_guess_from {
	const struct ct_regs *regs;
	bool exact;   /* it was interrupted and did not make a call: it may have no frame yet */
	bool no_code; /* pc is where no code is: the call that led there has just been made */
	bool framed;  /* its frame pointer got lost: the caller's is below the return address */
};

struct ct_guess {
	struct ct_regs regs; /* of the caller: pc, sp, and what nobody can have changed */
	uint64_t cfa;        /* 0: not known */
	uint8_t trust;       /* enum ct_frame_trust */
	bool doubt_fp;       /* the frame pointer may not be the caller's */
};

/* CT_NOT_FOUND: nothing on the stack looks like a way back. */
enum ct_status ct_frame_guess(
	const struct ct_guesser *g, const struct ct_guess_from *from, struct ct_guess *ret);

#endif
