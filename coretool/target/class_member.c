/* SPDX-License-Identifier: Apache-2.0 */
/* Of what class an object is, by its table of virtual functions (Itanium C++ ABI). */
#include <dwarf.h>

#include "base/arena.h"
#include "base/str.h"
#include "target/dwarf_types.h"
#include "target/object_name.h"
#include "target/static_vars.h"
#include "target/symbols.h"

#define BEFORE_TABLE 16 /* the offset to the top and the type, before what objects point to */

struct search {
	struct ct_dwarf *dwarf;
	const char *name; /* in full: "shop::Shelf" */
	uint64_t steps_end;
	Dwarf_Die found;
	bool done;
};

/* Does the full name of the DIE at `at` end with the name's first len bytes being its scopes? */
static bool is_called(struct ct_die_path *at, const char *name)
{
	size_t len = strlen(name);

	for (; at && dwarf_tag(&at->die) != DW_TAG_compile_unit; at = at->up) {
		const char *part = dwarf_diename(&at->die);

		part = part ? part : "(anonymous namespace)";
		size_t n = strlen(part);
		if (n > len || memcmp(name + len - n, part, n) != 0)
			return false;
		len -= n;
		if (!len)
			return !at->up || dwarf_tag(&at->up->die) == DW_TAG_compile_unit;
		if (len < 2 || memcmp(name + len - 2, "::", 2) != 0)
			return false;
		len -= 2;
	}
	return false;
}

static bool visit_die(struct ct_die_path *at, void *arg)
{
	struct search *s = arg;

	if (s->done || s->dwarf->steps <= s->steps_end)
		return false;
	switch (dwarf_tag(&at->die)) {
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
		s->done = !dwarf_hasattr(&at->die, DW_AT_declaration) && is_called(at, s->name);
		if (s->done)
			s->found = at->die;
		return !s->done;
	case DW_TAG_compile_unit:
	case DW_TAG_namespace:
		return true;
	default:
		return false;
	}
}

/* Adds ".lock"; returns what is left of offset. */
static uint64_t add_member(struct ct_target *target, const struct ct_module *module,
	const char *class, uint64_t offset, struct ct_str *text)
{
	struct ct_dwarf *dwarf = ct_dwarf_of(target, module);
	struct search s = {.dwarf = dwarf, .name = class};

	if (!dwarf)
		return offset;
	s.steps_end = ct_static_steps_end(dwarf);
	for (uint32_t i = 0; i < dwarf->units.n && !s.done; i++)
		ct_dwarf_walk(dwarf, &dwarf->units.items[i].die, visit_die, &s);
	return s.done ? ct_dwarf_type_path(dwarf, s.found, offset, text) : offset;
}

enum ct_status ct_class_member(struct ct_target *target, uint64_t word, uint64_t offset,
	struct ct_arena *arena, const char **ret)
{
	static const char vtable[] = "vtable for ";
	const struct ct_module *module = ct_module_at(target, word);
	struct ct_symbol symbol;
	ct_autostr text = {0};

	if (!module || ct_symbol_at(target, word, CT_SYMBOL_DATA, &symbol) ||
		strncmp(symbol.name, "_ZTV", 4) != 0 || word - symbol.start != BEFORE_TABLE)
		return CT_NOT_FOUND;
	const char *name = ct_symbol_demangle(arena, symbol.name);
	if (strncmp(name, vtable, strlen(vtable)) != 0)
		return CT_NOT_FOUND;
	name += strlen(vtable);
	ct_str_add(&text, "%s", name);
	uint64_t rest = add_member(target, module, name, offset, &text);
	if (rest)
		ct_str_add(&text, "+0x%llx", (unsigned long long)rest);
	*ret = text.failed ? NULL : ct_arena_strndup(arena, ct_str_text(&text), text.len);
	return *ret ? CT_OK : CT_NO_MEMORY;
}
