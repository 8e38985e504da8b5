/* SPDX-License-Identifier: Apache-2.0 */
/* A line for each stack, as flame graphs are drawn of: "root;caller;leaf 12". */
#include "report/rows.h"
#include "report/shown.h"

/* A semicolon in a name, as in one of a struct type, would end it. */
static void put_name(FILE *out, const char *name)
{
	for (; *name; name++)
		putc(*name == ';' ? ',' : *name, out);
}

static enum ct_status put_stack(
	const struct ct_facts *facts, const struct ct_stack *stack, uint32_t count, FILE *out)
{
	const char *between = "";

	for (uint32_t i = stack->n_frames; i-- > 0;) {
		const struct ct_site *site = &facts->sites[stack->frames[i].site];

		for (uint32_t line = ct_site_calls(site); line-- > 0; between = ";") {
			ct_autostr name = {0};

			ct_str_add_frame(&name, facts, site, line);
			if (name.failed)
				return CT_NO_MEMORY;
			fputs(between, out);
			put_name(out, ct_str_text(&name));
		}
	}
	fprintf(out, " %u\n", count);
	return CT_OK;
}

static enum ct_status folded_write(
	const struct ct_document *document, const struct ct_style *style, FILE *out)
{
	const struct ct_facts *facts = document->facts;
	ct_autofree uint32_t *counts = calloc((size_t)facts->n_stacks + 1, sizeof(*counts));
	enum ct_status status = counts ? CT_OK : CT_NO_MEMORY;

	(void)style;
	for (uint32_t i = 0; !status && i < facts->n_actors; i++)
		if (facts->actors[i].stack != CT_NONE && ct_shows_stack_of(document, i))
			counts[facts->actors[i].stack]++;
	for (uint32_t i = 0; !status && i < facts->n_stacks; i++)
		if (counts[i] && facts->stacks[i].n_frames)
			status = put_stack(facts, &facts->stacks[i], counts[i], out);
	return status ? status : ferror(out) ? CT_IO : CT_OK;
}

const struct ct_format ct_format_folded = {
	.name = "folded",
	.summary = "stacks with their counts, for flame graphs",
	.documents = CT_DOCUMENT_STACKS,
	.write = folded_write,
};
