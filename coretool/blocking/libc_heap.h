/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of glibc's malloc (malloc/malloc.c, 2.31 to 2.43): memory is a chain of chunks, each with
 * its size before it, from the start of a heap to its end. Only what such a chain leads to is a
 * block.
 */
#ifndef CT_BLOCKING_LIBC_HEAP_H
#define CT_BLOCKING_LIBC_HEAP_H

#include "target/target.h"

struct ct_libc_block {
	uint64_t start, size; /* what malloc() gave, and what of it can be used */
	bool free;            /* free() has had it, and no other block was made of it yet */
};

/* The way through the heaps; where it stands serves for the next address, if that is behind. */
struct ct_heap_walk {
	struct ct_target *target;
	const struct ct_map *map;
	uint64_t at;     /* of a chunk; 0: no chain leads through map */
	uint64_t budget; /* chunks that may still be passed */
};

/* CT_NOT_FOUND: addr is in no block, or no chain leads to it. Ask in the order of addresses. */
enum ct_status ct_libc_block_at(
	struct ct_heap_walk *walk, uint64_t addr, struct ct_libc_block *ret);

#endif
