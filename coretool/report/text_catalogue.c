/* SPDX-License-Identifier: Apache-2.0 */
/* Catalogues: one row as key and text, several as a table of their short fields. */
#include "report/text.h"

#define MAX_COLUMNS   8
#define LONGEST_SHORT 40 /* columns of a field that a table gives room to */

static unsigned key_width(const struct ct_explanation *fields, uint32_t n)
{
	unsigned ret = 0;

	for (uint32_t i = 0; i < n; i++)
		ret = CT_MAX(ret, ct_text_width(fields[i].key));
	return ret;
}

static void write_fields(struct ct_text *t, const struct ct_explanation *fields, uint32_t n)
{
	unsigned width = key_width(fields, n);

	for (uint32_t i = 0; i < n; i++) {
		if (!fields[i].text)
			continue;
		ct_text_add(t, "  %s", fields[i].key);
		ct_text_pad(t, width + 4);
		ct_text_add(t, "%s", fields[i].text);
		ct_text_end(t);
	}
}

void ct_text_explained(struct ct_text *t)
{
	const struct ct_document *document = t->document;

	ct_text_head(t, "0x%llx", (unsigned long long)document->explained);
	write_fields(t, document->explanations, document->n_explanations);
}

/* The columns of a table: the fields that rows of one type have, up to the summary, which is last.
 */
struct columns {
	const char *keys[MAX_COLUMNS];
	unsigned widths[MAX_COLUMNS];
	uint32_t n;
};

/* What follows the summary is for those who ask for one row. */
static bool ends_table(const struct ct_explanation *field)
{
	return !strcmp(field->key, "summary");
}

static void add_column(struct columns *c, const struct ct_explanation *field)
{
	uint32_t k = 0;

	while (k < c->n && strcmp(c->keys[k], field->key) != 0)
		k++;
	if (k == MAX_COLUMNS)
		return;
	c->keys[k] = field->key;
	c->n = CT_MAX(c->n, k + 1);
	c->widths[k] = CT_MAX(c->widths[k], ct_text_width(field->text));
	c->widths[k] = CT_MIN(c->widths[k], (unsigned)LONGEST_SHORT);
}

static struct columns find_columns(const struct ct_document *document, const char *type)
{
	struct columns ret = {0};

	for (uint32_t i = 0; i < document->n_rows; i++) {
		const struct ct_catalogue_row *row = &document->rows[i];

		for (uint32_t k = 0; k < row->n_fields && !strcmp(row->type, type); k++) {
			if (ends_table(&row->fields[k]))
				break;
			if (row->fields[k].text)
				add_column(&ret, &row->fields[k]);
		}
	}
	return ret;
}

static const char *field(const struct ct_catalogue_row *row, const char *key)
{
	for (uint32_t i = 0; i < row->n_fields; i++)
		if (!strcmp(row->fields[i].key, key) && row->fields[i].text)
			return row->fields[i].text;
	return "";
}

static void write_cell(
	struct ct_text *t, const struct ct_catalogue_row *row, const char *key, unsigned at)
{
	const char *text = field(row, key);

	if (!*text)
		return;
	ct_text_pad(t, at);
	ct_text_add(t, "%s", text);
}

static void write_table(struct ct_text *t, const char *type)
{
	const struct columns columns = find_columns(t->document, type);

	for (uint32_t i = 0; i < t->document->n_rows; i++) {
		const struct ct_catalogue_row *row = &t->document->rows[i];
		unsigned at = 2;

		if (strcmp(row->type, type) != 0)
			continue;
		for (uint32_t k = 0; k < columns.n; k++) {
			write_cell(t, row, columns.keys[k], at);
			at += columns.widths[k] + 2;
		}
		write_cell(t, row, "summary", at);
		ct_text_end(t);
	}
}

static bool is_first_of_type(const struct ct_document *document, uint32_t index)
{
	for (uint32_t i = 0; i < index; i++)
		if (!strcmp(document->rows[i].type, document->rows[index].type))
			return false;
	return true;
}

void ct_text_catalogue(struct ct_text *t)
{
	const struct ct_document *document = t->document;

	if (document->n_rows == 1) {
		write_fields(t, document->rows[0].fields, document->rows[0].n_fields);
		return;
	}
	for (uint32_t i = 0; i < document->n_rows; i++) {
		if (!is_first_of_type(document, i))
			continue;
		ct_text_head(t, "%ss", document->rows[i].type);
		write_table(t, document->rows[i].type);
	}
}
