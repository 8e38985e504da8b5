/* SPDX-License-Identifier: Apache-2.0 */
/* Which offsets hold in this program: by its version, by its own DWARF where it has that. */
#include "runtime/go/go.h"
#include "target/struct_layout.h"

/* The table of the version, or of the nearest one: an older one rather than a newer. */
static const struct ct_go_layout *nearest(const struct ct_go_version *version)
{
	const struct ct_go_layout *best = ct_go_layouts[0];

	for (size_t i = 0; i < ct_go_n_layouts; i++)
		if (ct_go_layouts[i]->minor <= version->minor)
			best = ct_go_layouts[i];
	return best;
}

static const struct {
	const char *type, *field;
} names[] = {
#define CT_GO_FIELD_NAME(id, type, field) {type, field},
	CT_GO_FIELDS(CT_GO_FIELD_NAME)
#undef CT_GO_FIELD_NAME
};

/* All fields by DWARF, when the type that matters most is there. */
static bool by_dwarf(struct ct_go *go)
{
	struct ct_struct_layouts *layouts = ct_struct_layouts_new(go->target, go->module);
	uint32_t offset;

	if (!layouts)
		return false;
	bool found = !ct_struct_offset(layouts, "runtime.g", "atomicstatus", &offset);
	for (size_t i = 0; found && i < CT_GO_N_FIELDS; i++)
		if (!ct_struct_offset(layouts, names[i].type, names[i].field, &offset))
			go->layout.offset[i] = offset;
	ct_struct_layouts_free(layouts);
	return found;
}

void ct_go_choose_layout(struct ct_go *go)
{
	go->layout = *nearest(&go->version);
	go->layout_trust = go->layout.minor == go->version.minor && !go->version.experiments
				   ? CT_GO_LAYOUT_VERSION
				   : CT_GO_LAYOUT_NEAREST;
	if (go->layout_trust == CT_GO_LAYOUT_NEAREST && by_dwarf(go))
		go->layout_trust = CT_GO_LAYOUT_DWARF;
}
