/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/mutex_delay.h"

#include "blocking/mutex_shape.h"

#define MAX_WORDS 96  /* registers and words of the stack that may point to the mutex */
#define NEAR      512 /* the word lies in the frame of the lock function */

/* What the thread keeps in registers, and on its stack up to the caller of the lock function. */
static size_t words_at_hand(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, uint64_t words[MAX_WORDS])
{
	const struct ct_arch *arch = ct_target_arch(ctx->target);
	uint64_t at = ct_reg(blocked->regs, arch->sp);
	size_t n = 0;

	for (unsigned i = 0; i < arch->n_dwarf; i++)
		words[n++] = ct_reg(blocked->regs, arch->dwarf_to_reg[i]);
	for (; n < MAX_WORDS && !ct_read_u64(ctx->target, at, &words[n]); at += 8)
		n++;
	return n;
}

/*
 * The only priority-inheriting mutex at hand that another thread owns, or owned; 0: there is none,
 * or more than one. One that the waiter owns itself proves nothing: its callers may keep pointers
 * to what they have locked.
 */
static uint64_t only_mutex(const struct ct_blocking *ctx, const struct ct_blocked *blocked)
{
	uint64_t words[MAX_WORDS], only = 0;
	size_t n = words_at_hand(ctx, blocked, words);

	for (size_t i = 0; i < n; i++) {
		struct ct_mutex m;

		if (words[i] == only || words[i] % 8 ||
			ct_read(ctx->target, words[i], &m, sizeof(m)) || !ct_mutex_shape(ctx, &m) ||
			!(m.kind & CT_MUTEX_PI) || !ct_mutex_held(&m) ||
			ct_sink_thread_by_id(ctx->sink, ct_mutex_owner(&m)) == blocked->actor)
			continue;
		if (only)
			return 0;
		only = words[i];
	}
	return only;
}

bool ct_mutex_in_delay(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
	const struct ct_futex_op *op)
{
	const struct ct_arch *arch = ct_target_arch(ctx->target);
	uint64_t word = blocked->call.args[0];
	uint32_t value;

	/* A semaphore on the stack is waited for just so: only a frame of the lock function tells.
	 */
	return !op->pi && op->waits && !(uint32_t)blocked->call.args[2] && !blocked->call.args[3] &&
	       word - ct_reg(blocked->regs, arch->sp) <= NEAR &&
	       ct_blocked_calls(blocked, "pthread_mutex_") &&
	       !ct_read_u32(ctx->target, word, &value) && !value;
}

enum ct_status ct_mutex_match_delay(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
	const struct ct_futex_op *op, struct ct_match *ret)
{
	uint64_t mutex = ct_mutex_in_delay(ctx, blocked, op) ? only_mutex(ctx, blocked) : 0;

	if (!mutex)
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_MUTEX,
		.address = mutex,
		.trust = CT_TRUST_INFERRED,
		.why = ct_sink_string(ctx->sink,
			"pthread_mutex_lock has put it to sleep for ever, since the kernel saw a "
			"cycle or a lost owner; this is the only priority-inheriting mutex of "
			"another "
			"owner that its frames point to")};
	return CT_OK;
}
