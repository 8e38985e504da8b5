/* SPDX-License-Identifier: Apache-2.0 */
/* What symbols, source lines and object names remember of each module. Private to target/. */
#ifndef CT_TARGET_NAMES_H
#define CT_TARGET_NAMES_H

#include "target/internal.h"

struct ct_symbol_index;
struct ct_dwarf;

struct ct_module_names {
	struct ct_symbol_index *symbols; /* NULL: not asked for yet, or the module has none */
	struct ct_dwarf *dwarf;          /* likewise */
	bool symbols_tried, dwarf_tried;
};

/* The slot of module, made when first asked for; NULL when out of memory. Owned by the target. */
struct ct_module_names *ct_names_of(struct ct_target *target, const struct ct_module *module);

#endif
