/* SPDX-License-Identifier: Apache-2.0 */
/* Call stacks by CFI: one compiled row per code address, kept in a cache that all threads share. */
#ifndef CT_TARGET_UNWIND_H
#define CT_TARGET_UNWIND_H

#include "target/frame_shape.h"
#include "target/modules.h"

enum ct_frame_trust {
	CT_FRAME_CFI,
	CT_FRAME_FP,
	CT_FRAME_PCLNTAB,
	CT_FRAME_SCAN,
	CT_FRAME_CODE, /* by following the code to its return */
};

struct ct_unwound_frame {
	uint64_t pc;    /* where the frame is, or will go on */
	uint64_t cfa;   /* 0: not known */
	uint8_t trust;  /* enum ct_frame_trust: how this frame was found; the first is always CFI */
	bool is_call;   /* pc is a return address: names and lines belong to pc - 1 */
	bool is_signal; /* the frame that a signal handler returns to (the code that was interrupted
			   is next) */
};

struct ct_unwound {
	struct ct_unwound_frame
		*frames; /* innermost first; owned by the unwinder until its next call */
	size_t n;
	size_t n_total;    /* frames walked: more than n when the middle was left out */
	size_t skipped_at; /* frames[skipped_at] follows the part left out; 0: nothing was */
	bool root;         /* the base of the stack was reached */
	bool left_out;     /* it goes on in memory that was not saved */
	const char *why;   /* why it ended where it did, when not root: "no memory at 0x…" */
};

struct ct_unwinder;

/* max_frames: how many frames of one stack are kept; the innermost ones and the base. */
struct ct_unwinder *ct_unwinder_new(
	struct ct_target *target, uint32_t max_frames); /* NULL: no memory */
void ct_unwinder_free(struct ct_unwinder *unwinder);
/* Asks shaper first how a frame is found. */
void ct_unwinder_shape(struct ct_unwinder *unwinder, ct_frame_shaper *shaper, void *arg);
enum ct_status ct_unwind(
	struct ct_unwinder *unwinder, const struct ct_regs *regs, struct ct_unwound *ret);
/* The same, and the registers as the i-th frame (i < n_regs) had them: what the callee saved is
 * restored. */
enum ct_status ct_unwind_regs(struct ct_unwinder *unwinder, const struct ct_regs *regs,
	struct ct_regs *frame_regs, size_t n_regs, struct ct_unwound *ret);

#endif
