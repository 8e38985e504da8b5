/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/libc_heap.h"

#include <sys/mman.h>

#define HEAP_SIZE   (UINT64_C(64) << 20) /* of an arena beside the main one; and its alignment */
#define ALIGNMENT   16u
#define LEAST       0x20u
#define HEADER      16u /* the size of the one before, while that is free, and its own */
#define PREV_IN_USE 1u
#define IS_MAPPED   2u /* a block of its own mapping */
#define FLAGS       7u
#define PROBE       8 /* chunks that must follow one another at the start of a heap */

/*
 * sizeof(struct malloc_state): 2.31 to 2.41, and 2.43; sizeof(struct heap_info): up to 2.34, and
 * from 2.35 on.
 */
static const uint16_t states[] = {2200, 2112};
static const uint16_t heads[] = {0x20, 0x30};

/* The chunk at `at`: *size of it, with its flags. False: none can be there. */
static bool read_chunk(const struct ct_heap_walk *walk, uint64_t at, uint64_t *size)
{
	uint64_t n;

	if (at % ALIGNMENT || at < walk->map->start || at + HEADER > walk->map->end ||
		ct_read_u64(walk->target, at + 8, size))
		return false;
	n = *size & ~(uint64_t)FLAGS;
	return n >= LEAST && n % ALIGNMENT == 0 && n <= walk->map->end - at;
}

/* Does a chain begin at `at`? */
static bool begins(const struct ct_heap_walk *walk, uint64_t at)
{
	uint64_t size;

	for (int i = 0; i < PROBE; i++) {
		if (at + HEADER > walk->map->end)
			return i > 0;
		if (!read_chunk(walk, at, &size) || (!i && !(size & (PREV_IN_USE | IS_MAPPED))))
			return false;
		at += size & ~(uint64_t)FLAGS;
	}
	return true;
}

/* Where the chunks of an arena's heap begin; 0: it is none. */
static uint64_t first_of_arena(const struct ct_heap_walk *walk)
{
	uint64_t start = walk->map->start, arena;

	if (start % HEAP_SIZE || ct_read_u64(walk->target, start, &arena))
		return 0;
	for (size_t h = 0; h < CT_COUNT(heads); h++) {
		if (arena != start + heads[h] && begins(walk, start + heads[h]))
			return start + heads[h];
		for (size_t s = 0; s < CT_COUNT(states) && arena == start + heads[h]; s++) {
			uint64_t at =
				(arena + states[s] + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);

			if (begins(walk, at))
				return at;
		}
	}
	return 0;
}

static void enter(struct ct_heap_walk *walk, const struct ct_map *map)
{
	walk->map = map;
	walk->at = 0;
	if (map->path || (map->prot >= 0 && !(map->prot & PROT_WRITE)))
		return;
	walk->at = first_of_arena(walk);
	if (!walk->at && begins(walk, map->start))
		walk->at = map->start;
}

enum ct_status ct_libc_block_at(struct ct_heap_walk *walk, uint64_t addr, struct ct_libc_block *ret)
{
	const struct ct_map *map = ct_target_map_at(walk->target, addr);
	uint64_t size, next;

	if (!map)
		return CT_NOT_FOUND;
	if (map != walk->map || addr < walk->at)
		enter(walk, map);
	while (walk->at && walk->budget) {
		if (!read_chunk(walk, walk->at, &size)) {
			walk->at = 0;
			break;
		}
		uint64_t end = walk->at + (size & ~(uint64_t)FLAGS);
		/* The last eight bytes of the next chunk's header are its own. */
		if (addr < end + (size & IS_MAPPED ? 0 : 8)) {
			bool mapped = size & IS_MAPPED;
			bool last = !mapped && !read_chunk(walk, end, &next);

			if (addr < walk->at + HEADER || last)
				return CT_NOT_FOUND;
			*ret = (struct ct_libc_block){walk->at + HEADER,
				end - walk->at - (mapped ? HEADER : 8),
				!mapped && !(next & PREV_IN_USE)};
			return CT_OK;
		}
		walk->at = end;
		walk->budget--;
	}
	return CT_NOT_FOUND;
}
