/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects that are grey: marked, and not looked into. A mark's threads share them.
 *
 * Not objects are queued but spans, first in, first out: until a span's turn has come more of its
 * objects have become grey. They are looked into one after the other, where memory is near. (The
 * collector of Go 1.26 does the same for small objects: runtime/mgcmark_greenteagc.go.) Memory is a
 * bit for each object and five bytes for each span, whatever leads where.
 */
#ifndef CT_RUNTIME_GO_HEAP_GREY_H
#define CT_RUNTIME_GO_HEAP_GREY_H

#include <stdatomic.h>

#include "runtime/go/heap.h"

#define CT_GO_GREY_BATCH 64 /* spans that go into the queue or out of it at once */

struct ct_go_grey {
	const struct ct_go_heap *heap;
	_Atomic uint64_t *bits; /* a bit for each object */
	_Atomic uint8_t
		*waiting; /* per span: it is in the queue, or in hands that have not begun it */
	/* Under the lock: */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint32_t *queue;      /* of spans, a ring; none is in it twice */
	uint64_t n_in, n_out; /* spans that it was given ever, and gave */
	unsigned n_threads;   /* that share them */
	bool done;
	_Atomic unsigned n_idle; /* threads that wait */
	_Atomic bool empty;      /* nothing is in the queue */
};

/* What one thread has of it; all 0 but for grey at first. */
struct ct_go_grey_hands {
	struct ct_go_grey *grey;
	uint32_t taken[CT_GO_GREY_BATCH]; /* spans whose objects it is to look into */
	uint32_t given[CT_GO_GREY_BATCH]; /* spans that have grey objects since */
	uint32_t n_taken, n_given;
	uint32_t at;      /* in taken, the next */
	uint32_t span;    /* the one before it */
	uint32_t id, end; /* of its objects, those that it did not come to */
	uint32_t base;    /* of bits, the first one's number */
	uint64_t bits;    /* that it took off, and did not give out */
};

/* A grey object. */
struct ct_go_grey_object {
	uint32_t span, slot;
};

/* False: no memory. The heap is not opened or closed. */
CT_WARN_UNUSED bool ct_go_grey_open(const struct ct_go_heap *heap, struct ct_go_grey *ret);
/* Of all 0, too. */
void ct_go_grey_close(struct ct_go_grey *grey);

/* From now on so many threads share them. */
void ct_go_grey_share(struct ct_go_grey *grey, unsigned n_threads);
/* The object of this span, and with this number, becomes grey. */
void ct_go_grey_add(struct ct_go_grey_hands *hands, const struct ct_go_span *span, uint32_t id);
/* One of those in hand, which is grey no more; false: there is none. */
bool ct_go_grey_next(struct ct_go_grey_hands *hands, struct ct_go_grey_object *ret);
/* Takes more in hand, when there are none. It waits for other threads while these may find some;
 * false: nobody has any left. */
bool ct_go_grey_more(struct ct_go_grey_hands *hands);

#endif
