/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks keep what was on them: locks too, that are long gone. Below the stack pointer of a thread
 * nothing is alive; and glibc keeps the stacks of threads that have exited, for the next ones
 * (nptl/allocatestack.c), with the descriptor at the upper end of each.
 */
#include <elf.h>

#include "base/vec.h"
#include "observe/held.h"

#define RED_ZONE 128u /* below the stack pointer, of leaf functions (x86-64 ABI) */
#define PAGE     4096u

struct range {
	uint64_t start, end;
};

struct ct_dead_stacks {
	struct ct_observation *o;
	CT_VEC(struct range) ranges; /* below stack pointers; sorted */
	uint64_t last_map;           /* the start of the last mapping asked about … */
	bool last_exited;            /* … and whether it is an exited thread's */
};

/* Where the stack of a thread begins: glibc's record of it, or the mapping that the kernel put main
 * on. 0: not known. */
static uint64_t stack_start(struct ct_observation *o, uint32_t actor, uint64_t sp)
{
	const struct ct_libc_layout *layout = o->libc.layout;
	uint64_t object = ct_sink_get_actor(o->sink, actor)->object, start, size, random;
	const struct ct_map *map = ct_target_map_at(o->target, sp);

	if (layout && object && !ct_read_u64(o->target, object + layout->stackblock, &start) &&
		!ct_read_u64(o->target, object + layout->stackblock + 8, &size) && start &&
		sp >= start && sp - start < size)
		return start;
	if (map && !map->path && !ct_target_auxv(o->target, AT_RANDOM, &random) && random >= sp &&
		random < map->end)
		return map->start;
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

struct ct_dead_stacks *ct_dead_stacks_new(struct ct_observation *o)
{
	const struct ct_arch *arch = ct_target_arch(o->target);
	struct ct_dead_stacks *stacks = calloc(1, sizeof(*stacks));

	if (!stacks)
		return NULL;
	stacks->o = o;
	for (size_t i = 0; i < ct_target_n_threads(o->target); i++) {
		const struct ct_thread *thread = ct_target_thread(o->target, i);
		uint64_t sp = thread->stopped ? ct_reg(thread->regs, arch->sp) : 0;
		uint64_t start = sp ? stack_start(o, (uint32_t)i, sp) : 0;

		if (!start || sp - start < RED_ZONE)
			continue;
		struct range *range = ct_vec_push(&stacks->ranges);
		if (range)
			*range = (struct range){start, sp - RED_ZONE};
	}
	if (stacks->ranges.n)
		qsort(stacks->ranges.items, stacks->ranges.n, sizeof(struct range), by_start);
	return stacks;
}

void ct_dead_stacks_free(struct ct_dead_stacks *stacks)
{
	if (stacks)
		ct_vec_free(&stacks->ranges);
	free(stacks);
}

/* Does a mapping end with the descriptor of a thread that does not live? */
static bool is_exited(struct ct_observation *o, const struct ct_map *map)
{
	const struct ct_libc_layout *layout = o->libc.layout;
	uint64_t words[PAGE / 8], page = map->end - PAGE, self;

	if (!layout || map->path || map->end - map->start < 2 * PAGE ||
		ct_read(o->target, page, words, sizeof(words)))
		return false;
	for (size_t i = 0; i < CT_COUNT(words); i++) {
		uint64_t object = page + i * 8;

		if (words[i] == object && !ct_read_u64(o->target, object + layout->self, &self) &&
			self == object) {
			uint32_t actor = ct_sink_actor_by_object(o->sink, object);

			return actor == CT_NONE || actor >= ct_target_n_threads(o->target);
		}
	}
	return false;
}

bool ct_dead_stacks_have(struct ct_dead_stacks *stacks, uint64_t addr)
{
	const struct ct_map *map = ct_target_map_at(stacks->o->target, addr);
	uint32_t lo = 0, hi = stacks->ranges.n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (stacks->ranges.items[mid].start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo && addr < stacks->ranges.items[lo - 1].end)
		return true;
	if (!map)
		return false;
	if (stacks->last_map != map->start) {
		stacks->last_map = map->start;
		stacks->last_exited = is_exited(stacks->o, map);
	}
	return stacks->last_exited;
}
