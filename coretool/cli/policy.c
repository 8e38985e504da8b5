/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy.h"

#include "cli/read_file.h"
#include "report/json_read.h"
#include "rules/policy.h"

#define MAX_POLICY ((size_t)1 << 20)

static enum ct_status read_policy(
	const char *path, struct ct_arena *arena, struct ct_policy *ret, struct ct_error *err)
{
	ct_autofree char *text = NULL;
	size_t len = 0;
	enum ct_status status = ct_read_file(path, MAX_POLICY, &text, &len, err);

	if (status)
		return status;
	status = ct_policy_read(text, len, path, arena, ret, err);
	if (status || !ret->baseline_file || ret->baseline_file[0] == '/')
		return status;
	/* A path in a file is meant from where the file is. */
	const char *slash = strrchr(path, '/');
	ret->baseline_file = ct_arena_printf(
		arena, "%.*s%s", slash ? (int)(slash + 1 - path) : 0, path, ret->baseline_file);
	return ret->baseline_file ? CT_OK : ct_fail(err, CT_NO_MEMORY, "out of memory");
}

static enum ct_status read_baseline(
	const char *path, struct ct_arena *arena, struct ct_strings *ret, struct ct_error *err)
{
	ct_autofree char *text = NULL;
	size_t len = 0;
	enum ct_status status = ct_read_file(path, CT_JSON_MAX_BYTES, &text, &len, err);

	return status ? status : ct_baseline_read(text, len, path, arena, ret, err);
}

static void override_names(struct ct_strings *names, const struct ct_list *given)
{
	if (given->n)
		*names = (struct ct_strings){given->items, given->n};
}

static void override_gates(struct ct_policy *policy, const char *fail_on)
{
	enum ct_level least;

	if (!fail_on || !ct_level_read(fail_on, &least))
		return;
	for (enum ct_level level = 0; level < CT_N_LEVELS; level++)
		policy->gates[level] = level <= least;
}

enum ct_status ct_policy_of(const struct ct_args *args, struct ct_arena *arena,
	struct ct_policy *ret, struct ct_error *err)
{
	struct ct_policy policy = {0};
	enum ct_status status =
		args->policy_file ? read_policy(args->policy_file, arena, &policy, err) : CT_OK;

	if (status)
		return status;
	policy.no_core = args->session;
	override_names(&policy.ignore_top_function, &args->ignore_top);
	override_names(&policy.ignore_any_function, &args->ignore_any);
	override_names(&policy.ignore_created_by, &args->ignore_created);
	override_gates(&policy, args->fail_on);
	if (args->baseline)
		policy.baseline_file = args->baseline;
	if (policy.baseline_file && args->quick)
		return ct_fail(err, CT_USAGE,
			"a baseline knows findings by their stacks, which --quick does not read");
	if (policy.baseline_file)
		status = read_baseline(policy.baseline_file, arena, &policy.known, err);
	if (!status)
		*ret = policy;
	return status;
}
