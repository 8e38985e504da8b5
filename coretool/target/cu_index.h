/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a code address to its unit and its function. The index is made from the units' own ranges:
 * .debug_aranges is optional and clang does not write it. Private to target/.
 */
#ifndef CT_TARGET_CU_INDEX_H
#define CT_TARGET_CU_INDEX_H

#include "target/dwarf.h"

/* Fills units and ranges of dwarf. */
enum ct_status ct_cu_index_build(struct ct_dwarf *dwarf);
/* The unit whose code covers addr, or NULL. */
struct ct_unit *ct_cu_index_at(struct ct_dwarf *dwarf, uint64_t addr);
/* The innermost function of unit whose code covers addr. */
enum ct_status ct_unit_function_at(
	struct ct_dwarf *dwarf, struct ct_unit *unit, uint64_t addr, Dwarf_Die *ret);
bool ct_die_has_pc(struct ct_dwarf *dwarf, Dwarf_Die *die, uint64_t addr);

#endif
