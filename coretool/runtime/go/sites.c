/* SPDX-License-Identifier: Apache-2.0 */
/* Names of places in Go code, with inlined calls and lines: all of it is in the function table. */
#include "runtime/go/observe.h"

static bool add_lines(const struct ct_go *go, struct ct_sink *sink,
	const struct ct_go_function *function, struct ct_site *site)
{
	struct ct_go_inlined inlined[CT_GO_MAX_INLINED];
	size_t n = ct_go_inlined_at(go->target, function, site->pc - site->is_call, inlined);
	struct ct_line *lines = ct_arena_new_array(ct_sink_arena(sink), n, struct ct_line);

	if (!lines)
		return false;
	for (size_t i = 0; i < n; i++)
		lines[i] = (struct ct_line){ct_sink_string(sink, inlined[i].name),
			ct_sink_string(sink, inlined[i].file),
			inlined[i].line > 0 ? (uint32_t)inlined[i].line : 0, i + 1 < n,
			go->wrapper && inlined[i].id == go->wrapper};
	site->lines = lines;
	site->n_lines = (uint32_t)n;
	site->has_lines = true;
	return true;
}

bool ct_go_name_site(const struct ct_go *go, struct ct_sink *sink, struct ct_site *site)
{
	struct ct_go_function function;

	if (!ct_go_function_at(&go->tables, site->pc - site->is_call, &function) ||
		!add_lines(go, sink, &function, site))
		return false;
	site->function = ct_sink_string(sink, ct_go_function_name(&function));
	site->function_offset = site->pc - function.entry;
	site->function_start = function.entry - go->module->start;
	return true;
}
