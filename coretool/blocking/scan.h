/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search for held locks in all memory that is written to and present: holes of the source cost
 * nothing. It finds what has the shape of a lock that a thread holds; whether to believe that is
 * for the caller to say.
 */
#ifndef CT_BLOCKING_SCAN_H
#define CT_BLOCKING_SCAN_H

#include "base/vec.h"
#include "blocking/primitive.h"

struct ct_scan_found {
	CT_VEC(struct ct_scan_hit) hits;
	uint64_t searched, left; /* bytes; left: above the limit, not looked at */
	bool too_many;           /* more hits than anybody could use: some were dropped */
	bool no_memory;
};

/* limit: bytes to search at most, small mappings first. The caller frees ret->hits. */
void ct_scan_memory(const struct ct_blocking *ctx, uint64_t limit, struct ct_scan_found *ret);

#endif
