/* SPDX-License-Identifier: Apache-2.0 */
/* The policy in force, for those who want to see all. */
#include "report/text.h"
#include "rules/policy.h"

static void say_names(struct ct_text *t, const char *key, const struct ct_strings *names)
{
	if (!names->n)
		return;
	ct_text_add(t, "  %s:", key);
	for (size_t i = 0; i < names->n; i++)
		ct_text_add(t, "%s %s", i ? "," : "", names->items[i]);
	ct_text_end(t);
}

static void say_gates(struct ct_text *t, const struct ct_policy *policy)
{
	bool any = false;

	for (enum ct_level level = 0; level < CT_N_LEVELS; level++)
		if (policy->gates[level]) {
			ct_text_add(
				t, "%s %s", any ? "," : "  exit status 1:", ct_level_name(level));
			any = true;
		}
	if (any)
		ct_text_end(t);
}

void ct_text_policy(struct ct_text *t)
{
	const struct ct_policy *policy = t->document->policy;

	if (!t->verbose || !ct_policy_says_something(policy))
		return;
	ct_text_head(t, "Policy%s%s", policy->file ? " of " : "", policy->file ? policy->file : "");
	say_gates(t, policy);
	if (policy->baseline_file)
		ct_text_say(t, "  baseline: %s, %zu fingerprint%s", policy->baseline_file,
			policy->known.n, policy->known.n == 1 ? "" : "s");
	say_names(t, "ignored top functions", &policy->ignore_top_function);
	say_names(t, "ignored functions", &policy->ignore_any_function);
	say_names(t, "ignored start functions", &policy->ignore_created_by);
	say_names(t, "told values of contexts", &policy->context_values);
	for (size_t i = 0; i < policy->n_rules; i++)
		ct_text_say(t, "  rule %s: %s", policy->rules[i].name,
			policy->rules[i].value == CT_RULE_OFF
				? "off"
				: ct_level_name(policy->rules[i].value));
	for (size_t i = 0; i < policy->n_thresholds; i++)
		ct_text_say(t, "  %s: %u", policy->thresholds[i].name, policy->thresholds[i].value);
}
