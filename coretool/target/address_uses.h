/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which units mention the address of a variable. There may be millions of DIEs and nobody lists the
 * variables among them, but an address is written out: one search of the bytes finds the few units
 * that are worth reading. Private to target/.
 */
#ifndef CT_TARGET_ADDRESS_USES_H
#define CT_TARGET_ADDRESS_USES_H

#include "target/dwarf.h"

struct ct_address_use {
	uint64_t address;
	uint32_t unit;
	bool in_table; /* units behind this one that share its address table (DWARF 5) may be meant
			*/
};

/* Does a data symbol start at address? Nothing else is ever asked for. */
bool ct_address_is_data(struct ct_dwarf *dwarf, uint64_t address);
/* Calls visit with each unit that mentions address until it returns true; false: it never did. */
bool ct_address_uses_visit(struct ct_dwarf *dwarf, uint64_t address,
	bool (*visit)(struct ct_dwarf *dwarf, struct ct_unit *unit, uint64_t address));

#endif
