/* SPDX-License-Identifier: Apache-2.0 */
/* Which offsets hold in this program: by its version, by its own DWARF where it has that. */
#include "runtime/go/goroutine.h"
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

#define LOOKED_AT 256u       /* goroutines of the list that a layout is tried on */
#define MAX_STACK (1u << 30) /* bytes (runtime.maxstackceiling is twice maxstacksize) */

static bool is_code(const struct ct_go *go, uint64_t pc)
{
	struct ct_go_function function;

	return ct_go_function_at(&go->tables, pc, &function);
}

/* Is what the layout has for the fields what a goroutine that waits has in them? */
static bool is_plausible(const struct ct_go *go, const struct ct_go_g *g)
{
	return g->stack_high - g->stack_low <= MAX_STACK && g->status <= CT_GO_LEAKED &&
	       g->goid <= UINT32_MAX && is_code(go, g->startpc) && is_code(go, g->gopc) &&
	       (g->status != CT_GO_WAITING || (g->sp >= g->stack_low && g->sp < g->stack_high)) &&
	       (g->status != CT_GO_WAITING || is_code(go, g->pc));
}

/* Finds everything by this layout; returns how many goroutines look right less those that do not.
 */
static int64_t fit(struct ct_go *go, const struct ct_go_layout *layout)
{
	int64_t score = 0;

	go->layout = *layout;
	go->globals = (struct ct_go_globals){0};
	for (uint32_t i = 0; i < go->tables.n; i++)
		go->tables.list[i].gofunc =
			ct_go_word(go, go->tables.list[i].moduledata, CT_GO_MODULEDATA_GOFUNC);
	ct_go_find_globals(go);
	uint32_t n = CT_MIN(ct_go_n_goroutines(go), LOOKED_AT);
	for (uint32_t i = 0; i < n; i++) {
		struct ct_go_g g;
		uint64_t at;
		enum ct_status status = ct_go_goroutine_address(go, i, &at);

		if (!status)
			status = ct_go_goroutine_at(go, at, &g);
		if (status != CT_NOT_FOUND) /* it is dead, or looks so */
			score += !status && is_plausible(go, &g) ? 1 : -1;
	}
	return score;
}

void ct_go_fit_layout(struct ct_go *go)
{
	const struct ct_go_layout first = go->layout, *best = &first;

	int64_t most = fit(go, &first);
	for (size_t i = ct_go_n_layouts; i-- > 0;) {
		int64_t score = fit(go, ct_go_layouts[i]);

		if (score > most) {
			most = score;
			best = ct_go_layouts[i];
		}
	}
	(void)fit(go, best);
}
