/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be reached, by a mark of our own: the collector's own bits are of the last cycle, or in
 * the middle of one. Roots are given one by one, then all that they reach is marked; more roots may
 * follow, so that what a set of goroutines keeps alive can be told from what others do.
 *
 * Work is done by several threads. Its memory is two bits for each object and five bytes for each
 * span (heap_grey.h).
 */
#ifndef CT_RUNTIME_GO_HEAP_MARK_H
#define CT_RUNTIME_GO_HEAP_MARK_H

#include "runtime/go/heap_pointers.h"

struct ct_go_mark;

/* Objects of which it is to be told when they are marked. */
struct ct_go_watch {
	uint64_t *objects; /* a bit for each object of the heap: who is one of them */
	uint32_t *reached; /* numbers of those that were marked; as many as there can be */
	_Atomic uint32_t n_reached;
};

struct ct_go_marked {
	uint64_t objects, bytes; /* bytes of slots */
	uint64_t guessed;        /* objects of which every word counted as a pointer */
	uint64_t unread;         /* objects that could not be read in full */
	uint64_t to_free;        /* pointers to slots that are free */
};

/* n_threads: 0: as many as there are processors. NULL: no memory. */
struct ct_go_mark *ct_go_mark_new(const struct ct_go_heap *heap, unsigned n_threads);
void ct_go_mark_free(struct ct_go_mark *mark);

/* A root: the object that addr points into, if any, is to be marked with all that it reaches. */
void ct_go_mark_root(struct ct_go_mark *mark, uint64_t addr);
/* Marks this object alone. What it refers to is given as roots, or is to be left out. */
void ct_go_mark_alone(struct ct_go_mark *mark, const struct ct_go_object *object);
/* Gives what the object refers to as roots, and marks it not. */
void ct_go_mark_inside(struct ct_go_mark *mark, const struct ct_go_object *object);
/* From now on those of the watch that are marked go into it; it lives as long as the mark. */
void ct_go_mark_watch(struct ct_go_mark *mark, struct ct_go_watch *watch);
/* Marks all that the roots given so far reach. */
CT_WARN_UNUSED enum ct_status ct_go_mark_run(struct ct_go_mark *mark);

/* Marks the object that addr points into, and all that it reaches, when the roots given before are
 * done. Bytes that were not marked before; without threads of its own: for many small ones. */
uint64_t ct_go_mark_more(struct ct_go_mark *mark, uint64_t addr);
/* As ct_go_mark_run(), without threads of its own: where there is little to do. Bytes that were not
 * marked before, beside those marked alone. */
uint64_t ct_go_mark_rest(struct ct_go_mark *mark);

bool ct_go_mark_has(const struct ct_go_mark *mark, uint32_t id);
/* Sums up what is marked so far. */
void ct_go_mark_count(const struct ct_go_mark *mark, struct ct_go_marked *ret);

#endif
