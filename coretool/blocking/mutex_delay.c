/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/mutex_delay.h"

#include "blocking/mutex_shape.h"

#define MAX_DEPTH                                                                                  \
	4 /* frames of libc from the system call to the lock function: 2, or 1 inlined             \
	   */

/* Does the call sleep without end on a word of the stack that is 0, for as long as it is 0? */
static bool sleeps_on_zero(const struct ct_blocking *ctx, const struct ct_blocked *blocked)
{
	const struct ct_futex_op *op = &blocked->futex;
	uint64_t word = blocked->call.args[0];
	uint32_t value;

	return !op->pi && op->waits && !(uint32_t)blocked->call.args[2] && !blocked->call.args[3] &&
	       word >= ct_reg(blocked->regs, ct_target_arch(ctx->target)->sp) &&
	       !ct_read_u32(ctx->target, word, &value) && !value;
}

/*
 * The function of libc in whose own frame the word lies: pthread_mutex_lock's, for nothing else of
 * libc waits so for what is 0. A semaphore on the stack is in a frame of the program.
 */
static bool find_lock_frame(
	const struct ct_blocking *ctx, const struct ct_unwound *stack, uint64_t word, size_t *ret)
{
	for (size_t i = 0; i + 1 < stack->n && i < MAX_DEPTH; i++) {
		const struct ct_unwound_frame *frame = &stack->frames[i];

		if (stack->frames[i + 1].trust != CT_FRAME_CFI ||
			!ct_libc_owns(ctx->target, ctx->libc, frame->pc - frame->is_call))
			return false;
		if (word < frame->cfa) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/* The held priority-inheriting mutex that addr is in: its start, kind or list; 0: none. */
static uint64_t mutex_around(const struct ct_blocking *ctx, uint64_t addr)
{
	static const uint8_t fields[] = {
		0, offsetof(struct ct_mutex, kind), offsetof(struct ct_mutex, next)};
	struct ct_mutex m;

	for (size_t i = 0; addr % 8 == 0 && i < CT_COUNT(fields); i++)
		if (!ct_read(ctx->target, addr - fields[i], &m, sizeof(m)) &&
			ct_mutex_shape(ctx, &m) && m.kind & CT_MUTEX_PI && ct_mutex_held(&m))
			return addr - fields[i];
	return 0;
}

/* The only such mutex among the registers that the caller had with another value, or with the same;
 * 0: none. False: more than one. */
static bool only_mutex(const struct ct_blocking *ctx, const struct ct_regs *own,
	const struct ct_regs *caller, bool same, uint64_t *ret)
{
	*ret = 0;
	for (unsigned i = 0; i < CT_MAX_REGS; i++) {
		bool asked = own->known & caller->known & UINT64_C(1) << i &&
			     (ct_reg(own, i) == ct_reg(caller, i)) == same;
		uint64_t mutex = asked ? mutex_around(ctx, ct_reg(own, i)) : 0;

		if (mutex && *ret && mutex != *ret)
			return false;
		*ret = mutex ? mutex : *ret;
	}
	return true;
}

/*
 * The mutex that the lock function itself works on; 0: not known. A register that its caller had
 * with another value was set by the function, which knows one mutex alone: the one it was asked
 * for. Where there is none such, that one was in the same register before: in 2.31 to 2.43 one
 * always has the mutex or the address of its kind.
 */
static uint64_t own_mutex(
	const struct ct_blocking *ctx, const struct ct_regs *own, const struct ct_regs *caller)
{
	uint64_t mutex;
	bool sure = only_mutex(ctx, own, caller, false, &mutex) &&
		    (mutex || only_mutex(ctx, own, caller, true, &mutex));

	return sure ? mutex : 0;
}

enum ct_status ct_mutex_match_delay(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	struct ct_regs regs[MAX_DEPTH + 1];
	struct ct_unwound stack;
	size_t frame;

	if (!ctx->unwinder || !sleeps_on_zero(ctx, blocked))
		return CT_NOT_FOUND;
	enum ct_status status =
		ct_unwind_regs(ctx->unwinder, blocked->regs, regs, CT_COUNT(regs), &stack);
	if (status)
		return status;
	if (!find_lock_frame(ctx, &stack, blocked->call.args[0], &frame))
		return CT_NOT_FOUND;
	uint64_t mutex = own_mutex(ctx, &regs[frame], &regs[frame + 1]);
	if (!mutex)
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_MUTEX,
		.address = mutex,
		.trust = CT_TRUST_INFERRED,
		.why = ct_sink_string(ctx->sink,
			"pthread_mutex_lock has put it to sleep for ever, since the kernel saw a "
			"cycle or a lost owner; the registers of the lock function point to this "
			"mutex")};
	return CT_OK;
}
