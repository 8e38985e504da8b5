/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/cxx_proxy.h"

#include <sys/mman.h>

#include "target/symbols.h"

#define ENTRIES    16
#define ENTRY_SIZE 128u /* two words, each with a cache line of its own */
#define MOST       256  /* threads that are asked */
#define MAX_FRAMES 10   /* of one, */
#define MAX_STEPS  400  /* and of its code */

bool ct_cxx_in_table(const struct ct_blocking *ctx, uint64_t addr, unsigned *entry)
{
	struct ct_symbol symbol;

	/* A static variable of a function, in every program that waits so. */
	if (ct_symbol_at(ctx->target, addr, CT_SYMBOL_DATA, &symbol) ||
		!strstr(symbol.name, "__waiter_pool_base6_S_for") ||
		addr - symbol.start >= ENTRIES * ENTRY_SIZE)
		return false;
	*entry = (unsigned)((addr - symbol.start) / ENTRY_SIZE);
	return true;
}

struct search {
	const struct ct_blocking *ctx;
	unsigned entry;
	uint64_t stack_low, stack_high;
	struct ct_cxx_proxied found;
};

static enum ct_status read_bytes(void *arg, uint64_t addr, void *buf, size_t len)
{
	struct search *s = arg;

	if (s->found.addr == addr && !s->found.size)
		s->found.size = (uint32_t)len;
	return ct_read(s->ctx->target, addr, buf, len);
}

/* The evaluator asks before each load. */
static bool look_at(void *arg, uint64_t addr)
{
	struct search *s = arg;
	const struct ct_map *map;
	unsigned other;

	if (s->found.addr || (s->entry < ENTRIES && (addr >> 2) % ENTRIES != s->entry) ||
		(addr >= s->stack_low && addr < s->stack_high))
		return false;
	map = ct_target_map_at(s->ctx->target, addr);
	if (map && map->prot & PROT_WRITE && !ct_cxx_in_table(s->ctx, addr, &other))
		s->found.addr = addr;
	return false;
}

static bool is_writable(void *arg, uint64_t addr)
{
	(void)arg;
	(void)addr;
	return true;
}

/* The waiting functions are templates: part of the file that calls them. */
static struct ct_callee callee(void *arg, uint64_t target, uint64_t slot, bool is_call)
{
	const struct search *s = arg;

	(void)is_call;
	if (slot || !target || !ct_module_at(s->ctx->target, target))
		return (struct ct_callee){.kind = CT_CALLEE_FOREIGN};
	return (struct ct_callee){.kind = CT_CALLEE_ENTER, .entry = target};
}

/* What the frame does first when the call out of it returns. */
static void look_ahead(struct search *s, struct ct_evaluator *ev, const struct ct_regs *regs,
	const struct ct_unwound_frame *frame, uint32_t number)
{
	uint64_t sp = ct_reg(regs, ct_target_arch(s->ctx->target)->sp);
	const struct ct_evaluation in = {.regs = *regs,
		.pc = frame->pc,
		.dead_low = s->stack_low,
		.dead_high = sp,
		.stack_low = s->stack_low,
		.stack_high = s->stack_high,
		.max_steps = MAX_STEPS};

	s->found = (struct ct_cxx_proxied){.frame = number};
	if (ct_evaluate(ev, &in) || !s->found.size)
		s->found.addr = 0;
}

/*
 * The number of the frame in which it loops until the object has changed: the one in which those
 * that make the system call are called, or inlined.
 */
static uint32_t find_loop(const struct ct_blocked *blocked)
{
	uint32_t frame = 1;

	while (frame < blocked->n_callers && blocked->callers[frame] &&
		(strstr(blocked->callers[frame], "__platform_wait") ||
			strstr(blocked->callers[frame], "__waiter_pool::_M_do_wait")))
		frame++;
	return frame;
}

bool ct_cxx_find_proxied(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
	unsigned entry, struct ct_cxx_proxied *ret)
{
	const struct ct_arch *arch = ct_target_arch(ctx->target);
	struct search s = {.ctx = ctx, .entry = entry};
	const struct ct_code_view view = {.arg = &s,
		.read = read_bytes,
		.callee = callee,
		.wanted = look_at,
		.writable = is_writable};
	const struct ct_map *stack = ct_target_map_at(ctx->target, ct_reg(blocked->regs, arch->sp));
	struct ct_regs regs[MAX_FRAMES];
	struct ct_unwound unwound;

	if (!ctx->unwinder || !ctx->looked_ahead || *ctx->looked_ahead >= MOST || !stack ||
		ct_unwind_regs(ctx->unwinder, blocked->regs, regs, MAX_FRAMES, &unwound))
		return false;
	++*ctx->looked_ahead;
	s.stack_low = stack->start;
	s.stack_high = stack->end;
	struct ct_evaluator *ev = ct_evaluator_new(arch, &view);
	uint32_t loop = find_loop(blocked);
	if (ev && loop < CT_MIN(unwound.n, MAX_FRAMES))
		look_ahead(&s, ev, &regs[loop], &unwound.frames[loop], loop);
	ct_evaluator_free(ev);
	*ret = s.found;
	return s.found.addr;
}
