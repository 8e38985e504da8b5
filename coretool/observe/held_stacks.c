/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks keep what was on them: locks too, that are long gone. Below the stack pointer of a thread
 * nothing is alive; and glibc keeps the stacks of threads that have exited, for the next ones
 * (nptl/allocatestack.c), with the descriptor at the upper end of each.
 */
#include <elf.h>

#include "base/vec.h"
#include "observe/held.h"

#define RED_ZONE   128u /* below the stack pointer, of leaf functions (x86-64 ABI) */
#define PAGE       4096u
#define MOST_STACK (UINT64_C(16) << 20) /* of a thread that has exited */

struct range {
	uint64_t start, end;
};

struct ct_dead_stacks {
	struct ct_observation *o;
	CT_VEC(struct range) ranges; /* below stack pointers; sorted */
	/* The descriptor that follows all addresses in [asked, answered); 0: none does. */
	uint64_t asked, answered, descriptor;
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

/* Is the descriptor here that of a thread that does not live, and addr on its stack? */
static bool is_exited(struct ct_observation *o, uint64_t object, uint64_t addr)
{
	const struct ct_libc_layout *layout = o->libc.layout;
	uint32_t actor = ct_sink_actor_by_object(o->sink, object);
	uint64_t self, start, size;

	if (actor != CT_NONE && actor < ct_target_n_threads(o->target))
		return false;
	return !ct_read_u64(o->target, object + layout->self, &self) && self == object &&
	       !ct_read_u64(o->target, object + layout->stackblock, &start) &&
	       !ct_read_u64(o->target, object + layout->stackblock + 8, &size) && addr >= start &&
	       addr - start < size;
}

/* The first word from addr on that has its own address, as the one behind the next has: so a
 * descriptor begins. 0: none near. */
static uint64_t next_descriptor(struct ct_observation *o, const struct ct_map *map, uint64_t addr)
{
	uint64_t end = CT_MIN(map->end, addr + MOST_STACK), start, stop;
	uint64_t words[PAGE / 8];

	for (uint64_t at = addr & ~(uint64_t)(PAGE - 1);
		!ct_target_next_data(o->target, at, end, &start, &stop); at = stop)
		for (uint64_t page = start; page < stop; page += PAGE) {
			if (ct_read(o->target, page, words, sizeof(words)))
				continue;
			for (size_t i = 0; i < CT_COUNT(words); i++)
				if (words[i] == page + i * 8 && words[i] > addr &&
					(i + 2 >= CT_COUNT(words) || words[i + 2] == words[i]))
					return words[i];
		}
	return 0;
}

/*
 * Stacks that lie one above the other may be one mapping: the next descriptor above an address says
 * whose stack it is on. Addresses come in order, most often, and share the answer.
 */
static bool is_on_exited(struct ct_dead_stacks *stacks, const struct ct_map *map, uint64_t addr)
{
	if (!stacks->o->libc.layout || map->path)
		return false;
	if (addr < stacks->asked || addr >= stacks->answered) {
		stacks->asked = addr;
		stacks->descriptor = next_descriptor(stacks->o, map, addr);
		stacks->answered = stacks->descriptor ? stacks->descriptor
						      : CT_MIN(map->end, addr + MOST_STACK / 2);
	}
	return stacks->descriptor && is_exited(stacks->o, stacks->descriptor, addr);
}

bool ct_dead_stacks_have(struct ct_dead_stacks *stacks, uint64_t addr)
{
	const struct ct_map *map = ct_target_map_at(stacks->o->target, addr);
	uint32_t lo = 0, hi = stacks->ranges.n;

	CT_BISECT(lo, hi, mid, stacks->ranges.items[mid].start <= addr);
	if (lo && addr < stacks->ranges.items[lo - 1].end)
		return true;
	return map && is_on_exited(stacks, map, addr);
}
