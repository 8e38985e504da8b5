/* SPDX-License-Identifier: Apache-2.0 */
#include "target/typed_statics.h"

#include "target/dwarf_types.h"
#include "target/static_vars.h"

struct statics {
	struct ct_dwarf *dwarf;
	struct ct_part_types types;
	bool (*visit)(void *arg, uint64_t addr);
	void *arg;
	uint64_t steps_end; /* what has to be left in the purse */
};

static bool visit_part(void *arg, uint64_t address)
{
	struct statics *s = arg;

	return s->visit(s->arg, address + s->dwarf->bias) && s->dwarf->steps > s->steps_end;
}

static bool visit_variable(void *arg, struct ct_die_path *at, uint64_t address)
{
	struct statics *s = arg;

	return ct_dwarf_visit_parts(&s->types, &at->die, address, visit_part, s);
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
	s.steps_end = ct_static_steps_end(dwarf);
	if (!ct_static_variables(dwarf, visit_variable, &s))
		ct_target_note(target, CT_NOTE_LIMIT, module->path,
			"has too much debug information; not all of its variables were looked at "
			"for locks");
	ct_part_types_free(&s.types);
}
