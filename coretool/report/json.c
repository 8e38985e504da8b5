/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON object, one record a line, written as it is built: memory does not grow with the report.
 */
#include "report/json.h"
#include "report/record.h"
#include "report/rows.h"

static enum ct_status write_head(const struct ct_json *j, const struct ct_json_layout *layout)
{
	fprintf(j->out, "{\"schema\":\"%s\",\n\"tool\":", layout->schema);
	return ct_json_dump(j, ct_json_tool());
}

static enum ct_status write_list(const struct ct_json *j, const struct ct_json_part *part)
{
	uint32_t n = part->count(j), written = 0;

	fputs("[", j->out);
	for (uint32_t i = 0; i < n; i++) {
		if (part->shows && !part->shows(j, i))
			continue;
		fputs(written++ ? ",\n" : "\n", j->out);
		enum ct_status status = ct_json_dump(j, part->record(j, i));
		if (status)
			return status;
	}
	fputs("]", j->out);
	return CT_OK;
}

static enum ct_status write_parts(const struct ct_json *j)
{
	const struct ct_json_layout *layout = ct_json_layout_of(j->document);
	enum ct_status status = write_head(j, layout);

	for (size_t i = 0; !status && i < layout->n_parts; i++) {
		const struct ct_json_part *part = &layout->parts[i];

		if (!ct_json_shows(j->document, part))
			continue;
		fprintf(j->out, ",\n\"%s\":", part->key);
		status = part->count ? write_list(j, part) : ct_json_dump(j, part->record(j, 0));
	}
	fputs("}\n", j->out);
	return status;
}

static enum ct_status json_write(
	const struct ct_document *document, const struct ct_style *style, FILE *out)
{
	struct ct_json j;
	enum ct_status status = ct_json_open(&j, document, out);

	(void)style;
	if (status)
		return status;
	status = write_parts(&j);
	ct_json_close(&j);
	return status;
}

const struct ct_format ct_format_json = {
	.name = "json",
	.summary = "one JSON object, schema coretool-report/1",
	.documents = CT_DOCUMENT_REPORT | CT_DOCUMENT_CATALOGUE | CT_DOCUMENT_DIFF,
	.write = json_write,
};
