/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole stack of a goroutine that has to do with C. Go calls C on the thread's own stack (g0;
 * asmcgocall() of asm_amd64.s), and C that calls Go is continued on the goroutine's stack, right
 * behind what had called C (cgocallback()): the frames of C in between are on g0, from where
 * cgocallback() left it on. That is in m.g0.sched.sp for the innermost call, and of each outer one
 * right where the inner one begins ("the saved g->sched.sp is at 0(SP)").
 */
#include "runtime/go/observe.h"

#define MAX_CALLBACKS 32 /* nested ones whose frames of C are looked for */

const char *ct_go_frame_name(const struct ct_go *go, const struct ct_unwound_frame *frame)
{
	struct ct_go_function function;

	return ct_go_function_at(&go->tables, frame->pc - frame->is_call, &function)
		       ? ct_go_function_name(&function)
		       : "";
}

/* Up to 1.16 the one that changes stacks is called by another. */
static bool is_callback(const struct ct_go *go, const struct ct_unwound_frame *frame)
{
	const char *name = ct_go_frame_name(go, frame);

	return !strcmp(name, "runtime.cgocallback_gofunc") ||
	       (!strcmp(name, "runtime.cgocallback") && ct_go_since(go, 17));
}

/* Of the functions that C calls Go by, up to 1.16 on the thread's stack. */
static bool is_inside(const char *name)
{
	static const char callback[] = "runtime.cgocallback", exported[] = "_cgoexp_";

	return !strncmp(name, callback, sizeof(callback) - 1) ||
	       !strncmp(name, exported, sizeof(exported) - 1);
}

static bool is_call_to_c(const struct ct_go *go, const struct ct_unwound_frame *frame)
{
	return !strcmp(ct_go_frame_name(go, frame), "runtime.asmcgocall");
}

/*
 * Up to 1.20 a fault in C looks as if sigpanic() had been called there, as it does in Go; from that
 * it throws. A panic is the goroutine's own doing.
 */
size_t ct_go_behind_handlers(const struct ct_go *go, const struct ct_unwound *stack)
{
	size_t n = stack->skipped_at ? stack->skipped_at : stack->n, ret = 0;

	for (size_t i = 0; i + 1 < n; i++) {
		const char *name = ct_go_frame_name(go, &stack->frames[i]);

		if (stack->frames[i].is_signal)
			ret = i + 1;
		else if (!strcmp(name, "runtime.sigpanic") && ct_go_is_c(go, stack, i + 1))
			ret = i + 1;
		else if (strncmp(name, "runtime.", 8) != 0 || !strcmp(name, "runtime.gopanic"))
			break;
	}
	return ret;
}

bool ct_go_is_c(const struct ct_go *go, const struct ct_unwound *stack, size_t frame)
{
	return frame < stack->n && !ct_go_frame_name(go, &stack->frames[frame])[0] &&
	       ct_module_at(go->target, stack->frames[frame].pc);
}

/* ---- the pieces ---- */

static enum ct_status keep(ct_go_frames *list, const struct ct_unwound_frame *frames, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct ct_unwound_frame *slot = ct_vec_push(list);

		if (!slot)
			return CT_NO_MEMORY;
		*slot = frames[i];
	}
	return CT_OK;
}

static void set_regs(
	const struct ct_go_observation *o, struct ct_regs *regs, uint64_t pc, uint64_t sp)
{
	const struct ct_arch *arch = ct_target_arch(o->target);

	*regs = (struct ct_regs){0};
	ct_reg_set(regs, arch->pc, pc);
	ct_reg_set(regs, arch->sp, sp);
}

/*
 * Adds frames of C, which end where Go called C, or with the base of a thread that C has made; else
 * a part of them is missing, and none is added. What is called by them goes on at sp.
 */
static enum ct_status keep_c(
	struct ct_go_observation *o, const struct ct_unwound *stack, size_t from, uint64_t sp)
{
	size_t to = from;

	while (to < stack->n && !is_call_to_c(o->go, &stack->frames[to]))
		to++;
	if (stack->skipped_at || !stack->root || from >= stack->n)
		return CT_OK;
	to = CT_MIN(to + 1, stack->n);
	/* They are on another stack: only what goes on behind them has its place on this one. */
	for (size_t i = from; i < to; i++)
		stack->frames[i].cfa = i + 1 < to ? 0 : sp;
	return keep(&o->joined, &stack->frames[from], to - from);
}

/* Where its thread is, when that is in C. */
static enum ct_status add_innermost(struct ct_go_observation *o, const struct ct_go_g *g,
	const struct ct_go_machine *m, const struct ct_unwound_frame *first)
{
	const struct ct_thread *thread = ct_go_machine_thread(o, m);
	struct ct_unwound stack;

	if (g->status != CT_GO_SYSCALL || !thread ||
		strcmp(ct_go_frame_name(o->go, first), "runtime.cgocall") != 0)
		return CT_OK;
	enum ct_status status = ct_unwind(o->unwinder, thread->regs, &stack);
	size_t from = status ? 0 : ct_go_behind_handlers(o->go, &stack);
	if (!status && ct_go_is_c(o->go, &stack, from))
		status = keep_c(o, &stack, from, g->syscall_sp);
	return status == CT_NO_MEMORY ? status : CT_OK;
}

/* The frames of C that called back; frame: of the function that changed stacks, on the goroutine's.
 */
static enum ct_status add_callers(
	struct ct_go_observation *o, const struct ct_unwound_frame *frame, uint64_t sp)
{
	struct ct_unwound stack;
	struct ct_regs regs;
	size_t from = 1;

	set_regs(o, &regs, frame->pc, sp);
	enum ct_status status = ct_unwind(o->unwinder, &regs, &stack);
	while (!status && from < stack.n && is_inside(ct_go_frame_name(o->go, &stack.frames[from])))
		from++;
	if (!status && from < stack.n &&
		!strcmp(ct_go_frame_name(o->go, &stack.frames[from]), "crosscall2"))
		status = keep_c(o, &stack, from, frame->cfa);
	return status == CT_NO_MEMORY ? status : CT_OK;
}

/*
 * These change to g0's stack, and nothing is above them there. Who is caught in one on the own
 * stack still, or again, has been called as in any other function.
 */
static bool is_on_own_stack(
	const struct ct_go *go, const struct ct_go_g *g, const struct ct_unwound_frame *frame)
{
	static const char *const names[] = {
		"runtime.systemstack", "runtime.mcall", "runtime.morestack"};
	const char *name = ct_go_frame_name(go, frame);

	if (frame->cfa <= g->stack_low || frame->cfa >= g->stack_high)
		return false;
	for (size_t i = 0; i < CT_COUNT(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static bool goes_on(const struct ct_go_observation *o, const struct ct_go_g *g,
	const struct ct_unwound_frame *last)
{
	if (o->own.n == 1)
		return is_on_own_stack(o->go, g, last);
	return is_call_to_c(o->go, last) && is_callback(o->go, last - 1);
}

/*
 * Up to 1.16 it is asmcgocall() itself that the goroutine's stack goes on with behind a callback:
 * elsewhere nothing is above it.
 */
static enum ct_status go_on(
	struct ct_go_observation *o, const struct ct_go_g *g, struct ct_unwound *stack)
{
	uint64_t pc;

	for (unsigned i = 0; i < MAX_CALLBACKS && !stack->skipped_at && o->own.n; i++) {
		const struct ct_unwound_frame *last = &o->own.items[o->own.n - 1];
		struct ct_unwound more;
		struct ct_regs regs;

		if (!goes_on(o, g, last) || ct_read_u64(o->target, last->cfa - sizeof(pc), &pc))
			break;
		set_regs(o, &regs, pc, last->cfa);
		enum ct_status status = ct_unwind(o->unwinder, &regs, &more);
		if (status == CT_NO_MEMORY)
			return status;
		if (status || !more.n || !more.root)
			break;
		more.frames[0].is_call = true;
		more.frames[0].trust = CT_FRAME_PCLNTAB;
		stack->skipped_at = more.skipped_at ? o->own.n + more.skipped_at : 0;
		stack->n_total += more.n_total;
		if (keep(&o->own, more.frames, more.n))
			return CT_NO_MEMORY;
	}
	return CT_OK;
}

static enum ct_status join(struct ct_go_observation *o, const struct ct_go_g *g,
	const struct ct_go_machine *m, struct ct_unwound *stack)
{
	uint64_t sp = m->g0 ? ct_go_word(o->go, m->g0, CT_GO_G_SCHED_SP) : 0;
	enum ct_status status = keep(&o->own, stack->frames, stack->n);
	size_t skipped_at = 0;
	unsigned n = 0;

	if (!status)
		status = go_on(o, g, stack);
	if (!status)
		status = add_innermost(o, g, m, &o->own.items[0]);
	for (size_t i = 0; !status && i < o->own.n; i++) {
		const struct ct_unwound_frame *frame = &o->own.items[i];

		if (stack->skipped_at && i == stack->skipped_at)
			skipped_at = o->joined.n;
		status = keep(&o->joined, frame, 1);
		if (status || skipped_at || !sp || !is_callback(o->go, frame) ||
			n++ >= MAX_CALLBACKS)
			continue;
		status = add_callers(o, frame, sp);
		if (ct_read_u64(o->target, sp, &sp))
			sp = 0;
	}
	stack->frames = o->joined.items;
	stack->n_total += o->joined.n - o->own.n;
	stack->n = o->joined.n;
	stack->skipped_at = skipped_at;
	return status;
}

/*
 * What a goroutine has left in its record is where a call returns to, so its line is that of the
 * call (unwinder.symPC() of traceback.go); but one that was never run begins at its function.
 */
static bool left_by_call(const struct ct_go_g *g, uint64_t pc)
{
	return (pc == g->pc || pc == g->syscall_pc) && pc != g->startpc;
}

enum ct_status ct_go_unwind(struct ct_go_observation *o, const struct ct_go_g *g,
	struct ct_regs *regs, struct ct_unwound *ret)
{
	const struct ct_go_machine *m = ct_go_machine_at(o, g->m ? g->m : g->locked);
	enum ct_status status = ct_go_registers(o, g, regs);

	if (!status)
		status = ct_unwind(o->unwinder, regs, ret);
	if (status || !ret->n)
		return status;
	ret->frames[0].is_call |= left_by_call(g, ret->frames[0].pc);
	if (ct_go_frame_name(o->go, &ret->frames[0])[0])
		ret->frames[0].trust = CT_FRAME_PCLNTAB;
	if (!m || !ret->root)
		return CT_OK;
	o->own.n = o->joined.n = 0;
	return join(o, g, m, ret);
}
