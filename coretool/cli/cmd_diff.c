/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/read_file.h"
#include "cli/run.h"
#include "report/view_json.h"
#include "rules/diff.h"

static enum ct_status view_of_report(
	const char *path, struct ct_arena *arena, struct ct_view *ret, struct ct_error *err)
{
	ct_autofree char *text = NULL;
	size_t len = 0;
	enum ct_status status = ct_read_file(path, CT_JSON_MAX_BYTES, &text, &len, err);

	return status ? status : ct_view_of_json(text, len, path, arena, ret, err);
}

static enum ct_status view_of_core(const struct ct_args *args, const char *path,
	struct ct_arena *arena, struct ct_view *ret, struct ct_error *err)
{
	const struct ct_input input = {.core = path, .exe = args->exe};
	struct ct_run run = {0};
	enum ct_status status = ct_run_document(args, &input, &run, err);

	if (!status && ct_view_of_document(run.document, arena, ret))
		status = ct_fail(err, CT_NO_MEMORY, "%s: out of memory", path);
	ct_run_close(&run);
	return status;
}

static enum ct_status view(const struct ct_args *args, const char *path, struct ct_arena *arena,
	struct ct_view *ret, struct ct_error *err)
{
	if (!ct_file_begins_json(path))
		return view_of_core(args, path, arena, ret, err);
	/* A report does not tell which of its words the process wrote. */
	if (args->redact)
		return ct_fail(err, CT_USAGE,
			"%s: a report is redacted when it is written: coretool CORE --json "
			"--redact",
			path);
	return view_of_report(path, arena, ret, err);
}

static int judge(const struct ct_args *args, const struct ct_diff *diff)
{
	for (enum ct_level i = 0; i < CT_N_LEVELS; i++)
		if (diff->n_new[i] && (args->fail_on_new || args->policy->gates[i]))
			return CT_EXIT_FINDINGS;
	return args->fail_on_new && diff->n_added ? CT_EXIT_FINDINGS : CT_EXIT_OK;
}

static int compare(const struct ct_args *args, struct ct_arena *arena)
{
	struct ct_view old, new;
	struct ct_document *document = NULL;
	struct ct_error err = {0};
	enum ct_status status = view(args, args->words.items[0], arena, &old, &err);

	if (!status)
		status = view(args, args->words.items[1], arena, &new, &err);
	if (!status)
		status = ct_diff_views(
			&old, &new, args->policy, args->ignore_current, &document, &err);
	if (status)
		return ct_give_up(args, status, &err);
	int result = ct_run_write(args, document);
	if (!result && args->strict && (old.partial || new.partial))
		result = CT_EXIT_PARTIAL;
	if (!result)
		result = judge(args, document->diff);
	ct_document_free(document);
	return result;
}

int ct_cmd_diff(const struct ct_args *args)
{
	struct ct_error err = {0};
	struct ct_arena arena;

	if (args->words.n != 2)
		return ct_usage(args->command, "coretool diff takes two cores or reports: OLD NEW");
	if (!ct_run_format(args, &err))
		return ct_give_up(args, CT_USAGE, &err);
	ct_arena_init(&arena);
	int result = compare(args, &arena);
	ct_arena_free(&arena);
	return result;
}
