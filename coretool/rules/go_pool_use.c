/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT216: a goroutine goes on to use an object that it, or another one, has put back. The next that
 * takes it from the pool has it at the same time. One core is one moment, and its own Get may come
 * first: never proven.
 */
#include "rules/go_pool.h"
#include "rules/words.h"

#define MAX_STEPS 8

static bool is_told(const struct ct_go_pool *pool, uint32_t use, bool will)
{
	for (uint32_t i = 0; i < use; i++)
		if (pool->uses[i].actor == pool->uses[use].actor && pool->uses[i].will == will)
			return true;
	return false;
}

/* Those who will use one, or those of whom that is not known. */
static enum ct_status report_some(struct ct_findings *out, const struct ct_go_pool *pool, bool will)
{
	struct ct_draft draft = {.rule = &ct_rule_go_pool_use, .level = CT_P1};
	struct ct_arena *arena = out->arena;
	const struct ct_go_pool_use *one = NULL;
	uint32_t n = 0;

	for (uint32_t i = 0; i < pool->n_uses; i++) {
		const struct ct_go_pool_use *use = &pool->uses[i];

		if (use->will != will || is_told(pool, i, will))
			continue;
		one = one ? one : use;
		ct_draft_actor(&draft, use->actor);
		if (n++ < MAX_STEPS)
			ct_draft_step(&draft,
				ct_arena_printf(arena, "%s at 0x%llx is in the pool; %s: %s",
					use->type, (unsigned long long)use->address,
					ct_say_actor(arena, out->facts, use->actor), use->why),
				use->actor, CT_NONE, use->frame);
	}
	if (!n)
		return CT_OK;
	draft.confidence = will ? CT_LIKELY : CT_POSSIBLE;
	draft.title =
		n == 1 ? ct_arena_printf(arena, "%s %s %s that is in %s",
				 ct_say_actor(arena, out->facts, one->actor),
				 will ? "goes on to use" : "still has", one->type,
				 ct_say_pool(arena, pool))
		       : ct_arena_printf(arena, "%u goroutines %s objects that are in %s", n,
				 will ? "go on to use" : "still have", ct_say_pool(arena, pool));
	draft.message = ct_arena_printf(
		arena, "%s: whoever takes it from there has it at the same time", draft.title);
	draft.hint =
		"Put an object back when nobody uses it any more: not while a goroutine that was "
		"given it still runs, and not before what it returns is copied out of it.";
	ct_draft_resource(&draft, pool->resource);
	return ct_findings_add(out, &draft);
}

static enum ct_status report(struct ct_findings *out, const struct ct_go_pool *pool)
{
	enum ct_status status = report_some(out, pool, true);

	return status ? status : report_some(out, pool, false);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	(void)facts, (void)graph, (void)policy;
	return ct_findings_for_pools(out, report);
}

const struct ct_rule ct_rule_go_pool_use = {
	.id = "CT216",
	.name = "go-pool-use-after-put",
	.summary = "a goroutine still uses an object that is in a sync.Pool",
	.help = "A variable of a goroutine that is live, by the compiler's maps, points to an "
		"object "
		"that is in a pool. Likely when the code that it goes on with reads or writes "
		"through it, or calls a function with it, before anything else can happen; else "
		"possible.",
	.silent_when =
		"Variables that are for deferred calls, which may have run; objects that link "
		"to their pool; readers and writers that were reset to nil; pointers into the "
		"middle of an object; goroutines that run just now.",
	.level = CT_P1,
	.wants = CT_WANT_STACKS | CT_WANT_GOROUTINES | CT_WANT_POOLS,
	.run = run,
};
