/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy says of rules and findings, and the file that it may stand in: docs/policy.md. */
#ifndef CT_RULES_POLICY_H
#define CT_RULES_POLICY_H

#include "rules/document.h"

/* Numbers in rules that depend on what a program is for. */
enum ct_threshold {
	CT_THRESHOLD_CONVOY_IO,
	CT_THRESHOLD_CONVOY_RUNNING,
	CT_THRESHOLD_PILE_UP,
	CT_THRESHOLD_PILE_UP_ALONE,
	CT_THRESHOLD_GOROUTINES,
	CT_THRESHOLD_GOROUTINES_HIGH,
	CT_THRESHOLD_GOROUTINES_EXTREME,
	CT_THRESHOLD_TIMER_RETENTION,
	CT_THRESHOLD_TIMER_PILE_UP,
	CT_THRESHOLD_POOL_OBJECT,
	CT_THRESHOLD_POOL_TIMES,
	CT_THRESHOLD_POOL_LEAST,
	CT_THRESHOLD_SUSPECTS,
	CT_THRESHOLD_SUSPECT_AGE,
	CT_N_THRESHOLDS,
};

struct ct_threshold_row {
	const char *name, *summary;
	uint32_t usual;
};

extern const struct ct_threshold_row ct_thresholds[CT_N_THRESHOLDS];

uint32_t ct_policy_threshold(const struct ct_policy *policy, enum ct_threshold threshold);
/* The level that the rule's findings get, CT_RULE_OFF, or CT_N_LEVELS: what the rule itself says.
 */
uint32_t ct_policy_level(const struct ct_policy *policy, const char *rule);
/* The option that keeps this finding from being counted, or NULL. Fingerprints may be missing yet.
 */
const char *ct_policy_ignores(const struct ct_policy *policy, const struct ct_facts *facts,
	const struct ct_finding *finding);
/* Is the function in the list? "f" names "f(int)" and "f.constprop.0" too. */
bool ct_policy_names(const struct ct_strings *list, const char *function);
/* The option that would ignore a finding about this actor alone, for where it stands or began, or
 * NULL. */
const char *ct_policy_skips(
	const struct ct_policy *policy, const struct ct_facts *facts, uint32_t actor);
/* Does it say anything that is not as usual? */
bool ct_policy_says_something(const struct ct_policy *policy);

/* P0 to P2 out of "P0" …; false: it is no level. */
bool ct_level_read(const char *name, enum ct_level *ret);

/*
 * Fills in what the text of a policy file says; all that it points to is in arena. The baseline's
 * path stands in baseline_file as it is written; its fingerprints are not read. CT_BAD_INPUT with
 * "name:line: what is wrong".
 */
CT_WARN_UNUSED enum ct_status ct_policy_read(const char *text, size_t len, const char *name,
	struct ct_arena *arena, struct ct_policy *ret, struct ct_error *err);

#endif
