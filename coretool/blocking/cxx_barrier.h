/* SPDX-License-Identifier: Apache-2.0 */
/*
 * std::barrier of libstdc++ (bits/barrier or <barrier> of GCC 12), without a completion function of
 * its own: {expected, tickets, adjustment, completion, phase}. Its waiters wait for the phase, a
 * byte, to become another. Who arrives goes from leaf to root of a tree whose nodes are on the
 * heap.
 */
#ifndef CT_BLOCKING_CXX_BARRIER_H
#define CT_BLOCKING_CXX_BARRIER_H

#include "blocking/primitive.h"

#define CT_CXX_PHASE 25u /* offset of the phase */

struct ct_cxx_barrier {
	uint32_t expected;
	uint32_t arrived; /* in this phase; CT_NONE: too many to be counted, or not there */
};

/* False: it does not look like one that threads wait at. */
bool ct_cxx_barrier_read(const struct ct_blocking *ctx, uint64_t addr, struct ct_cxx_barrier *ret);

#endif
