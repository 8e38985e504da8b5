/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT215: an object that is in a pool twice. Two that take from the pool will have the same one, and
 * each takes it for its own.
 */
#include <inttypes.h>

#include "rules/go_pool.h"

static const char *say_object(struct ct_arena *arena, const struct ct_go_pooled *object)
{
	if (object->array && object->array != object->address)
		return ct_arena_printf(
			arena, "%s whose elements are at 0x%" PRIx64, object->type, object->array);
	return ct_arena_printf(arena, "%s at 0x%" PRIx64, object->type, object->address);
}

static const char *say(struct ct_arena *arena, const struct ct_go_pool *pool, uint32_t i)
{
	const struct ct_go_pooled *object = &pool->doubles[i];
	const char *more = object->copies > 2
				   ? ct_arena_printf(arena, ", %u times in all", object->copies)
				   : "";

	return ct_arena_printf(arena, "%s is in it as %s and as %s%s", say_object(arena, object),
		ct_say_pool_place(arena, object->place, object->processor),
		ct_say_pool_place(arena, object->other_place, object->other_processor), more);
}

static enum ct_status report(struct ct_findings *out, const struct ct_go_pool *pool)
{
	struct ct_draft draft = {.rule = &ct_rule_go_pool_double, .level = CT_P0};

	if (!pool->n_doubles)
		return CT_OK;
	draft.confidence = ct_pool_confidence(out->facts, CT_PROVEN);
	draft.title = pool->n_doubles == 1
			      ? ct_arena_printf(out->arena, "an object (%s) is twice in %s",
					pool->doubles->type, ct_say_pool(out->arena, pool))
			      : ct_arena_printf(out->arena, "%s%u objects are twice in %s",
					pool->more_doubles ? "at least " : "", pool->n_doubles,
					ct_say_pool(out->arena, pool));
	draft.message = ct_arena_printf(out->arena,
		"%s: two goroutines that take from it will have the same one, and write over each "
		"other's data",
		draft.title);
	draft.hint =
		"Put each object back once, on one path only: not both in a defer and where it "
		"was last used, and not by two that share it. Set the variable to nil where it "
		"is put.";
	return ct_pool_finding(out, &draft, pool, pool->n_doubles, say);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	(void)facts, (void)graph, (void)policy;
	return ct_findings_for_pools(out, report);
}

const struct ct_rule ct_rule_go_pool_double = {
	.id = "CT215",
	.name = "go-pool-double-put",
	.summary = "an object is in a sync.Pool twice",
	.help = "What is put into a pool twice is given out twice. All places of the pool are "
		"compared: what each P has for itself, the chains that others take from, and the "
		"victims of the last collection. A slice is told by the array of its elements, in "
		"whatever box or variable it was put.",
	.silent_when =
		"Objects of no size, and empty slices; pointers to variables of packages and "
		"other memory outside of the heap; places of a chain that were taken from; "
		"one object in two pools; slices of one array that begin at different "
		"elements.",
	.level = CT_P0,
	.wants = CT_WANT_GOROUTINES | CT_WANT_POOLS,
	.run = run,
};
