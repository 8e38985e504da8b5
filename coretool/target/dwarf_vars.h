/* SPDX-License-Identifier: Apache-2.0 */
/* From the address of a static variable to its DIE. Private to target/. */
#ifndef CT_TARGET_DWARF_VARS_H
#define CT_TARGET_DWARF_VARS_H

#include "target/dwarf.h"

struct ct_variable {
	uint64_t address; /* of the file, not of the target */
	Dwarf_Off die;
	Dwarf_Off function; /* that it is local to; 0: none */
};

/* The variable that starts at address: static ones only, no thread-local one. */
enum ct_status ct_dwarf_variable_at(
	struct ct_dwarf *dwarf, uint64_t address, struct ct_variable *ret);

/* The address of a variable that lies still; false: it moves, is thread-local, or has none. */
bool ct_dwarf_static_address(struct ct_dwarf *dwarf, Dwarf_Die *die, uint64_t *ret);

#endif
