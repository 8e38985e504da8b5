/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has taken a lock has its address, most often: in a register, or on the stack, as the guard
 * object or the pointer by which it will be released; or that of the object that the lock is a
 * member of.
 */
#include <inttypes.h>

#include "observe/held.h"

#define RED_ZONE 128u
#define MOST     (UINT64_C(8) << 20)  /* bytes of one stack */
#define MOST_ALL (UINT64_C(64) << 20) /* of all */
#define IN_OBJECT                                                                                  \
	256u /* how far in an object a lock may be, for a pointer to the object to count */
#define CHUNK 4096u

/* The hits of one owner, sorted by address. */
struct owned {
	struct ct_observation *o;
	struct ct_held_hit *hits;
	uint32_t n;
	uint64_t budget;
};

/* The value may point to a hit; from NULL: it is in a register. */
static void consider(struct owned *owned, uint64_t value, uint64_t from)
{
	uint32_t lo = 0, hi = owned->n;

	CT_BISECT(lo, hi, mid, owned->hits[mid].scan.addr < value);
	if (lo == owned->n || owned->hits[lo].scan.addr - value > IN_OBJECT ||
		owned->hits[lo].evidence.why)
		return;
	const char *what = value == owned->hits[lo].scan.addr ? "a pointer to it"
							      : "a pointer to an object around it";
	owned->hits[lo].evidence.trust = CT_TRUST_INFERRED;
	owned->hits[lo].evidence.why =
		from ? ct_sink_printf(owned->o->sink,
			       "the thread has %s on its stack, at 0x%" PRIx64, what, from)
		     : ct_sink_printf(owned->o->sink, "the thread has %s in a register", what);
}

static void search_stack(struct owned *owned, uint64_t sp)
{
	const struct ct_map *map = ct_target_map_at(owned->o->target, sp);
	uint64_t words[CHUNK / 8], low = owned->hits[0].scan.addr - IN_OBJECT;
	uint64_t high = owned->hits[owned->n - 1].scan.addr;
	uint64_t at = (sp - CT_MIN(sp, RED_ZONE)) & ~UINT64_C(7), end = map ? map->end : 0;

	end = CT_MIN(end, sp + CT_MIN(owned->budget, MOST));
	for (; at < end; at += sizeof(words)) {
		size_t len = CT_MIN(sizeof(words), end - at);

		if (ct_read(owned->o->target, at, words, len))
			return;
		owned->budget -= CT_MIN(owned->budget, len);
		for (size_t i = 0; i < len / 8; i++)
			if (words[i] - low <= high - low)
				consider(owned, words[i], at + i * 8);
	}
}

static void search_thread(struct owned *owned)
{
	const struct ct_arch *arch = ct_target_arch(owned->o->target);
	const struct ct_thread *thread =
		ct_target_thread(owned->o->target, owned->hits[0].scan.actor);

	if (!thread->stopped)
		return;
	for (unsigned i = 0; i < arch->n_regs; i++)
		if (thread->regs->known >> i & 1 && i != arch->sp)
			consider(owned, ct_reg(thread->regs, i), 0);
	search_stack(owned, ct_reg(thread->regs, arch->sp));
}

static int by_owner(const void *a, const void *b)
{
	const struct ct_held_hit *x = a, *y = b;

	if (x->scan.actor != y->scan.actor)
		return x->scan.actor < y->scan.actor ? -1 : 1;
	return (x->scan.addr > y->scan.addr) - (x->scan.addr < y->scan.addr);
}

void ct_held_find_pointers(struct ct_observation *o, struct ct_held_hit *hits, uint32_t n)
{
	uint64_t budget = MOST_ALL;

	qsort(hits, n, sizeof(*hits), by_owner);
	for (uint32_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && hits[end].scan.actor == hits[i].scan.actor;)
			end++;
		if (hits[i].scan.actor >= ct_target_n_threads(o->target))
			continue;
		struct owned owned = {o, hits + i, end - i, budget};
		search_thread(&owned);
		budget = owned.budget;
	}
}
