/* SPDX-License-Identifier: Apache-2.0 */
/* The records of the JSON report one a line, each with its type and its index among those of that
 * type. */
#include "report/json.h"
#include "report/record.h"
#include "report/rows.h"

/* Takes record. */
static enum ct_status write_line(
	const struct ct_json *j, const struct ct_json_part *part, uint32_t index, json_t *record)
{
	struct ct_record r = ct_record_new();

	if (part->type) {
		ct_record_text(&r, "type", part->type);
		if (part->count)
			ct_record_int(&r, "index", index);
	}
	if (!record || json_object_update(r.object, record))
		r.failed = true;
	json_decref(record);
	enum ct_status status = ct_json_dump(j, ct_record_done(&r));
	fputs("\n", j->out);
	return status;
}

static enum ct_status write_head(const struct ct_json *j, const struct ct_json_layout *layout)
{
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "type", layout->type);
	ct_record_text(&r, "schema", layout->schema);
	ct_record_add(&r, "tool", ct_json_tool());
	enum ct_status status = ct_json_dump(j, ct_record_done(&r));
	fputs("\n", j->out);
	return status;
}

static enum ct_status write_list(const struct ct_json *j, const struct ct_json_part *part)
{
	uint32_t n = part->count ? part->count(j) : 1, written = 0;
	enum ct_status status = CT_OK;

	for (uint32_t i = 0; !status && i < n; i++)
		if (!part->shows || part->shows(j, i))
			status = write_line(j, part, written++, part->record(j, i));
	return status;
}

static enum ct_status write_lines(const struct ct_json *j)
{
	const struct ct_json_layout *layout = ct_json_layout_of(j->document);
	enum ct_status status = write_head(j, layout);

	for (size_t i = 0; !status && i < layout->n_parts; i++) {
		const struct ct_json_part *part = &layout->parts[i];

		if (ct_json_shows(j->document, part))
			status = write_list(j, part);
	}
	return status;
}

static enum ct_status ndjson_write(
	const struct ct_document *document, const struct ct_style *style, FILE *out)
{
	struct ct_json j;
	enum ct_status status = ct_json_open(&j, document, out);

	(void)style;
	if (status)
		return status;
	status = write_lines(&j);
	ct_json_close(&j);
	return status;
}

const struct ct_format ct_format_ndjson = {
	.name = "ndjson",
	.summary = "the records of the JSON report, one a line",
	.documents = CT_DOCUMENT_REPORT | CT_DOCUMENT_CATALOGUE | CT_DOCUMENT_DIFF,
	.write = ndjson_write,
};
