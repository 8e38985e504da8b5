/* SPDX-License-Identifier: Apache-2.0 */
/* What is on the heap has no name; the static variable that points there has one, and a type. */
#include <dwarf.h>

#include "base/arena.h"
#include "base/str.h"
#include "target/dwarf_types.h"
#include "target/object_name.h"
#include "target/static_vars.h"
#include "target/symbols.h"

struct search {
	struct ct_target *target;
	struct ct_dwarf *dwarf;
	struct ct_pointed *blocks;
	uint32_t n;
	struct ct_arena *arena;
};

/* "g_shop", "main::shop" */
static void add_name(struct search *s, struct ct_die_path *at, struct ct_str *text)
{
	const char *name = NULL;

	for (struct ct_die_path *up = at->up; up && !name; up = up->up)
		if (dwarf_tag(&up->die) == DW_TAG_subprogram)
			name = ct_die_name(&up->die, s->arena);
	if (name)
		ct_str_add(text, "%s::", name);
	name = ct_die_name(&at->die, s->arena);
	ct_str_add(text, "%s", name ? name : "?");
}

static void name_block(struct search *s, struct ct_pointed *block, struct ct_die_path *at,
	Dwarf_Die *type, uint64_t size)
{
	uint64_t offset = block->addr - block->start;
	ct_autostr text = {0}, path = {0};

	uint64_t rest = ct_dwarf_type_path(s->dwarf, *type, offset % size, &path);
	add_name(s, at, &text);
	/* Room for more than one: it is an array. */
	if (block->size >= 2 * size)
		ct_str_add(
			&text, "[%llu]%s", (unsigned long long)(offset / size), ct_str_text(&path));
	else if (path.len && path.text[0] == '.')
		ct_str_add(&text, "->%s", path.text + 1);
	else
		ct_str_add(&text, "%s", ct_str_text(&path));
	if (rest)
		ct_str_add(&text, "+0x%llx", (unsigned long long)rest);
	if (!text.failed && !path.failed)
		block->name = ct_arena_strndup(s->arena, ct_str_text(&text), text.len);
}

static bool visit_variable(void *arg, struct ct_die_path *at, uint64_t address)
{
	struct search *s = arg;
	uint64_t value, size;
	uint32_t lo = 0, hi = s->n;
	Dwarf_Die type;

	if (ct_read_u64(s->target, address + s->dwarf->bias, &value) ||
		value < s->blocks[0].start || value > s->blocks[s->n - 1].start)
		return true;
	CT_BISECT(lo, hi, mid, s->blocks[mid].start < value);
	if (s->blocks[lo].start != value || !ct_dwarf_pointee(s->dwarf, &at->die, &type, &size))
		return true;
	for (; lo < s->n && s->blocks[lo].start == value; lo++)
		if (!s->blocks[lo].name && size <= s->blocks[lo].size)
			name_block(s, &s->blocks[lo], at, &type, size);
	return true;
}

void ct_pointed_names(struct ct_target *target, const struct ct_module *module,
	struct ct_pointed *blocks, uint32_t n, struct ct_arena *arena)
{
	struct search s = {target, n ? ct_dwarf_of(target, module) : NULL, blocks, n, arena};

	if (s.dwarf)
		(void)!ct_static_variables(s.dwarf, visit_variable, &s);
}
