/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/gomp.h"

#include "target/modules.h"

static const struct ct_module *gomp(const struct ct_blocking *ctx)
{
	return ct_module_named(ctx->target, "libgomp.so.1");
}

bool ct_gomp_sleeps(const struct ct_blocking *ctx, const struct ct_blocked *blocked)
{
	uint64_t pc = ct_reg(blocked->regs, ct_target_arch(ctx->target)->pc);
	const struct ct_futex_op *op = &blocked->futex;

	if (op->op != CT_FUTEX_WAIT || !op->is_private || blocked->call.args[3] ||
		blocked->call.args[0] % 4)
		return false;
	const struct ct_module *module = ct_module_at(ctx->target, pc);
	return module && module == gomp(ctx);
}

bool ct_gomp_in_region(const struct ct_blocking *ctx, const struct ct_blocked *blocked)
{
	uint32_t index = ct_sink_get_actor(ctx->sink, blocked->actor)->stack;
	const struct ct_stack *stack =
		blocked->have_stack ? ct_sink_get_stack(ctx->sink, index) : NULL;

	for (uint32_t i = 0; stack && i < stack->n_frames; i++) {
		const struct ct_site *site = ct_sink_get_site(ctx->sink, stack->frames[i].site);
		const struct ct_module *module =
			ct_module_at(ctx->target, site->pc - site->is_call);

		if (module && module != gomp(ctx) &&
			!ct_libc_owns(ctx->target, ctx->libc, site->pc))
			return true;
	}
	return false;
}
