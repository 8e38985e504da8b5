/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/musl.h"

#include "blocking/futex_op.h"

bool ct_musl_sleep(const struct ct_blocked *blocked, struct ct_musl_sleep *ret)
{
	const uint64_t *args = blocked->call.args;
	const struct ct_futex_op *op = &blocked->futex;

	if ((op->op != CT_FUTEX_WAIT && op->op != CT_FUTEX_LOCK_PI) || args[0] % 4)
		return false;
	*ret = (struct ct_musl_sleep){
		.word = args[0],
		.expected = (uint32_t)args[2],
		.is_private = op->is_private,
		.timed = args[3],
		.pi = op->pi,
	};
	return true;
}

size_t ct_musl_traces(const struct ct_blocking *ctx, const struct ct_regs *regs, uint64_t end,
	uint64_t ret[CT_MUSL_TRACES])
{
	const struct ct_arch *arch = ct_target_arch(ctx->target);
	uint64_t sp = ct_reg(regs, arch->sp);
	size_t n = 0;

	for (unsigned i = 0; i < arch->n_regs; i++)
		if (regs->known >> i & 1)
			ret[n++] = ct_reg(regs, i);
	while (n < CT_MUSL_TRACES && sp < end && !ct_read_u64(ctx->target, sp, &ret[n])) {
		n++;
		sp += sizeof(ret[0]);
	}
	return n;
}
