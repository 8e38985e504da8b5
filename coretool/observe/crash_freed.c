/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pointer that was loaded out of memory that malloc had taken back. glibc keeps two words of its
 * own in a small chunk that is free (tcache, malloc/malloc.c): the next one, since 2.32 mangled
 * with its own place (PROTECT_PTR), and the key by which it notices a second free().
 */
#include <inttypes.h>

#include "observe/crash.h"

#define ALIGNMENT   16
#define MAX_TCACHE  0x420 /* chunk sizes; mp_.tcache_max_bytes is at most that by default */
#define STACK_WORDS 64    /* of the frame that are looked at, too */
#define PAGE_BITS   12
#define FLAG_BITS   7 /* of a chunk's size */

/* Does a free chunk of the tcache begin at p? */
static bool is_free_chunk(struct ct_crash_scene *s, uint64_t p)
{
	uint64_t size, words[2], next;

	if (!p || p % ALIGNMENT || ct_read_u64(s->target, p - 8, &size) ||
		ct_read(s->target, p, words, sizeof(words)))
		return false;
	size &= ~(uint64_t)FLAG_BITS;
	next = words[0] ^ p >> PAGE_BITS;
	if (size < 0x20 || size > MAX_TCACHE || size % ALIGNMENT || !words[1])
		return false;
	/* The next one is in the same arena. */
	return !next || (next % ALIGNMENT == 0 && ct_target_map_at(s->target, next) ==
							  ct_target_map_at(s->target, p));
}

/* Is value one of the two words that malloc keeps at p? */
static bool came_from(struct ct_crash_scene *s, uint64_t p, uint64_t value)
{
	uint64_t words[2];

	return p % ALIGNMENT == 0 && !ct_read(s->target, p, words, sizeof(words)) &&
	       (words[0] == value || words[1] == value) && is_free_chunk(s, p);
}

/* The chunk that value was loaded from: its address is still in a register or in the frame. */
static uint64_t find_source(struct ct_crash_scene *s, uint64_t value)
{
	uint64_t sp = ct_reg(&s->regs, s->arch->sp), word;

	for (unsigned i = 0; i < s->arch->n_dwarf; i++) {
		unsigned reg = s->arch->dwarf_to_reg[i];

		word = ct_reg(&s->regs, reg);
		if (s->regs.known >> reg & 1 && came_from(s, word, value))
			return word;
	}
	for (unsigned i = 0; i < STACK_WORDS; i++)
		if (!ct_read_u64(s->target, sp + 8 * i, &word) && came_from(s, word, value))
			return word;
	return 0;
}

enum ct_status ct_crash_freed(struct ct_crash_scene *s, uint64_t pointer, const char **words)
{
	uint64_t source = find_source(s, pointer);

	if (!source)
		return CT_NOT_FOUND;
	*words = ct_sink_printf(s->o->sink,
		"a pointer out of freed memory: 0x%" PRIx64
		" is what malloc keeps in the free chunk at 0x%" PRIx64,
		pointer, source);
	return CT_OK;
}
