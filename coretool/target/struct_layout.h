/* SPDX-License-Identifier: Apache-2.0 */
/* Where the members of a module's types are, by name, as its DWARF says. */
#ifndef CT_TARGET_STRUCT_LAYOUT_H
#define CT_TARGET_STRUCT_LAYOUT_H

#include "target/modules.h"

struct ct_struct_layouts;

/* NULL: the module has no DWARF, or we ran out of memory. Reads the names of all its types. */
struct ct_struct_layouts *ct_struct_layouts_new(
	struct ct_target *target, const struct ct_module *module);
void ct_struct_layouts_free(struct ct_struct_layouts *layouts);

/*
 * Offset of a member of the named type; "a.b" is a member of a member, "" gives the type's size.
 * CT_NOT_FOUND: there is no such type or member.
 */
enum ct_status ct_struct_offset(const struct ct_struct_layouts *layouts, const char *type,
	const char *member, uint32_t *ret);

#endif
