/* SPDX-License-Identifier: Apache-2.0 */
/* Where the objects of one type were allocated, by place. */
#ifndef CT_RULES_HEAP_PLACES_H
#define CT_RULES_HEAP_PLACES_H

#include "facts/go_heap.h"

struct ct_heap_place {
	struct ct_go_place place;
	uint64_t sampled; /* objects */
	/* What they stand for, as pprof scales it, and the variance of that; only where
	 * ct_heap_scales(). */
	double bytes, variance;
};

/* By what they stand for, the most first. ret has room for type->n_allocations; how many it has. */
uint32_t ct_heap_places(const struct ct_facts *facts, const struct ct_go_heap_type *type,
	struct ct_heap_place *ret);

/*
 * Do the sampled ones stand for the others? Only if so many were sampled as the rate of now gives:
 * it may have been another one when they were allocated.
 */
bool ct_heap_scales(const struct ct_facts *facts, const struct ct_go_heap_type *type);

#endif
