/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a comparison share. Only rules/diff*.c include it. */
#ifndef CT_RULES_DIFF_INTERNAL_H
#define CT_RULES_DIFF_INTERNAL_H

#include "base/vec.h"
#include "rules/diff.h"
#include "rules/diff_pair.h"

struct ct_differ {
	const struct ct_view *old, *new;
	const struct ct_policy *policy;
	struct ct_arena *arena;
	struct ct_diff *diff;
	bool same_process, ignore_current, failed;
	CT_VEC(struct ct_diff_finding) findings;
	CT_VEC(struct ct_diff_stack) stacks;
	CT_VEC(struct ct_diff_lock) locks;
	CT_VEC(struct ct_diff_goroutines) goroutines;
	CT_VEC(struct ct_diff_amount) pools;
	CT_VEC(struct ct_diff_amount) types;
};

enum ct_change ct_change_of(uint64_t old, uint64_t new);
/* Is a change left out because it was there before? */
bool ct_diff_is_current(const struct ct_differ *d, enum ct_change change);
/* What came first, then what grew; of equals the larger difference. */
int ct_diff_order(enum ct_change a, enum ct_change b, uint64_t delta_a, uint64_t delta_b);
struct ct_keys ct_diff_keys(struct ct_differ *d, uint32_t n);
/* Fills in goroutines (diff_goroutines.c), pools and types (diff_amounts.c), sorted. */
void ct_diff_goroutines(struct ct_differ *d);
void ct_diff_amounts(struct ct_differ *d);

#endif
