/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a diff as a whole, and of stacks that pile up. Only rules/ includes it. */
#ifndef CT_RULES_DIFF_WORDS_H
#define CT_RULES_DIFF_WORDS_H

#include "rules/diff.h"

/* The answer in one sentence. */
const char *ct_diff_headline(const struct ct_diff *diff, struct ct_arena *arena);
/* Those who stand in one place, before and now. */
struct ct_pile {
	const char *what; /* "threads" */
	const char *key, *place;
	const char *waits; /* a kind of wait, or NULL */
	uint32_t old, new;
};
/* A finding of CT122: many more than before stand behind a lock in one place. NULL: none. */
const struct ct_view_finding *ct_diff_growth(
	const struct ct_pile *pile, const struct ct_policy *policy, struct ct_arena *arena);

#endif
