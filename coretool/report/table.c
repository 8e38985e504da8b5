/* SPDX-License-Identifier: Apache-2.0 */
/* The formats, and the way into them. */
#include <errno.h>

#include "base/str.h"
#include "report/rows.h"

const struct ct_format *const ct_formats[] = {
	&ct_format_text,
	&ct_format_json,
	&ct_format_ndjson,
	&ct_format_dot,
	&ct_format_folded,
	&ct_format_gotrace,
	&ct_format_pprof,
};
const size_t ct_n_formats = CT_COUNT(ct_formats);

const struct ct_format *ct_format_find(const char *name)
{
	for (size_t i = 0; i < ct_n_formats; i++)
		if (!strcmp(ct_formats[i]->name, name))
			return ct_formats[i];
	return NULL;
}

/* "text, json, …": the formats that can write one of these kinds of documents. */
static void list_formats(struct ct_str *s, unsigned documents)
{
	for (size_t i = 0; i < ct_n_formats; i++)
		if (ct_formats[i]->documents & documents)
			ct_str_add(s, "%s%s", s->len ? ", " : "", ct_formats[i]->name);
}

static enum ct_status fail_usage(
	struct ct_error *err, const char *what, const char *name, unsigned documents)
{
	ct_autostr clean = {0}, known = {0};

	ct_str_add_clean(&clean, name, strlen(name), 40);
	list_formats(&known, documents);
	return ct_fail(err, CT_USAGE, "%s \"%s\"; formats that can: %s", what, ct_str_text(&clean),
		ct_str_text(&known));
}

enum ct_status ct_write(
	const struct ct_document *document, const char *format, FILE *out, struct ct_error *err)
{
	static const struct ct_style plain = {0};
	const struct ct_format *found = ct_format_find(format);

	if (!found)
		return fail_usage(err, "there is no format", format, ~0u);
	if (!(found->documents & document->kind))
		return fail_usage(
			err, "this cannot be written in the format", format, document->kind);
	enum ct_status status = found->write(document, &plain, out);
	if (status == CT_NO_MEMORY)
		return ct_fail(err, status, "out of memory while writing the report");
	if (status || fflush(out) || ferror(out))
		return ct_fail(err, CT_IO, "the report could not be written: %s", strerror(errno));
	return CT_OK;
}
