/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json_read.h"

#include "base/vec.h"

/* jansson takes some hundred bytes for each, and a hostile text needs two for one. */
#define MAX_VALUES ((size_t)8 << 20)

#define BLANKS " \t\r\n"

static size_t blanks(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] && strchr(BLANKS, text[n]))
		n++;
	return n;
}

bool ct_json_begins(const char *text, size_t len)
{
	size_t n = blanks(text, len);

	return n < len && text[n] == '{';
}

/* At least as many values as the text has: each but the first follows one of these. */
static bool has_too_many(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == ',' || text[i] == '[' || text[i] == ':';
	return n > MAX_VALUES;
}

enum ct_status ct_json_read_report(
	const char *text, size_t len, const char *name, json_t **ret, struct ct_error *err)
{
	json_error_t error;

	if (has_too_many(text, len))
		return ct_fail(err, CT_BAD_INPUT, "%s: has more values than a report has", name);
	json_t *report = json_loadb(text, len, 0, &error);
	if (!report && json_error_code(&error) == json_error_end_of_input_expected)
		return ct_fail(err, CT_BAD_INPUT,
			"%s: more than one JSON object; a report in one is written by --json, not "
			"by --format ndjson",
			name);
	if (!report)
		return ct_fail(err,
			json_error_code(&error) == json_error_out_of_memory ? CT_NO_MEMORY
									    : CT_BAD_INPUT,
			"%s:%d: is no JSON: %s", name, error.line, error.text);
	const char *schema = json_string_value(json_object_get(report, "schema"));
	if (!schema || strcmp(schema, "coretool-report/1") != 0) {
		json_decref(report);
		return ct_fail(err, CT_BAD_INPUT,
			"%s: is JSON, but no report of coretool (schema coretool-report/1)", name);
	}
	*ret = report;
	return CT_OK;
}

struct list {
	const char **items;
	uint32_t n, cap;
};

static bool add(struct list *list, struct ct_arena *arena, const char *text, size_t len)
{
	const char **slot = ct_vec_push(list);

	return slot && (*slot = ct_arena_strndup(arena, text, len));
}

static enum ct_status read_findings(const char *text, size_t len, const char *name,
	struct ct_arena *arena, struct list *list, struct ct_error *err)
{
	json_t *report, *finding;
	size_t i;
	enum ct_status status = ct_json_read_report(text, len, name, &report, err);

	if (status)
		return status;
	json_array_foreach(json_object_get(report, "findings"), i, finding)
	{
		const char *print = json_string_value(json_object_get(finding, "fingerprint"));

		if (print && !add(list, arena, print, strlen(print)))
			status = CT_NO_MEMORY;
	}
	json_decref(report);
	return status;
}

static bool is_fingerprint(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!memchr("0123456789abcdef", text[i], 16))
			return false;
	return len == 16;
}

static enum ct_status read_lines(const char *text, size_t len, const char *name,
	struct ct_arena *arena, struct list *list, struct ct_error *err)
{
	const char *end = text + len;

	for (unsigned line = 1; text < end; line++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *next = newline ? newline + 1 : end;
		const char *word = text + blanks(text, (size_t)((newline ? newline : end) - text));
		size_t n = 0;

		while (word + n < next && word[n] != '#' && word[n] && !strchr(BLANKS, word[n]))
			n++;
		size_t more = n + blanks(word + n, (size_t)(next - word) - n);
		bool ends = word + more >= next || word[more] == '#';
		if (n && (!is_fingerprint(word, n) || !ends))
			return ct_fail(err, CT_BAD_INPUT,
				"%s:%u: is no fingerprint (16 hexadecimal digits), no comment (#), "
				"and the file no JSON report",
				name, line);
		if (n && !add(list, arena, word, n))
			return CT_NO_MEMORY;
		text = next;
	}
	return CT_OK;
}

enum ct_status ct_baseline_read(const char *text, size_t len, const char *name,
	struct ct_arena *arena, struct ct_strings *ret, struct ct_error *err)
{
	struct list list = {0};
	enum ct_status status = ct_json_begins(text, len)
					? read_findings(text, len, name, arena, &list, err)
					: read_lines(text, len, name, arena, &list, err);

	if (!status) {
		ret->n = list.n;
		ret->items = ct_arena_copy(arena, list.items, list.n * sizeof(*list.items));
		status = ret->items ? CT_OK : CT_NO_MEMORY;
	}
	if (status == CT_NO_MEMORY)
		ct_fail(err, status, "%s: out of memory", name);
	ct_vec_free(&list);
	return status;
}
