/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which functions are inlined where a blocked thread stands, from DWARF: optimised templates of C++
 * and LTO leave nothing else of the names that tell what a futex is.
 */
#ifndef CT_BLOCKING_INLINED_H
#define CT_BLOCKING_INLINED_H

#include "blocking/primitive.h"

#define CT_INLINED_KEPT  12
#define CT_INLINED_SLOTS 64 /* a power of two */

struct ct_inlined {
	uint64_t pc; /* 0: free */
	size_t n;
	const char *names[CT_INLINED_KEPT]; /* innermost first */
};

/* Most threads stand at a few places: what was found there, by pc. All zero in the beginning. */
struct ct_inlined_memo {
	struct ct_inlined slots[CT_INLINED_SLOTS];
};

/* Of the frame with this index; n is 0 where nothing is known. */
void ct_blocked_inlined(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
	size_t frame, struct ct_inlined *ret);

#endif
