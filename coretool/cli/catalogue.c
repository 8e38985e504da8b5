/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/catalogue.h"

#include "cli/run.h"

void ct_catalogue_field(struct ct_catalogue *c, const char *key, const char *text)
{
	if (!text || !*text)
		return;
	struct ct_explanation *field = ct_vec_push(&c->fields);
	if (!field) {
		c->failed = true;
		return;
	}
	field->key = key;
	field->text = ct_arena_strndup(&c->arena, text, strlen(text));
}

void ct_catalogue_row(struct ct_catalogue *c, const char *type)
{
	static const struct ct_explanation end = {0};
	uint32_t n = c->fields.n;
	struct ct_catalogue_row *row = ct_vec_push(&c->rows);
	struct ct_explanation *fields = ct_arena_new_array(&c->arena, n + 1, struct ct_explanation);

	if (row && fields) {
		memcpy(fields, c->fields.items, n * sizeof(*fields));
		fields[n] = end;
		*row = (struct ct_catalogue_row){.type = type, .fields = fields, .n_fields = n};
	} else {
		c->failed = true;
	}
	c->fields.n = 0;
}

void ct_catalogue_free(struct ct_catalogue *c)
{
	ct_vec_free(&c->rows);
	ct_vec_free(&c->fields);
	ct_arena_free(&c->arena);
}

int ct_catalogue_write(const struct ct_args *args, const struct ct_catalogue *c)
{
	struct ct_document document = {
		.kind = CT_DOCUMENT_CATALOGUE,
		.rows = c->rows.items,
		.n_rows = c->rows.n,
	};

	if (c->failed || c->arena.failed) {
		ct_complain("out of memory");
		return CT_EXIT_FAILED;
	}
	return ct_run_write(args, &document);
}
