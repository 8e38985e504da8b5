/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT224: objects in a pool that have grown. A buffer keeps the capacity that it once needed, and
 * the pool keeps the buffer.
 */
#include <inttypes.h>

#include "rules/go_pool.h"
#include "rules/policy.h"

/* Is the object too large, by itself or beside the others? */
static bool is_large(const struct ct_policy *policy, const struct ct_go_pool *pool, uint64_t bytes)
{
	uint64_t most = (uint64_t)ct_policy_threshold(policy, CT_THRESHOLD_POOL_OBJECT) << 10;
	uint64_t least = (uint64_t)ct_policy_threshold(policy, CT_THRESHOLD_POOL_LEAST) << 10;
	uint32_t times = ct_policy_threshold(policy, CT_THRESHOLD_POOL_TIMES);

	return bytes >= most || (bytes >= least && pool->median && bytes / times >= pool->median);
}

static const char *say(struct ct_arena *arena, const struct ct_go_pool *pool, uint32_t i)
{
	const struct ct_go_pooled *object = &pool->large[i];

	return ct_arena_printf(arena, "%s at 0x%" PRIx64 ": %" PRIu64 " bytes, %s", object->type,
		object->address, object->bytes,
		ct_say_pool_place(arena, object->place, object->processor));
}

static enum ct_status report(struct ct_findings *out, const struct ct_go_pool *pool)
{
	struct ct_draft draft = {.rule = &ct_rule_go_pool_large, .level = CT_P2};
	struct ct_arena *arena = out->arena;
	uint64_t bytes = 0;
	uint32_t n = 0;

	while (n < pool->n_large && is_large(out->policy, pool, pool->large[n].bytes))
		bytes += pool->large[n++].bytes;
	if (!n)
		return CT_OK;
	/* What objects point to may have other owners, unless that was looked at. */
	draft.confidence =
		ct_pool_confidence(out->facts, out->facts->go_pools->deep ? CT_PROVEN : CT_LIKELY);
	draft.title = ct_arena_printf(arena, "%s%u of %u objects in %s %s %s",
		n == pool->n_large && pool->more_large ? "at least " : "", n, pool->n_objects,
		ct_say_pool(arena, pool), n == 1 ? "is" : "are", "much larger than it needs");
	draft.message = ct_arena_printf(arena,
		"%s: %" PRIu64
		" bytes are kept for %s, where the object in the middle has %" PRIu64,
		draft.title, bytes, n == 1 ? "it" : "them", pool->median);
	draft.hint =
		"Before an object is put, drop it or its buffer when that has grown beyond what "
		"is usual (if cap(b) > limit { return }): Reset, and Grow(0), keep the "
		"capacity.";
	return ct_pool_finding(out, &draft, pool, n, say);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	(void)graph, (void)policy;
	/* What is missing may be what others share with an object, or those that it is beside. */
	if (facts->target.n_partial)
		return CT_OK;
	return ct_findings_for_pools(out, report);
}

const struct ct_rule ct_rule_go_pool_large = {
	.id = "CT224",
	.name = "go-pool-oversized",
	.summary = "objects in a sync.Pool have grown, and keep their memory",
	.help = "An object counts with its slot in the heap, the arrays of its slices and the "
		"buffers that it points to; coretool pools counts all that only the pool keeps "
		"alive. It is too large from 1 MiB on (policy: pool-object), or when it is 8 times "
		"as large as the object in the middle of its pool (pool-times) and not small "
		"(pool-least).",
	.silent_when = "Objects of a pool are small, or alike in size; what several of them point "
		       "to counts for none; a part of memory is missing.",
	.level = CT_P2,
	.wants = CT_WANT_GOROUTINES | CT_WANT_POOLS,
	.run = run,
};
