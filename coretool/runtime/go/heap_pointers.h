/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in an object pointers are, 64 words at a time (runtime/mbitmap.go):
 *
 *	to 1.19       the arena has two bits for each word: it is a pointer; more may follow
 *	1.20, 1.21    the arena has one bit for each word, and one for 64 words: none follows
 *	1.22 on       up to 512 bytes the end of the span has one bit for each word; larger objects
 *	              begin with the address of their type; the span of a large one names its type
 *
 * A type has a mask; its object may be an array of it. A mask that is a program is not followed:
 * then every word counts, and the walk says so.
 */
#ifndef CT_RUNTIME_GO_HEAP_POINTERS_H
#define CT_RUNTIME_GO_HEAP_POINTERS_H

#include "runtime/go/heap.h"

struct ct_go_mask { /* of a type */
	uint64_t type;
	uint64_t size;       /* of one element, bytes; 0: it cannot be read, or is no type */
	const uint8_t *bits; /* NULL: every word may be a pointer */
	uint64_t words;      /* that may be pointers, from the element's start */
};

#define CT_GO_MASKS 1024 /* kept by one who walks through objects */

struct ct_go_masks {
	const struct ct_go_heap *heap;
	struct ct_go_mask items[CT_GO_MASKS]; /* by hash of the type; all zero at first */
};

/* One object being walked through. */
struct ct_go_walk {
	struct ct_go_masks *masks;
	const struct ct_go_span *span;
	uint64_t start, end;    /* of the slot */
	uint64_t element, word; /* start of the element that is next, and the word in it */
	uint64_t size, words;   /* of an element; 0 words: there is nothing more */
	const uint8_t *bits;    /* of an element, or NULL */
	uint64_t pattern;       /* of 64 words, when it repeats itself in all of the object; or 0 */
	bool guessed;           /* every word counts, as it is not known which are pointers */
};

/* In a type's descriptor; the same from 1.14 to 1.27. */
#define CT_GO_TYPE_TFLAG   20
#define CT_GO_TYPE_KIND    23
#define CT_GO_TFLAG_DEMAND 16 /* 1.24 on: there is the address of the mask, when it was made */

/* The type's mask; never NULL. Valid until the next call. */
const struct ct_go_mask *ct_go_mask_of(struct ct_go_masks *masks, uint64_t type);

void ct_go_walk_begin(
	struct ct_go_masks *masks, const struct ct_go_object *object, struct ct_go_walk *walk);
/*
 * The next words that hold pointers: bit i of *ret is the word at *at + 8 * i, all of them inside
 * of the object. False: there are no more.
 */
bool ct_go_walk_next(struct ct_go_walk *walk, uint64_t *at, uint64_t *ret);

/* The mask of a type that has one on demand: `words` bits, which live as long as the heap; NULL:
 * its descriptors do not make one. The caller has the heap's lock. (heap_late_masks.c) */
const uint8_t *ct_go_late_mask(struct ct_go_heap *heap, uint64_t type, uint64_t words);
void ct_go_late_masks_free(struct ct_go_heap *heap);

/* 64 bits from bit `from` on of n bits; those behind are 0. */
uint64_t ct_go_bits(const uint8_t *bits, uint64_t from, uint64_t n);
/* The same of pairs of bits, to 1.19: 4 words a byte, pointers low, "more" high. Ends *more at the
 * first word behind which there is nothing; the object's second word does not count. */
uint64_t ct_go_pair_bits(const uint8_t *pairs, uint64_t from, uint64_t n, bool first, bool *more);

#endif
