/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a function returns, found by following its code from an address on to its return: for code
 * that no unwind table describes (musl, assembly, programs built without). Both sides of every
 * branch are taken, calls are stepped over. What comes out does not hang on a thread: where the
 * frame ends, counted from the stack or frame pointer, and which registers are restored from where.
 *
 * It trusts the ABI: a register that calls preserve is at the return what it was at the entry, so
 * that only what is loaded from the stack last counts. Code is an attacker's: whatever its bytes
 * are, the search ends within its budget, and the caller must look at the stack before it believes.
 */
#ifndef CT_DECODE_WAY_OUT_H
#define CT_DECODE_WAY_OUT_H

#include "arch/arch.h"

#define CT_MAX_WAYS  4
#define CT_WAY_SAVED 6

struct ct_way {
	uint8_t base;  /* the register that the CFA counts from */
	int32_t cfa;   /* CFA - its value; the return address is right below the CFA */
	uint64_t same; /* bit i: register i is the same in the caller */
	uint8_t n_saved;
	struct {
		uint8_t reg;
		int32_t at; /* from the CFA */
	} saved[CT_WAY_SAVED];
	bool doubtful; /* it leads over a call that looks like a function's last instruction */
};

struct ct_ways_out {
	uint8_t n;
	bool never_returns;              /* none, and all ways were followed to an end */
	struct ct_way ways[CT_MAX_WAYS]; /* the likeliest first */
};

struct ct_way_view {
	void *arg;
	/* Reads at most len bytes of code; returns how many. */
	size_t (*code)(void *arg, uint64_t addr, uint8_t *buf, size_t len);
	/* Does the function at target, or that slot points to (0: no slot), never come back? */
	bool (*no_return)(void *arg, uint64_t target, uint64_t slot);
};

/*
 * The ways from pc on; none for machines other than x86-64. *steps grows by the instructions looked
 * at. CT_NO_MEMORY.
 */
CT_WARN_UNUSED enum ct_status ct_ways_out_find(const struct ct_arch *arch,
	const struct ct_way_view *view, uint64_t pc, uint64_t *steps, struct ct_ways_out *ret);

/*
 * The way in: from a function's entry to pc, for code that has no way out (abort, a trap). It gives
 * the same, as of a frame that is at pc. CT_NOT_FOUND: the entry does not lead there, as far as
 * can be seen. CT_NO_MEMORY.
 */
CT_WARN_UNUSED enum ct_status ct_way_in_find(const struct ct_arch *arch,
	const struct ct_way_view *view, uint64_t entry, uint64_t pc, uint64_t *steps,
	struct ct_way *ret);

#endif
