/* SPDX-License-Identifier: Apache-2.0 */
#include "target/object_name.h"

#include "base/arena.h"
#include "base/str.h"
#include "target/dwarf_types.h"
#include "target/dwarf_vars.h"
#include "target/symbols.h"

/* "function::lock" for a variable local to a function, as debuggers write it. */
static void add_variable_name(struct ct_dwarf *dwarf, const struct ct_variable *variable,
	Dwarf_Die *die, const char *symbol, struct ct_str *text)
{
	struct ct_arena scratch;
	Dwarf_Die function;
	const char *name = NULL;

	ct_arena_init(&scratch);
	if (variable->function && dwarf_offdie(dwarf->dbg, variable->function, &function))
		name = ct_die_name(&function, &scratch);
	if (name && dwarf_diename(die))
		ct_str_add(text, "%s::%s", name, ct_symbol_demangle(&scratch, dwarf_diename(die)));
	else
		ct_str_add(text, "%s", ct_die_name_or_symbol(die, symbol, &scratch));
	ct_arena_free(&scratch);
}

static bool name_by_dwarf(struct ct_target *target, const struct ct_module *module, uint64_t addr,
	const struct ct_symbol *symbol, struct ct_str *text)
{
	struct ct_dwarf *dwarf = ct_dwarf_of(target, module);
	struct ct_variable variable;
	Dwarf_Die die;

	if (!dwarf || ct_dwarf_variable_at(dwarf, symbol->start - dwarf->bias, &variable) ||
		!dwarf_offdie(dwarf->dbg, variable.die, &die))
		return false;
	add_variable_name(dwarf, &variable, &die, symbol->name, text);
	uint64_t rest = ct_dwarf_member_path(dwarf, &die, addr - symbol->start, text);
	if (rest)
		ct_str_add(text, "+0x%llx", (unsigned long long)rest);
	return true;
}

enum ct_status ct_object_is(struct ct_target *target, uint64_t addr, const char *const *types)
{
	const struct ct_module *module = ct_module_at(target, addr);
	struct ct_symbol symbol;
	struct ct_variable variable;
	Dwarf_Die die;

	if (!module || !types || ct_symbol_at(target, addr, CT_SYMBOL_DATA, &symbol))
		return CT_NOT_FOUND;
	struct ct_dwarf *dwarf = ct_dwarf_of(target, module);
	if (!dwarf || ct_dwarf_variable_at(dwarf, symbol.start - dwarf->bias, &variable) ||
		!dwarf_offdie(dwarf->dbg, variable.die, &die))
		return CT_NOT_FOUND;
	return ct_dwarf_member_is(dwarf, &die, addr - symbol.start, types) ? CT_OK : CT_NOT_FOUND;
}

static void name_by_symbol(
	uint64_t addr, const struct ct_symbol *symbol, struct ct_arena *arena, struct ct_str *text)
{
	ct_str_add(text, "%s", ct_symbol_demangle(arena, symbol->name));
	if (addr != symbol->start)
		ct_str_add(text, "+0x%llx", (unsigned long long)(addr - symbol->start));
}

enum ct_status ct_object_name(struct ct_target *target, uint64_t addr, struct ct_arena *arena,
	const char **ret, bool *from_dwarf)
{
	const struct ct_module *module = ct_module_at(target, addr);
	struct ct_symbol symbol;
	ct_autostr text = {0};
	bool by_dwarf = false;

	if (!module)
		return CT_NOT_FOUND;
	if (!ct_symbol_at(target, addr, CT_SYMBOL_DATA, &symbol)) {
		by_dwarf = name_by_dwarf(target, module, addr, &symbol, &text);
		if (!by_dwarf)
			name_by_symbol(addr, &symbol, arena, &text);
	} else {
		uint64_t base = module->bias_known ? module->bias : module->start;

		ct_str_add_clean(&text, module->name, strlen(module->name), strlen(module->name));
		ct_str_add(&text, "+0x%llx", (unsigned long long)(addr - base));
	}
	const char *name = ct_arena_strndup(arena, ct_str_text(&text), text.len);
	if (text.failed || !name)
		return CT_NO_MEMORY;
	*ret = name;
	*from_dwarf = by_dwarf;
	return CT_OK;
}
