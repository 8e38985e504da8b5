/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/inlined.h"

#include "target/lines.h"

static void look_up(const struct ct_blocking *ctx, uint64_t pc, struct ct_inlined *ret)
{
	struct ct_source_line lines[CT_MAX_INLINED];
	size_t n = 0;

	*ret = (struct ct_inlined){.pc = pc};
	if (ct_lines_at(ctx->target, pc, ct_sink_arena(ctx->sink), lines, &n))
		return;
	for (size_t i = 0; i < n && lines[i].inlined && ret->n < CT_INLINED_KEPT; i++)
		if (lines[i].function)
			ret->names[ret->n++] = lines[i].function;
}

void ct_blocked_inlined(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
	size_t frame, struct ct_inlined *ret)
{
	uint32_t index = ct_sink_get_actor(ctx->sink, blocked->actor)->stack;
	const struct ct_stack *stack =
		blocked->have_stack ? ct_sink_get_stack(ctx->sink, index) : NULL;

	*ret = (struct ct_inlined){.n = 0};
	if (!stack || frame >= stack->n_frames)
		return;
	const struct ct_site *site = ct_sink_get_site(ctx->sink, stack->frames[frame].site);
	uint64_t pc = site->pc - site->is_call;
	if (!ctx->inlined) {
		look_up(ctx, pc, ret);
		return;
	}
	struct ct_inlined *slot = &ctx->inlined->slots[pc / 4 % CT_INLINED_SLOTS];
	if (slot->pc != pc)
		look_up(ctx, pc, slot);
	*ret = *slot;
}
