/* SPDX-License-Identifier: Apache-2.0 */
#include "target/static_vars.h"

#include <dwarf.h>

#include "target/dwarf_vars.h"

#define MOST_STEPS (UINT64_C(512) << 10) /* of reading: some 30 ms */

struct statics {
	struct ct_dwarf *dwarf;
	uint64_t steps_end;
	ct_static_visitor *visit;
	void *arg;
	bool done;
};

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
			s->done |= !s->visit(s->arg, at, address);
		return false;
	default:
		return false;
	}
}

uint64_t ct_static_steps_end(const struct ct_dwarf *dwarf)
{
	return dwarf->steps - CT_MIN(dwarf->steps, MOST_STEPS);
}

bool ct_static_variables(struct ct_dwarf *dwarf, ct_static_visitor *visit, void *arg)
{
	struct statics s = {dwarf, ct_static_steps_end(dwarf), visit, arg, false};

	for (uint32_t i = 0; i < dwarf->units.n && !s.done; i++)
		ct_dwarf_walk(dwarf, &dwarf->units.items[i].die, visit_die, &s);
	return dwarf->steps > s.steps_end;
}
