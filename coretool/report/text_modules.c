/* SPDX-License-Identifier: Apache-2.0 */
/* The files that the process had loaded, what was found of each, and how to get what is missing. */
#include <inttypes.h>

#include "report/text.h"

#define STATE_COLUMN 2
#define FOUND_COLUMN 14
#define ID_COLUMN    26
#define PATH_COLUMN  68 /* a build id of 20 bytes fits */

/* A file that nobody had to look for lacks nothing. */
static bool lacks(const struct ct_fact_module *m)
{
	return (m->state && strcmp(m->state, "ok") != 0) || m->advice;
}

static void write_module(struct ct_text *t, const struct ct_fact_module *m)
{
	bool red = t->color && lacks(m);

	ct_text_pad(t, STATE_COLUMN);
	if (red)
		ct_text_paint(t, CT_PAINT_YELLOW);
	ct_text_add(t, "%s", m->state ? m->state : "-");
	if (red)
		ct_text_plain(t);
	ct_text_pad(t, FOUND_COLUMN);
	ct_text_add(t, "%s", m->found);
	ct_text_pad(t, ID_COLUMN);
	ct_text_add(t, "%s", m->build_id ? m->build_id : "-");
	ct_text_pad(t, PATH_COLUMN);
	ct_text_add(t, "%s", m->path);
	ct_text_end(t);
	if (t->verbose) {
		ct_text_say(
			t, "      mapped at 0x%" PRIx64 ", 0x%" PRIx64 " bytes", m->base, m->size);
		if (m->file)
			ct_text_say(t, "      read from %s", m->file);
		if (m->debug_file)
			ct_text_say(t, "      debug info from %s", m->debug_file);
	}
	/* Where we looked matters to those who must find the file. */
	for (uint32_t i = 0; i < m->n_tried && (t->verbose || lacks(m)); i++)
		ct_text_say(t, "      tried %s", m->tried[i]);
	if (m->advice)
		ct_text_say(t, "      %s", m->advice);
}

void ct_text_modules(struct ct_text *t)
{
	bool only_lacking = t->document->sections & CT_SECTION_MISSING;
	uint32_t n = t->facts->n_modules, lacking = 0;

	for (uint32_t i = 0; i < n; i++)
		lacking += lacks(&t->facts->modules[i]);
	if (!lacking)
		ct_text_head(t, "Modules: %u, nothing is missing", n);
	else
		ct_text_head(t, "Modules: %u, %u of them lack%s something", n, lacking,
			lacking == 1 ? "s" : "");
	if (only_lacking && !lacking)
		return;
	ct_text_pad(t, STATE_COLUMN);
	ct_text_add(t, "state");
	ct_text_pad(t, FOUND_COLUMN);
	ct_text_add(t, "found");
	ct_text_pad(t, ID_COLUMN);
	ct_text_add(t, "build id");
	ct_text_pad(t, PATH_COLUMN);
	ct_text_add(t, "path");
	ct_text_end(t);
	for (uint32_t i = 0; i < n; i++)
		if (!only_lacking || lacks(&t->facts->modules[i]))
			write_module(t, &t->facts->modules[i]);
}
