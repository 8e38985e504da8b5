/* SPDX-License-Identifier: Apache-2.0 */
/* From an offset in a variable to the member there, by its type. Private to target/. */
#ifndef CT_TARGET_DWARF_TYPES_H
#define CT_TARGET_DWARF_TYPES_H

#include "base/str.h"
#include "target/dwarf.h"

/*
 * Adds the path to the innermost member at offset that a person would name: ".workers[3].lock". It
 * ends at members that belong to the C or C++ library (their names are reserved: __data, _M_mutex)
 * and at a lock of Rust's. Returns what is left of the offset inside the last member named.
 */
uint64_t ct_dwarf_member_path(
	struct ct_dwarf *dwarf, Dwarf_Die *variable, uint64_t offset, struct ct_str *path);

#endif
