/* SPDX-License-Identifier: Apache-2.0 */
#include "target/struct_layout.h"

#include <dwarf.h>

#include "target/dwarf.h"

#define MAX_PEEL 16 /* typedefs in a row */

struct ct_struct_layouts {
	struct ct_dwarf *dwarf;
	CT_VEC(Dwarf_Off) types;
	struct ct_hash by_name;
	bool failed;
};

static uint64_t hash_name(const char *name)
{
	return ct_hash_bytes(name, strlen(name));
}

static bool visit_type(struct ct_die_path *at, void *arg)
{
	struct ct_struct_layouts *layouts = arg;
	const char *name =
		dwarf_tag(&at->die) == DW_TAG_structure_type ? dwarf_diename(&at->die) : NULL;

	if (name) {
		Dwarf_Off *slot = ct_vec_push(&layouts->types);

		if (slot)
			*slot = dwarf_dieoffset(&at->die);
		if (!slot ||
			!ct_hash_insert(&layouts->by_name, hash_name(name), layouts->types.n - 1))
			layouts->failed = true;
	}
	return false;
}

struct ct_struct_layouts *ct_struct_layouts_new(
	struct ct_target *target, const struct ct_module *module)
{
	struct ct_dwarf *dwarf = ct_dwarf_of(target, module);
	struct ct_struct_layouts *layouts = dwarf ? calloc(1, sizeof(*layouts)) : NULL;

	if (!layouts)
		return NULL;
	layouts->dwarf = dwarf;
	for (uint32_t i = 0; i < dwarf->units.n && !layouts->failed; i++)
		ct_dwarf_walk(dwarf, &dwarf->units.items[i].die, visit_type, layouts);
	if (layouts->failed) {
		ct_struct_layouts_free(layouts);
		return NULL;
	}
	return layouts;
}

void ct_struct_layouts_free(struct ct_struct_layouts *layouts)
{
	if (!layouts)
		return;
	ct_vec_free(&layouts->types);
	ct_hash_free(&layouts->by_name);
	free(layouts);
}

static bool find_type(const struct ct_struct_layouts *layouts, const char *name, Dwarf_Die *ret)
{
	struct ct_hash_it it = ct_hash_find(&layouts->by_name, hash_name(name));
	uint32_t i;

	while (ct_hash_next(&layouts->by_name, &it, &i)) {
		const char *found;

		if (dwarf_offdie(layouts->dwarf->dbg, layouts->types.items[i], ret) &&
			(found = dwarf_diename(ret)) && !strcmp(found, name))
			return true;
	}
	return false;
}

struct member {
	const char *name;
	size_t len;
	Dwarf_Die die;
	bool found;
};

static bool visit_member(struct ct_die_path *at, void *arg)
{
	struct member *member = arg;
	const char *name = dwarf_tag(&at->die) == DW_TAG_member ? dwarf_diename(&at->die) : NULL;

	if (name && !member->found && strlen(name) == member->len &&
		!memcmp(name, member->name, member->len)) {
		member->die = at->die;
		member->found = true;
	}
	return false;
}

/* From a member to the structure that it is. */
static bool enter(struct ct_dwarf *dwarf, Dwarf_Die *die)
{
	for (int i = 0; i < MAX_PEEL && ct_dwarf_spend(dwarf, 1); i++) {
		if (!ct_die_ref(die, DW_AT_type, die))
			return false;
		if (dwarf_tag(die) == DW_TAG_structure_type)
			return true;
	}
	return false;
}

enum ct_status ct_struct_offset(
	const struct ct_struct_layouts *layouts, const char *type, const char *path, uint32_t *ret)
{
	uint64_t sum = 0, number;
	Dwarf_Die die;

	if (!find_type(layouts, type, &die))
		return CT_NOT_FOUND;
	if (!*path && !ct_die_number(&die, DW_AT_byte_size, &sum))
		return CT_NOT_FOUND;
	while (*path) {
		struct member member = {.name = path, .len = strcspn(path, ".")};

		ct_dwarf_walk(layouts->dwarf, &die, visit_member, &member);
		if (!member.found ||
			!ct_die_number(&member.die, DW_AT_data_member_location, &number))
			return CT_NOT_FOUND;
		sum += number;
		path += member.len;
		if (*path && (path++, die = member.die, !enter(layouts->dwarf, &die)))
			return CT_NOT_FOUND;
	}
	if (sum >= UINT32_MAX)
		return CT_NOT_FOUND;
	*ret = (uint32_t)sum;
	return CT_OK;
}
