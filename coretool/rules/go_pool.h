/* SPDX-License-Identifier: Apache-2.0 */
/* Words that the rules about pools of Go share. Only rules/ includes it. */
#ifndef CT_RULES_GO_POOL_H
#define CT_RULES_GO_POOL_H

#include "facts/go_pools.h"
#include "rules/findings.h"

/* "main.buffers", "the pool at 0x…, whose New is main.New.func1". */
const char *ct_say_pool(struct ct_arena *arena, const struct ct_go_pool *pool);
/* "private to P2", "a victim shared by P2": where in the pool. */
const char *ct_say_pool_place(struct ct_arena *arena, uint8_t place, uint32_t processor);
/* Calls report for each pool, until one fails. */
enum ct_status ct_findings_for_pools(struct ct_findings *out,
	enum ct_status (*report)(struct ct_findings *out, const struct ct_go_pool *pool));
/* The finding about it: what its n objects, or types, are each, of which the first are told. */
enum ct_status ct_pool_finding(struct ct_findings *out, struct ct_draft *draft,
	const struct ct_go_pool *pool, uint32_t n,
	const char *(*say)(struct ct_arena *arena, const struct ct_go_pool *pool, uint32_t i));
/* Of what is read by layouts that are another version's nothing is proven. */
enum ct_confidence ct_pool_confidence(const struct ct_facts *facts, enum ct_confidence best);

#endif
