/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller of a frame whose code no unwind table describes: by the way that its code goes to its
 * return (decode/way_out.h), which is looked for once for each address and then serves all threads;
 * where it never returns, by the way that it came in. It is believed where the stack bears it out:
 * at the place of the return address there must be one, behind a call that may have come here.
 */
#ifndef CT_TARGET_WAYS_H
#define CT_TARGET_WAYS_H

#include "target/return_address.h"

struct ct_ways;

struct ct_ways *ct_ways_new(struct ct_target *target); /* NULL: no memory */
void ct_ways_free(struct ct_ways *ways);

struct ct_way_frame {
	const struct ct_regs *regs;
	uint64_t floor; /* the frame ends above this */
	bool is_call;   /* pc is a return address */
	bool doubt_fp;  /* the frame pointer may be another frame's */
};

enum ct_way_found {
	CT_WAY_NONE,
	CT_WAY_CALLER, /* *next and *cfa are filled in */
	CT_WAY_BASE,   /* this code never returns, and the frame pointer says that it is the base */
	CT_WAY_NO_MEMORY,
};

/* The caller's registers, as far as they are restored; the others are not known. */
enum ct_way_found ct_way_follow(struct ct_ways *ways, const struct ct_guesser *g,
	const struct ct_way_frame *frame, struct ct_regs *next, uint64_t *cfa);

#endif
