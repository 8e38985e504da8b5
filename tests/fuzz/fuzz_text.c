/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that people write or that come from elsewhere: policies, baselines, and reports in JSON
 * that are to be compared. The first byte says which it is; a report is compared with itself, cut
 * in two with the other half.
 */
#include <stdio.h>

#include "report/json_read.h"
#include "report/view_json.h"
#include "rules/diff.h"
#include "rules/policy.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static FILE *sink;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	sink = fopen("/dev/null", "w");
	return sink ? 0 : -1;
}

static void must(enum ct_status status, const struct ct_error *err)
{
	if (!status || status == CT_BAD_INPUT)
		return;
	fprintf(stderr, "status %d: %s\n", status, err->text);
	abort();
}

/* What is wrong is said in one line. */
static void complains_in_a_line(enum ct_status status, const struct ct_error *err)
{
	must(status, err);
	if (status && (!*err->text || strchr(err->text, '\n')))
		abort();
}

static void write_diff(const struct ct_view *old, const struct ct_view *new)
{
	static const char *const formats[] = {"text", "json"};
	struct ct_document *document;
	struct ct_error err = {0};

	must(ct_diff_views(old, new, NULL, false, &document, &err), &err);
	for (size_t i = 0; i < CT_COUNT(formats); i++)
		if (ct_write(document, formats[i], sink, &err))
			abort();
	ct_document_free(document);
}

static void compare(const char *text, size_t len, struct ct_arena *arena)
{
	const char *second = memchr(text, 0, len);
	size_t first_len = second ? (size_t)(second - text) : len;
	struct ct_view views[2];
	struct ct_error err = {0};
	enum ct_status status = ct_view_of_json(text, first_len, "old", arena, &views[0], &err);

	complains_in_a_line(status, &err);
	if (status)
		return;
	write_diff(&views[0], &views[0]);
	if (!second)
		return;
	status = ct_view_of_json(second + 1, len - first_len - 1, "new", arena, &views[1], &err);
	complains_in_a_line(status, &err);
	if (!status)
		write_diff(&views[0], &views[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ct_policy policy = {0};
	struct ct_strings baseline = {0};
	struct ct_error err = {0};
	struct ct_arena arena;

	if (!size)
		return 0;
	ct_arena_init(&arena);
	/* Its end is the end of what may be read: no byte stands behind it. */
	char *text = malloc(size);
	memcpy(text, data + 1, size - 1);
	switch (*data % 3) {
	case 0:
		complains_in_a_line(
			ct_policy_read(text, size - 1, "policy", &arena, &policy, &err), &err);
		break;
	case 1:
		complains_in_a_line(
			ct_baseline_read(text, size - 1, "baseline", &arena, &baseline, &err),
			&err);
		break;
	default:
		compare(text, size - 1, &arena);
	}
	free(text);
	ct_arena_free(&arena);
	return 0;
}
