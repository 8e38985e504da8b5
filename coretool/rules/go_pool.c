/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/go_pool.h"

#include <inttypes.h>

#include "facts/go.h"

#define MAX_STEPS 8

const char *ct_say_pool(struct ct_arena *arena, const struct ct_go_pool *pool)
{
	if (pool->name)
		return ct_arena_printf(arena, "pool %s", pool->name);
	if (pool->make)
		return ct_arena_printf(arena, "the pool at 0x%" PRIx64 ", whose New is %s",
			pool->address, pool->make);
	return ct_arena_printf(arena, "the pool at 0x%" PRIx64, pool->address);
}

const char *ct_say_pool_place(struct ct_arena *arena, uint8_t place, uint32_t processor)
{
	static const char *const words[CT_GO_N_POOL_PLACES] = {
		[CT_GO_POOL_PRIVATE] = "private to",
		[CT_GO_POOL_SHARED] = "shared by",
		[CT_GO_POOL_VICTIM_PRIVATE] = "a victim private to",
		[CT_GO_POOL_VICTIM_SHARED] = "a victim shared by",
	};

	return ct_arena_printf(arena, "%s P%" PRIu32, words[place], processor);
}

enum ct_status ct_findings_for_pools(struct ct_findings *out,
	enum ct_status (*report)(struct ct_findings *out, const struct ct_go_pool *pool))
{
	const struct ct_fact_go_pools *pools = out->facts->go_pools;
	enum ct_status status = CT_OK;

	for (uint32_t i = 0; pools && !status && i < pools->n; i++)
		status = report(out, &pools->items[i]);
	return status;
}

enum ct_status ct_pool_finding(struct ct_findings *out, struct ct_draft *draft,
	const struct ct_go_pool *pool, uint32_t n,
	const char *(*say)(struct ct_arena *arena, const struct ct_go_pool *pool, uint32_t i))
{
	for (uint32_t i = 0; i < CT_MIN(n, (uint32_t)MAX_STEPS); i++)
		ct_draft_step(draft, say(out->arena, pool, i), CT_NONE, CT_NONE, CT_NONE);
	ct_draft_resource(draft, pool->resource);
	return ct_findings_add(out, draft);
}

enum ct_confidence ct_pool_confidence(const struct ct_facts *facts, enum ct_confidence best)
{
	bool doubtful = !facts->go || facts->go->guessed || !facts->target.still;

	return doubtful && best == CT_PROVEN ? CT_LIKELY : best;
}
