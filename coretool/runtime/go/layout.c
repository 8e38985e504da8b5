/* SPDX-License-Identifier: Apache-2.0 */
/* Which offsets hold in this program: by its version, by its own DWARF where it has that, else by
 * what can be found out. */
#include "runtime/go/layout.h"

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

const struct ct_go_field_name ct_go_field_names[CT_GO_N_FIELDS] = {
#define CT_GO_FIELD_NAME(id, type, field) {type, field},
	CT_GO_FIELDS(CT_GO_FIELD_NAME)
#undef CT_GO_FIELD_NAME
};

/* All fields by DWARF, when the type that matters most is there. What the type has not there, it
 * has not in this version. */
static bool by_dwarf(struct ct_go *go)
{
	struct ct_struct_layouts *layouts = ct_struct_layouts_new(go->target, go->module);
	uint32_t offset;

	if (!layouts)
		return false;
	bool found = !ct_struct_offset(layouts, "runtime.g", "atomicstatus", &offset);
	for (size_t i = 0; found && i < CT_GO_N_FIELDS; i++) {
		const struct ct_go_field_name *name = &ct_go_field_names[i];

		if (!ct_struct_offset(layouts, name->type, name->field, &offset))
			go->layout.offset[i] = offset;
		else if (!ct_struct_offset(layouts, name->type, "", &offset))
			go->layout.offset[i] = CT_GO_ABSENT;
	}
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

/* ---- a version without a table ---- */

static void read_gofunc(struct ct_go *go)
{
	for (uint32_t i = 0; i < go->tables.n; i++)
		go->tables.list[i].gofunc =
			ct_go_word(go, go->tables.list[i].moduledata, CT_GO_MODULEDATA_GOFUNC);
}

/* The table that has most fields of those that are told where this program has them. */
static const struct ct_go_layout *alike(
	const struct ct_go_fitting *f, const struct ct_go_layout *first)
{
	const struct ct_go_layout *best = first;
	uint32_t most = 0;

	for (size_t i = ct_go_n_layouts + 1; i-- > 0;) {
		const struct ct_go_layout *layout = i == ct_go_n_layouts ? first : ct_go_layouts[i];
		uint32_t n = 0;

		for (uint32_t k = 0; k < CT_GO_N_FIELDS; k++)
			n += f->how[k] == CT_GO_TOLD &&
			     layout->offset[k] == f->go->layout.offset[k];
		if (n > most) {
			most = n;
			best = layout;
		}
	}
	return best;
}

/* What is not told comes from the table. */
static void fill_in(struct ct_go_fitting *f, const struct ct_go_layout *layout)
{
	for (uint32_t i = 0; i < CT_GO_N_FIELDS; i++)
		if (f->how[i] != CT_GO_TOLD)
			f->go->layout.offset[i] = layout->offset[i];
	f->go->layout.major = layout->major;
	f->go->layout.minor = layout->minor;
}

static bool by_types(struct ct_go_fitting *f, const struct ct_go_layout *first)
{
	if (!ct_go_layout_by_types(f))
		return false;
	fill_in(f, alike(f, first));
	return true;
}

/* How many goroutines look right by this layout, less those that do not. */
static int64_t fit(struct ct_go *go, const struct ct_go_layout *layout)
{
	struct ct_go_evidence e = {0};
	struct ct_go_sample *sample = malloc(sizeof(*sample));

	go->layout = *layout;
	go->globals = (struct ct_go_globals){0};
	ct_go_find_globals(go);
	if (sample) {
		ct_go_take_sample(go, sample);
		ct_go_check_identity(sample, &e);
		ct_go_check_registers(sample, &e);
	}
	free(sample);
	return (int64_t)e.agree - e.differ;
}

/* The table by which most goroutines look like such. */
static void by_fit(struct ct_go *go, const struct ct_go_layout *first)
{
	const struct ct_go_layout *best = first;
	int64_t most = fit(go, first);

	for (size_t i = ct_go_n_layouts; i-- > 0;) {
		int64_t score = fit(go, ct_go_layouts[i]);

		if (score > most) {
			most = score;
			best = ct_go_layouts[i];
		}
	}
	go->layout = *best;
}

void ct_go_fit_layout(struct ct_go *go)
{
	const struct ct_go_layout first = go->layout;
	struct ct_go_fitting f = {.go = go};

	if (!by_types(&f, &first))
		by_fit(go, &first);
	go->globals = (struct ct_go_globals){0};
	ct_go_find_globals(go);
	ct_go_layout_by_content(&f);
	read_gofunc(go);
}
