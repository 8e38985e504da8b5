/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_OBSERVE_EXPLAIN_H
#define CT_OBSERVE_EXPLAIN_H

#include "facts/facts.h"
#include "target/target.h"

/*
 * What lives at addr: its mapping, symbol, lock with holders and waiters, whose stack or descriptor
 * it is, which threads have it in a register. facts were observed from this same target. Rows and
 * strings belong to arena.
 */
CT_WARN_UNUSED enum ct_status ct_explain(struct ct_target *target, const struct ct_facts *facts,
	uint64_t addr, struct ct_arena *arena, const struct ct_explanation **ret, uint32_t *n);

#endif
