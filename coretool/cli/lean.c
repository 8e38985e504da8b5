/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lean.h"

#include <elf.h>
#include <sys/mman.h>

#include "base/vec.h"
#include "target/modules.h"

#define PAGE      UINT64_C(4096)
#define RED_ZONE  128         /* below the stack pointer, of leaf functions (x86-64 ABI) */
#define MAX_STACK (8u << 20)  /* of one thread: the usual limit of a stack */
#define MAX_DATA  (64u << 20) /* of one writable mapping of a module */
#define RECORD                                                                                     \
	(2 * PAGE) /* around a thread's own record: its start, and thread-local data below         \
		    */

struct ranges {
	struct ct_target *target;
	CT_VEC(struct ct_range) list;
	bool failed;
};

/* Whole pages of [start, end), no more than the mapping that start is in. */
static void keep(struct ranges *r, uint64_t start, uint64_t end)
{
	const struct ct_map *map = ct_target_map_at(r->target, start);

	if (!map)
		return;
	start = CT_MAX(start & ~(PAGE - 1), map->start);
	end = CT_MIN(end, map->end);
	if (!ct_align(end, PAGE, &end) || start >= end)
		return;
	struct ct_range *range = ct_vec_push(&r->list);
	if (range)
		*range = (struct ct_range){start, end};
	r->failed = r->failed || !range;
}

static void keep_around(struct ranges *r, uint64_t addr, uint64_t before, uint64_t behind)
{
	uint64_t start = addr - CT_MIN(addr, before), end;

	if (!ct_add(addr, behind, &end))
		return;
	/* The part before addr may lie in another mapping. */
	keep(r, start, addr);
	keep(r, addr, end);
}

static void keep_thread(struct ranges *r, const struct ct_thread *thread)
{
	const struct ct_arch *arch = ct_target_arch(r->target);

	if (!thread->regs)
		return;
	for (unsigned i = 0; i < arch->n_regs; i++)
		if (thread->regs->known >> i & 1)
			keep_around(r, ct_reg(thread->regs, i), 0, PAGE);
	keep_around(r, ct_reg(thread->regs, arch->sp), RED_ZONE, MAX_STACK);
}

/* A thread in a signal handler has two stacks; the other one is that of its record, or of the
 * program's start. */
static bool has_signal_frame(const struct ct_facts *facts, const struct ct_actor *actor)
{
	if (actor->stack == CT_NONE)
		return false;
	const struct ct_stack *stack = &facts->stacks[actor->stack];
	for (uint32_t i = 0; i < stack->n_frames; i++)
		if (stack->frames[i].is_signal)
			return true;
	return false;
}

static void keep_actor(struct ranges *r, const struct ct_facts *facts, const struct ct_actor *actor)
{
	uint64_t base;

	if (!actor->object)
		return;
	keep_around(r, actor->object, RECORD, RECORD);
	if (!has_signal_frame(facts, actor))
		return;
	keep_around(r, actor->object, MAX_STACK, 0);
	if (!ct_target_auxv(r->target, AT_RANDOM, &base))
		keep_around(r, base, MAX_STACK, PAGE);
}

/* Of a module its headers (build id, dynamic section) and what it writes; the vdso wholly, as no
 * file has it. */
static void keep_map(struct ranges *r, const struct ct_map *map)
{
	const struct ct_module *module = ct_module_at(r->target, map->start);
	/* What lies right behind a module's last file page, with no name, is the rest of its .bss.
	 */
	if (!module && !map->path && map->start)
		module = ct_module_at(r->target, map->start - 1);
	if (!module)
		return;
	bool written = map->prot < 0 || map->prot & PROT_WRITE;
	keep(r, map->start, map->start + (written || !module->file ? MAX_DATA : PAGE));
}

static int by_start(const void *a, const void *b)
{
	const struct ct_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static size_t merge(struct ct_range *list, size_t n)
{
	size_t kept = 0;

	qsort(list, n, sizeof(*list), by_start);
	for (size_t i = 0; i < n; i++)
		if (kept && list[i].start <= list[kept - 1].end)
			list[kept - 1].end = CT_MAX(list[kept - 1].end, list[i].end);
		else
			list[kept++] = list[i];
	return kept;
}

enum ct_status ct_lean_ranges(struct ct_target *target, const struct ct_facts *facts,
	struct ct_range **ret, size_t *n, struct ct_error *err)
{
	struct ranges r = {.target = target};

	for (size_t i = 0; i < ct_target_n_threads(target); i++)
		keep_thread(&r, ct_target_thread(target, i));
	for (uint32_t i = 0; i < facts->n_actors; i++)
		keep_actor(&r, facts, &facts->actors[i]);
	for (uint32_t i = 0; i < facts->n_resources; i++)
		keep_around(&r, facts->resources[i].address, 0, PAGE);
	for (size_t i = 0; i < ct_target_n_maps(target); i++)
		keep_map(&r, ct_target_map(target, i));
	if (r.failed) {
		ct_vec_free(&r.list);
		return ct_fail(err, CT_NO_MEMORY, "out of memory");
	}
	*n = r.list.n ? merge(r.list.items, r.list.n) : 0;
	*ret = r.list.items;
	return CT_OK;
}
