/* SPDX-License-Identifier: Apache-2.0 */
#include "target/typed_statics.h"

#include <dwarf.h>

#include "target/dwarf_types.h"
#include "target/dwarf_vars.h"

#define MOST_STEPS (UINT64_C(512) << 10) /* of reading: some 30 ms */

struct statics {
	struct ct_dwarf *dwarf;
	struct ct_part_types types;
	uint64_t steps_end; /* what has to be left in the purse */
	bool (*visit)(void *arg, uint64_t addr);
	void *arg;
	bool done;
};

static bool visit_part(void *arg, uint64_t address)
{
	struct statics *s = arg;

	s->done = !s->visit(s->arg, address + s->dwarf->bias) || s->dwarf->steps <= s->steps_end;
	return !s->done;
}

/* Variables are beside functions and inside of them; types have none, and take the longest. */
static bool visit_die(struct ct_die_path *at, void *arg)
{
	struct statics *s = arg;
	uint64_t address;

	if (s->done || s->dwarf->steps <= s->steps_end)
		return false;
	switch (dwarf_tag(&at->die)) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_subprogram:
	case DW_TAG_lexical_block:
		return true;
	case DW_TAG_variable:
		if (ct_dwarf_static_address(s->dwarf, &at->die, &address))
			s->done |=
				!ct_dwarf_visit_parts(&s->types, &at->die, address, visit_part, s);
		return false;
	default:
		return false;
	}
}

void ct_typed_statics(struct ct_target *target, const struct ct_module *module,
	const char *const *types, bool (*visit)(void *arg, uint64_t addr), void *arg)
{
	struct ct_dwarf *dwarf = ct_dwarf_of(target, module);
	struct statics s = {.dwarf = dwarf,
		.types = {.dwarf = dwarf, .names = types},
		.visit = visit,
		.arg = arg};

	if (!dwarf)
		return;
	s.steps_end = dwarf->steps - CT_MIN(dwarf->steps, MOST_STEPS);
	for (uint32_t i = 0; i < dwarf->units.n && !s.done; i++)
		ct_dwarf_walk(dwarf, &dwarf->units.items[i].die, visit_die, &s);
	if (dwarf->steps <= s.steps_end)
		ct_target_note(target, CT_NOTE_LIMIT, module->path,
			"has too much debug information; not all of its variables were looked at "
			"for locks");
	ct_part_types_free(&s.types);
}
