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

/* The same from a type on. */
uint64_t ct_dwarf_type_path(
	struct ct_dwarf *dwarf, Dwarf_Die type, uint64_t offset, struct ct_str *path);

/* What the variable points to, and its size; false: it is no pointer, or one to bytes or nothing
 * known. */
bool ct_dwarf_pointee(struct ct_dwarf *dwarf, Dwarf_Die *variable, Dwarf_Die *type, uint64_t *size);

/* Does an object of one of these types (ended by NULL) start at offset in the variable? */
bool ct_dwarf_member_is(
	struct ct_dwarf *dwarf, Dwarf_Die *variable, uint64_t offset, const char *const *types);

/* What is found inside of a variable; address is that of the file. False: no more is wanted. */
typedef bool ct_lock_visitor(void *arg, uint64_t address);

/* Which types have a part of one of the named types, as far as it was asked. */
struct ct_part_types {
	struct ct_dwarf *dwarf;
	const char *const *names; /* ended by NULL */
	CT_VEC(struct {
		Dwarf_Off type;
		bool has;
	})
	known;
	struct ct_hash known_at;
};

/*
 * Calls visit for each part of the variable at address that has one of the named types: itself, its
 * members, elements of arrays; not what is in a union, which may be something else at the moment.
 * False: visit said so.
 */
bool ct_dwarf_visit_parts(struct ct_part_types *types, Dwarf_Die *variable, uint64_t address,
	ct_lock_visitor *visit, void *arg);
void ct_part_types_free(struct ct_part_types *types);

#endif
