/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the runtime has written down about single objects beside their own words: a list for each
 * span (struct special of runtime/mheap.go). Its records hold finalizers, cleanups and weak
 * pointers, and where those objects were allocated that the heap profile has sampled.
 */
#ifndef CT_RUNTIME_GO_SPECIALS_H
#define CT_RUNTIME_GO_SPECIALS_H

#include "runtime/go/heap.h"

enum ct_go_special_kind {
	CT_GO_SPECIAL_OTHER, /* of no use here */
	CT_GO_SPECIAL_FINALIZER,
	CT_GO_SPECIAL_WEAK,
	CT_GO_SPECIAL_CLEANUP,
	CT_GO_SPECIAL_PROFILE,
};

struct ct_go_special {
	uint64_t at; /* of the record */
	const struct ct_go_span *span;
	uint64_t offset; /* in the span, of what it is about; as it was read */
	uint8_t kind;    /* enum ct_go_special_kind */
};

typedef void ct_go_special_visit(void *arg, const struct ct_go_special *special);

/* Calls back for each record of one span, or of all. False: some could not be read. */
bool ct_go_specials_of(const struct ct_go_heap *heap, const struct ct_go_span *span,
	ct_go_special_visit *visit, void *arg);
bool ct_go_specials(const struct ct_go_heap *heap, ct_go_special_visit *visit, void *arg);

/* The object that the record is about; false: its offset is in none. */
bool ct_go_special_object(const struct ct_go_heap *heap, const struct ct_go_special *special,
	struct ct_go_object *ret);

/* How far a walk along a list has come, that ends where it comes back to (Brent). Zeroed at first.
 */
struct ct_go_round {
	uint64_t mark;
	uint32_t n;
};

static inline bool ct_go_comes_back(struct ct_go_round *r, uint64_t at)
{
	if (at == r->mark)
		return true;
	if (!(r->n & (r->n - 1)))
		r->mark = at;
	r->n++;
	return false;
}

#endif
