/* SPDX-License-Identifier: Apache-2.0 */
#include "report/shown.h"

#include <inttypes.h>

bool ct_shows_stack_of(const struct ct_document *document, uint32_t actor)
{
	const struct ct_actor *a = &document->facts->actors[actor];
	const struct ct_selection *selection = &document->selection;

	if (!(document->sections & CT_SECTION_GOROUTINES))
		return a->kind == CT_ACTOR_THREAD;
	return a->kind == CT_ACTOR_GOROUTINE && !(selection->skip && selection->skip[actor]) &&
	       (!a->system || selection->one || (document->sections & CT_SECTION_VERBOSE));
}

void ct_str_add_frame(
	struct ct_str *s, const struct ct_facts *facts, const struct ct_site *site, uint32_t line)
{
	const struct ct_line *at = line < site->n_lines ? &site->lines[line] : NULL;
	const char *function =
		at && (at->inlined || !site->function) ? at->function : site->function;

	if (function) {
		ct_str_add(s, "%s", function);
	} else if (site->module != CT_NONE) {
		const char *path = facts->modules[site->module].path;
		const char *slash = strrchr(path, '/');

		ct_str_add(s, "%s+0x%" PRIx64, slash && slash[1] ? slash + 1 : path, site->offset);
	} else {
		ct_str_add(s, "0x%" PRIx64, site->pc);
	}
}
