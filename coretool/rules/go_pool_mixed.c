/* SPDX-License-Identifier: Apache-2.0 */
/* CT225: a pool with objects of several types. Who takes from it cannot know what comes. */
#include "rules/go_pool.h"

static const char *say(struct ct_arena *arena, const struct ct_go_pool *pool, uint32_t i)
{
	return ct_arena_printf(arena, "%u of %s", pool->types[i].n, pool->types[i].name);
}

static enum ct_status report(struct ct_findings *out, const struct ct_go_pool *pool)
{
	struct ct_draft draft = {.rule = &ct_rule_go_pool_mixed, .level = CT_P2};

	if (pool->n_types < 2)
		return CT_OK;
	draft.confidence = ct_pool_confidence(out->facts, CT_PROVEN);
	draft.title = ct_arena_printf(out->arena, "%s has objects of %u types",
		ct_say_pool(out->arena, pool), pool->n_types);
	draft.message = ct_arena_printf(
		out->arena, "%s: who takes one has to ask which it is, or panics", draft.title);
	draft.hint = "Have a pool for each type.";
	return ct_pool_finding(out, &draft, pool, pool->n_types, say);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	(void)facts, (void)graph, (void)policy;
	return ct_findings_for_pools(out, report);
}

const struct ct_rule ct_rule_go_pool_mixed = {
	.id = "CT225",
	.name = "go-pool-mixed-types",
	.summary = "a sync.Pool has objects of several types",
	.help = "The types of all objects in a pool are compared. An assertion on what Get returns "
		"fails as soon as another type comes; and objects of different size in one pool "
		"waste memory.",
	.silent_when = "All objects are of one type; pools that are empty just now.",
	.level = CT_P2,
	.wants = CT_WANT_GOROUTINES | CT_WANT_POOLS,
	.run = run,
};
