/* SPDX-License-Identifier: Apache-2.0 */
#include "target/dwarf_vars.h"

#include <dwarf.h>

#include "target/address_uses.h"

/* The address of a variable that lies still; false: it moves, is thread-local, or has none. */
static bool location_of(Dwarf_Die *die, uint64_t *ret)
{
	Dwarf_Attribute attr, operand;
	Dwarf_Block block;
	Dwarf_Op *ops;
	Dwarf_Addr address;
	size_t n;

	if (!dwarf_attr(die, DW_AT_location, &attr) || dwarf_formblock(&attr, &block) ||
		!block.length)
		return false;
	if (block.data[0] == DW_OP_addr && block.length == 1 + sizeof(*ret)) {
		memcpy(ret, block.data + 1, sizeof(*ret));
		return true;
	}
	if (block.data[0] != DW_OP_addrx || dwarf_getlocation(&attr, &ops, &n) || n != 1 ||
		dwarf_getlocation_attr(&attr, &ops[0], &operand) ||
		dwarf_formaddr(&operand, &address))
		return false;
	*ret = address;
	return true;
}

static Dwarf_Off function_of(const struct ct_die_path *at)
{
	for (struct ct_die_path *up = at->up; up; up = up->up) {
		int tag = dwarf_tag(&up->die);

		if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine)
			return dwarf_dieoffset(&up->die);
	}
	return 0;
}

bool ct_dwarf_static_address(struct ct_dwarf *dwarf, Dwarf_Die *die, uint64_t *ret)
{
	return location_of(die, ret) && ct_address_is_data(dwarf, *ret);
}

static bool visit_variable(struct ct_die_path *at, void *arg)
{
	struct ct_dwarf *dwarf = arg;
	uint64_t address;

	if (dwarf_tag(&at->die) != DW_TAG_variable)
		return true;
	if (!ct_dwarf_static_address(dwarf, &at->die, &address))
		return false;
	struct ct_variable *slot = ct_vec_push(&dwarf->variables);
	if (!slot)
		return false;
	*slot = (struct ct_variable){address, dwarf_dieoffset(&at->die), function_of(at)};
	if (!ct_hash_insert(&dwarf->variables_at, ct_hash_u64(address), dwarf->variables.n - 1))
		dwarf->variables.n--;
	return false;
}

static bool find_known(struct ct_dwarf *dwarf, uint64_t address, struct ct_variable *ret)
{
	struct ct_hash_it it = ct_hash_find(&dwarf->variables_at, ct_hash_u64(address));
	uint32_t i;

	while (ct_hash_next(&dwarf->variables_at, &it, &i))
		if (dwarf->variables.items[i].address == address) {
			*ret = dwarf->variables.items[i];
			return true;
		}
	return false;
}

/* Reads a unit that mentions the address: it has the variable, or uses it only. */
static bool read_unit(struct ct_dwarf *dwarf, struct ct_unit *unit, uint64_t address)
{
	struct ct_variable found;

	if (unit->has_variables)
		return false;
	unit->has_variables = true;
	ct_dwarf_walk(dwarf, &unit->die, visit_variable, dwarf);
	return find_known(dwarf, address, &found);
}

enum ct_status ct_dwarf_variable_at(
	struct ct_dwarf *dwarf, uint64_t address, struct ct_variable *ret)
{
	if (!find_known(dwarf, address, ret))
		ct_address_uses_visit(dwarf, address, read_unit);
	return find_known(dwarf, address, ret) ? CT_OK : CT_NOT_FOUND;
}
