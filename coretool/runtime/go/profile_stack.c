/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stack as a profile has it. runtime.Callers() stores an address for each call, of inlined ones
 * too: behind that of the instruction one in each caller that it is inlined into. A walk by frame
 * pointers (block and mutex, since 1.23) stores return addresses alone. The sites of the facts tell
 * inlined calls themselves, so that those addresses are left out.
 */
#include "runtime/go/profile_stack.h"

struct place {
	struct ct_go_function function;
	struct ct_go_inlined calls[CT_GO_MAX_INLINED];
	size_t n; /* 0: it is no Go code */
};

static void place_at(const struct ct_go *go, uint64_t pc, struct place *ret)
{
	ret->n = 0;
	if (ct_go_function_at(&go->tables, pc - 1, &ret->function))
		ret->n = ct_go_inlined_at(go->target, &ret->function, pc - 1, ret->calls);
}

/* Is it the caller that what is at the other place is inlined into, skip calls further out? */
static bool is_outer(const struct place *inner, const struct place *outer, size_t skip)
{
	if (!outer->n || outer->function.entry != inner->function.entry ||
		outer->n + skip != inner->n)
		return false;
	for (size_t i = 0; i < outer->n; i++)
		if (outer->calls[i].name != inner->calls[skip + i].name ||
			outer->calls[i].line != inner->calls[skip + i].line)
			return false;
	return true;
}

enum ct_status ct_go_profile_stack_add(
	struct ct_go_profile_stack *stack, const struct ct_go_bucket *bucket, uint32_t *ret)
{
	struct ct_go_observation *o = stack->o;
	struct place inner = {.n = 0}, place;
	uint32_t n_frames = 0;
	size_t skip = 0;

	uint64_t n = bucket->n;

	if (ct_read(o->target, bucket->stack, stack->pcs, 8 * n))
		return CT_FAULT;
	memset(stack->frames, 0, n * sizeof(*stack->frames));
	for (uint64_t i = 0; i < n; i++) {
		/* What stands before the addresses of a walk that another function has made. */
		if (!stack->pcs[i] || (!i && stack->pcs[i] == UINT64_MAX))
			continue;
		place_at(o->go, stack->pcs[i], &place);
		while (skip + 1 < inner.n && !is_outer(&inner, &place, skip + 1))
			skip++;
		if (skip + 1 < inner.n) {
			skip++;
			continue;
		}
		/* As runtime/pprof does: nobody has called it. */
		if (place.n && !strcmp(ct_go_function_name(&place.function), "runtime.goexit"))
			break;
		uint32_t site = o->site(o->arg, stack->pcs[i], true);
		if (site == CT_NONE)
			return CT_NO_MEMORY;
		stack->frames[n_frames++] =
			(struct ct_frame){.site = site, .trust = CT_SITE_PCLNTAB};
		inner = place;
		skip = 0;
	}
	*ret = ct_sink_stack(o->sink, &(struct ct_stack){.frames = stack->frames,
					      .n_frames = n_frames,
					      .n_total = n_frames,
					      .root = true});
	return *ret == CT_NONE ? CT_NO_MEMORY : CT_OK;
}
