/* SPDX-License-Identifier: Apache-2.0 */
/* The policy in force, in the words of its file. */
#include "report/json.h"
#include "rules/policy.h"

static void add_names(struct ct_record *r, const char *key, const struct ct_strings *names)
{
	if (names->n)
		ct_record_texts(r, key, names->items, (uint32_t)names->n);
}

static json_t *json_levels(const struct ct_policy *policy)
{
	struct ct_record r = ct_record_new();

	for (size_t i = 0; i < policy->n_rules; i++)
		ct_record_text(&r, policy->rules[i].name,
			policy->rules[i].value == CT_RULE_OFF
				? "off"
				: ct_level_name(policy->rules[i].value));
	return ct_record_done(&r);
}

static json_t *json_thresholds(const struct ct_policy *policy)
{
	struct ct_record r = ct_record_new();

	for (size_t i = 0; i < policy->n_thresholds; i++)
		ct_record_int(&r, policy->thresholds[i].name, policy->thresholds[i].value);
	return ct_record_done(&r);
}

json_t *ct_json_policy(const struct ct_json *j, uint32_t index)
{
	const struct ct_policy *policy = j->document->policy;
	struct ct_record r = ct_record_new();

	(void)index;
	ct_record_text(&r, "file", policy->file);
	json_t *fail_on = ct_record_list(&r, "fail_on");
	for (enum ct_level level = 0; level < CT_N_LEVELS; level++)
		if (policy->gates[level])
			ct_record_push(&r, fail_on, ct_json_text(ct_level_name(level)));
	if (policy->baseline_file) {
		ct_record_text(&r, "baseline", policy->baseline_file);
		ct_record_int(&r, "known", (int64_t)policy->known.n);
	}
	add_names(&r, "ignore_top_function", &policy->ignore_top_function);
	add_names(&r, "ignore_any_function", &policy->ignore_any_function);
	add_names(&r, "ignore_created_by", &policy->ignore_created_by);
	add_names(&r, "context_values", &policy->context_values);
	if (policy->n_rules)
		ct_record_add(&r, "rules", json_levels(policy));
	if (policy->n_thresholds)
		ct_record_add(&r, "thresholds", json_thresholds(policy));
	return ct_record_done(&r);
}
