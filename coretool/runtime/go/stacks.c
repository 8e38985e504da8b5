/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a goroutine goes on. One that waits has left its registers in g.sched; one in a system call
 * or in C code in g.syscallsp; one that runs is where its thread is, or where a signal has
 * interrupted it, or has left for the thread's own stack (g0) by way of g.sched.
 */
#include "runtime/go/known_stacks.h"
#include "runtime/go/observe.h"

static bool in_stack(const struct ct_go_g *g, uint64_t sp)
{
	return sp >= g->stack_low && sp < g->stack_high;
}

static void set(const struct ct_go_observation *o, struct ct_regs *regs, uint64_t pc, uint64_t sp,
	uint64_t fp)
{
	const struct ct_arch *arch = ct_target_arch(o->target);

	*regs = (struct ct_regs){0};
	ct_reg_set(regs, arch->pc, pc);
	ct_reg_set(regs, arch->sp, sp);
	if (fp)
		ct_reg_set(regs, arch->fp, fp);
}

#define MAX_SIGNAL_FRAMES 64

/* What a signal handler on the thread's signal stack has interrupted. */
static bool interrupted(struct ct_go_observation *o, const struct ct_go_g *g,
	const struct ct_regs *thread, struct ct_regs *ret)
{
	const struct ct_arch *arch = ct_target_arch(o->target);
	struct ct_regs frames[MAX_SIGNAL_FRAMES];
	struct ct_unwound unwound;

	if (!o->unwinder ||
		ct_unwind_regs(o->unwinder, thread, frames, MAX_SIGNAL_FRAMES, &unwound))
		return false;
	for (size_t i = 0; i < CT_MIN(unwound.n, (size_t)MAX_SIGNAL_FRAMES); i++)
		if (frames[i].known >> arch->sp & 1 && in_stack(g, ct_reg(&frames[i], arch->sp))) {
			*ret = frames[i];
			return true;
		}
	return false;
}

enum ct_status ct_go_registers(
	const struct ct_go_observation *o, const struct ct_go_g *g, struct ct_regs *ret)
{
	const struct ct_arch *arch = ct_target_arch(o->target);
	const struct ct_go_machine *m =
		g->status == CT_GO_RUNNING ? ct_go_machine_at(o, g->m) : NULL;
	const struct ct_thread *thread = ct_go_machine_thread(o, m);

	if (thread) {
		if (in_stack(g, ct_reg(thread->regs, arch->sp))) {
			*ret = *thread->regs;
			return CT_OK;
		}
		if (interrupted((struct ct_go_observation *)o, g, thread->regs, ret))
			return CT_OK;
	}
	if (g->syscall_sp && g->status != CT_GO_WAITING) {
		set(o, ret, g->syscall_pc, g->syscall_sp, 0);
		return CT_OK;
	}
	if (!g->sp || !in_stack(g, g->sp)) /* it is long on its way: what is there is old */
		return CT_NOT_FOUND;
	set(o, ret, g->pc, g->sp, g->fp);
	return CT_OK;
}

static bool reserve_frames(struct ct_go_observation *o, size_t n)
{
	struct ct_frame *grown;

	if (n <= o->n_frames)
		return true;
	grown = realloc(o->frames, n * sizeof(*o->frames));
	if (!grown)
		return false;
	o->frames = grown;
	o->n_frames = n;
	return true;
}

static enum ct_status add_stack(
	struct ct_go_observation *o, const struct ct_unwound *unwound, uint32_t actor)
{
	if (!reserve_frames(o, unwound->n))
		return CT_NO_MEMORY;
	/* Holes would count when equal stacks are looked for. */
	if (unwound->n)
		memset(o->frames, 0, unwound->n * sizeof(*o->frames));
	for (size_t i = 0; i < unwound->n; i++) {
		const struct ct_unwound_frame *frame = &unwound->frames[i];

		o->frames[i].site = o->site(o->arg, frame->pc, frame->is_call);
		o->frames[i].trust = frame->trust;
		o->frames[i].is_signal = frame->is_signal;
		if (o->frames[i].site == CT_NONE)
			return CT_NO_MEMORY;
	}
	struct ct_stack stack = {
		.frames = o->frames,
		.n_frames = (uint32_t)unwound->n,
		.n_total = (uint32_t)CT_MIN(unwound->n_total, (size_t)UINT32_MAX),
		.skipped_at = (uint32_t)unwound->skipped_at,
		.root = unwound->root,
		.why = unwound->root ? NULL : unwound->why,
	};
	uint32_t index = ct_sink_stack(o->sink, &stack);
	ct_sink_get_actor(o->sink, actor)->stack = index;
	return index == CT_NONE ? CT_NO_MEMORY : CT_OK;
}

/* It goes on from what stands in its record, and has no frames of C. */
static bool rests(const struct ct_go_g *g)
{
	return g->status == CT_GO_WAITING && !g->m && !g->locked && in_stack(g, g->sp);
}

enum ct_status ct_go_observe_stack(
	struct ct_go_observation *o, const struct ct_go_g *g, uint32_t actor)
{
	bool is_call = g->pc != g->startpc; /* see ct_go_unwind() */
	uint32_t index = rests(g) ? ct_go_known_stack(o->known, g->pc, is_call, g->sp) : CT_NONE;

	if (index != CT_NONE) {
		ct_sink_share_stack(o->sink, index);
		ct_sink_get_actor(o->sink, actor)->stack = index;
		return CT_OK;
	}
	struct ct_unwound unwound = {
		.why = "it runs on its thread, and where it left its own stack "
		       "is not recorded"};
	struct ct_regs regs;
	enum ct_status status = ct_go_unwind(o, g, &regs, &unwound);

	bool walked = !status;
	if (status != CT_NO_MEMORY)
		status = add_stack(o, &unwound, actor);
	if (!status && walked && rests(g))
		ct_go_learn_stack(
			o->known, &unwound, g->sp, ct_sink_get_actor(o->sink, actor)->stack);
	return status;
}

uint32_t ct_go_frame_of(const struct ct_go_observation *o, uint32_t actor, uint64_t pc)
{
	uint32_t index = ct_sink_get_actor(o->sink, actor)->stack;
	const struct ct_stack *stack = index == CT_NONE ? NULL : ct_sink_get_stack(o->sink, index);

	for (uint32_t i = 0; stack && i < stack->n_frames; i++)
		if (ct_sink_get_site(o->sink, stack->frames[i].site)->pc == pc)
			return i;
	return CT_NONE;
}
