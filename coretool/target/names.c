/* SPDX-License-Identifier: Apache-2.0 */
#include "target/names.h"

#include "target/dwarf.h"
#include "target/symbol_index.h"

struct ct_names {
	size_t n;
	struct ct_module_names modules[]; /* by ct_module_index() */
};

struct ct_module_names *ct_names_of(struct ct_target *target, const struct ct_module *module)
{
	size_t index = ct_module_index(target, module);

	if (!target->names) {
		size_t n = ct_target_n_modules(target);
		struct ct_names *names = calloc(1, sizeof(*names) + n * sizeof(names->modules[0]));

		if (!names)
			return NULL;
		names->n = n;
		target->names = names;
	}
	return index < target->names->n ? &target->names->modules[index] : NULL;
}

void ct_names_free(struct ct_names *names)
{
	if (!names)
		return;
	for (size_t i = 0; i < names->n; i++) {
		ct_symbol_index_free(names->modules[i].symbols);
		ct_dwarf_free(names->modules[i].dwarf);
	}
	free(names);
}
