/* SPDX-License-Identifier: Apache-2.0 */
#include "target/cu_index.h"

#include <dwarf.h>

/* How far units or functions that overlap (identical code folded by the linker) are looked through.
 */
#define MAX_OVERLAP 16

/* Calls add for every range of die. False: it said so, or the steps are used up. */
static bool each_range(struct ct_dwarf *dwarf, Dwarf_Die *die,
	bool (*add)(void *arg, uint64_t start, uint64_t end), void *arg)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(die, at, &base, &start, &end)) > 0) {
		if (!ct_dwarf_spend(dwarf, 1) || !add(arg, start, end))
			return false;
	}
	return true;
}

struct ranges_of_unit {
	struct ct_dwarf *dwarf;
	uint32_t unit;
	bool no_memory;
};

static bool add_unit_range(void *arg, uint64_t start, uint64_t end)
{
	struct ranges_of_unit *add = arg;
	const struct ct_module *module = add->dwarf->module;
	uint64_t addr = start + add->dwarf->bias;

	/* Functions that the linker has dropped stay in the list, at address 0 or out of the file.
	 */
	if (!start || start >= end || addr < module->start || addr >= module->end)
		return true;
	struct ct_unit_range *range = ct_vec_push(&add->dwarf->ranges);
	if (!range) {
		add->no_memory = true;
		return false;
	}
	*range = (struct ct_unit_range){start, end, add->unit};
	return true;
}

static int compare_ranges(const void *left, const void *right)
{
	const struct ct_unit_range *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->unit < b->unit ? -1 : a->unit > b->unit;
}

enum ct_status ct_cu_index_build(struct ct_dwarf *dwarf)
{
	struct ranges_of_unit add = {.dwarf = dwarf};
	Dwarf_CU *cu = NULL;
	Dwarf_Half version;
	uint8_t type;
	Dwarf_Die die;

	/* Split units are not asked for: libdw would open any path that the file names. */
	while (!dwarf_get_units(dwarf->dbg, cu, &cu, &version, &type, &die, NULL)) {
		int tag = dwarf_tag(&die);

		if (!ct_dwarf_spend(dwarf, 1))
			break;
		if (type == DW_UT_type ||
			(tag != DW_TAG_compile_unit && tag != DW_TAG_partial_unit &&
				tag != DW_TAG_skeleton_unit))
			continue;
		struct ct_unit *unit = ct_vec_push(&dwarf->units);
		if (!unit)
			return CT_NO_MEMORY;
		unit->die = die;
		unit->offset = dwarf_dieoffset(&die);
		add.unit = dwarf->units.n - 1;
		if (tag != DW_TAG_partial_unit && !each_range(dwarf, &die, add_unit_range, &add))
			break;
	}
	if (add.no_memory)
		return CT_NO_MEMORY;
	if (dwarf->ranges.n)
		qsort(dwarf->ranges.items, dwarf->ranges.n, sizeof(dwarf->ranges.items[0]),
			compare_ranges);
	return CT_OK;
}

struct ct_unit *ct_cu_index_at(struct ct_dwarf *dwarf, uint64_t addr)
{
	const struct ct_unit_range *ranges = dwarf->ranges.items;
	uint32_t lo = 0, hi = dwarf->ranges.n;

	CT_BISECT(lo, hi, mid, ranges[mid].start <= addr);
	for (uint32_t i = lo; i > 0 && lo - i < MAX_OVERLAP; i--)
		if (addr < ranges[i - 1].end)
			return &dwarf->units.items[ranges[i - 1].unit];
	return NULL;
}

/*
 * Functions are looked for in two steps: beside one another first, and inside one another (nested
 * functions, lambdas, members of local classes) only for an address that this did not explain.
 */
enum { NOT_LISTED, LISTED_OUTER, LISTED_ALL };

struct function_list {
	struct ct_dwarf *dwarf;
	struct ct_unit *unit;
	Dwarf_Off die;
	bool inner;
};

static bool add_function_range(void *arg, uint64_t start, uint64_t end)
{
	struct function_list *list = arg;

	if (start >= end)
		return true;
	struct ct_function_range *range = ct_vec_push(&list->unit->functions);
	if (range)
		*range = (struct ct_function_range){start, end, list->die};
	return range;
}

static bool visit_function(struct ct_die_path *at, void *arg)
{
	struct function_list *list = arg;

	switch (dwarf_tag(&at->die)) {
	case DW_TAG_subprogram:
		list->die = dwarf_dieoffset(&at->die);
		each_range(list->dwarf, &at->die, add_function_range, list);
		return list->inner;
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
		return true;
	case DW_TAG_lexical_block:
	case DW_TAG_inlined_subroutine:
		return list->inner;
	default:
		return false;
	}
}

static int compare_functions(const void *left, const void *right)
{
	const struct ct_function_range *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->die < b->die ? -1 : a->die > b->die;
}

static bool find_function(const struct ct_unit *unit, uint64_t addr, Dwarf_Off *ret)
{
	const struct ct_function_range *functions = unit->functions.items;
	uint32_t lo = 0, hi = unit->functions.n;

	CT_BISECT(lo, hi, mid, functions[mid].start <= addr);
	for (uint32_t i = lo; i > 0 && lo - i < MAX_OVERLAP; i--)
		if (addr < functions[i - 1].end) {
			*ret = functions[i - 1].die;
			return true;
		}
	return false;
}

static void list_functions(struct ct_dwarf *dwarf, struct ct_unit *unit)
{
	struct function_list list = {.dwarf = dwarf, .unit = unit};

	list.inner = unit->functions_depth++ == LISTED_OUTER;
	unit->functions.n = 0;
	ct_dwarf_walk(dwarf, &unit->die, visit_function, &list);
	if (unit->functions.n)
		qsort(unit->functions.items, unit->functions.n, sizeof(unit->functions.items[0]),
			compare_functions);
}

enum ct_status ct_unit_function_at(
	struct ct_dwarf *dwarf, struct ct_unit *unit, uint64_t addr, Dwarf_Die *ret)
{
	Dwarf_Off offset;
	Dwarf_Die die;

	while (!find_function(unit, addr, &offset)) {
		if (unit->functions_depth == LISTED_ALL)
			return CT_NOT_FOUND;
		list_functions(dwarf, unit);
	}
	if (!dwarf_offdie(dwarf->dbg, offset, &die))
		return CT_NOT_FOUND;
	*ret = die;
	return CT_OK;
}

struct pc_search {
	uint64_t addr;
	bool found;
};

static bool covers(void *arg, uint64_t start, uint64_t end)
{
	struct pc_search *search = arg;

	search->found = search->addr >= start && search->addr < end;
	return !search->found;
}

bool ct_die_has_pc(struct ct_dwarf *dwarf, Dwarf_Die *die, uint64_t addr)
{
	struct pc_search search = {.addr = addr};

	each_range(dwarf, die, covers, &search);
	return search.found;
}
