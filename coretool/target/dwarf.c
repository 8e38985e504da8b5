/* SPDX-License-Identifier: Apache-2.0 */
#include "target/dwarf.h"

#include <dwarf.h>
#include <gelf.h>

#include "base/str.h"
#include "target/cu_index.h"
#include "target/dwarf_vars.h"
#include "target/names.h"
#include "target/symbols.h"

/* A second of work for one module: 300 places all over a library of 270 MB need half of it. */
#define MAX_STEPS      (16 * 1024 * 1024)
#define MAX_LINE_BYTES (32 * 1024 * 1024)
#define MAX_WORD_STEPS (6 * 1024 * 1024) /* of those of types of variables: half a second */
#define MAX_WALK_DEPTH 64
#define MAX_DIE_NAME   1024

static struct ct_dwarf *open_dwarf(struct ct_target *target, const struct ct_module *module)
{
	Dwarf_Addr bias;

	ct_module_load_debug(target, module);
	Dwarf *dbg = ct_module_dwarf(target, module, &bias);
	struct ct_dwarf *dwarf = dbg ? calloc(1, sizeof(*dwarf)) : NULL;
	if (!dwarf)
		return NULL;
	dwarf->target = target;
	dwarf->module = module;
	dwarf->dbg = dbg;
	dwarf->bias = bias;
	dwarf->steps = MAX_STEPS;
	dwarf->word_steps = MAX_WORD_STEPS;
	dwarf->line_bytes = MAX_LINE_BYTES;
	if (ct_cu_index_build(dwarf)) {
		ct_dwarf_free(dwarf);
		return NULL;
	}
	return dwarf;
}

struct ct_dwarf *ct_dwarf_of(struct ct_target *target, const struct ct_module *module)
{
	struct ct_module_names *names = ct_names_of(target, module);

	if (!names)
		return NULL;
	if (!names->dwarf_tried) {
		names->dwarf_tried = true;
		names->dwarf = open_dwarf(target, module);
	}
	return names->dwarf;
}

void ct_dwarf_free(struct ct_dwarf *dwarf)
{
	if (!dwarf)
		return;
	for (uint32_t i = 0; i < dwarf->units.n; i++)
		ct_vec_free(&dwarf->units.items[i].functions);
	ct_vec_free(&dwarf->units);
	ct_vec_free(&dwarf->ranges);
	ct_vec_free(&dwarf->uses);
	ct_vec_free(&dwarf->variables);
	ct_hash_free(&dwarf->variables_at);
	free(dwarf);
}

bool ct_dwarf_spend(struct ct_dwarf *dwarf, uint64_t steps)
{
	if (dwarf->steps >= steps) {
		dwarf->steps -= steps;
		return true;
	}
	dwarf->steps = 0;
	ct_target_note(dwarf->target, CT_NOTE_LIMIT, dwarf->module->path,
		"reading its debug information takes too long; some lines and names are left out");
	return false;
}

const uint8_t *ct_dwarf_section(struct ct_dwarf *dwarf, const char *name, size_t *size)
{
	Elf *elf = dwarf_getelf(dwarf->dbg);
	Elf_Scn *scn = NULL;
	size_t names;

	if (!elf || elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((scn = elf_nextscn(elf, scn))) {
		GElf_Shdr shdr;
		const char *found = gelf_getshdr(scn, &shdr) && shdr.sh_type != SHT_NOBITS
					    ? elf_strptr(elf, names, shdr.sh_name)
					    : NULL;

		/* GNU's old form of compression says it in the name: .zdebug_info. */
		if (!found || (strcmp(found, name) != 0 && (strncmp(found, ".z", 2) != 0 ||
								   strcmp(found + 2, name + 1))))
			continue;
		Elf_Data *data = elf_getdata(scn, NULL);
		if (!data || !data->d_buf)
			return NULL;
		*size = data->d_size;
		return data->d_buf;
	}
	return NULL;
}

struct ct_unit *ct_dwarf_unit_of(struct ct_dwarf *dwarf, Dwarf_Off offset)
{
	uint32_t lo = 0, hi = dwarf->units.n;

	CT_BISECT(lo, hi, mid, dwarf->units.items[mid].offset <= offset);
	return lo ? &dwarf->units.items[lo - 1] : NULL;
}

bool ct_dwarf_sibling(struct ct_dwarf *dwarf, Dwarf_Die *die)
{
	Dwarf_Off offset = dwarf_dieoffset(die);

	/* Where DIEs do not say where the next one is, libdw has read all children. */
	return !dwarf_siblingof(die, die) &&
	       ct_dwarf_spend(dwarf, 1 + (dwarf_dieoffset(die) - offset) / 64);
}

static void walk_children(
	struct ct_dwarf *dwarf, struct ct_die_path *parent, ct_die_visitor *visit, void *arg)
{
	struct ct_die_path at = {.up = parent, .depth = parent->depth + 1};

	if (at.depth > MAX_WALK_DEPTH || dwarf_child(&parent->die, &at.die) ||
		!ct_dwarf_spend(dwarf, 1))
		return;
	do {
		if (visit(&at, arg))
			walk_children(dwarf, &at, visit, arg);
	} while (ct_dwarf_sibling(dwarf, &at.die));
}

void ct_dwarf_walk(struct ct_dwarf *dwarf, const Dwarf_Die *root, ct_die_visitor *visit, void *arg)
{
	struct ct_die_path at = {.die = *root};

	walk_children(dwarf, &at, visit, arg);
}

bool ct_die_number(Dwarf_Die *die, unsigned attribute, uint64_t *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Word value;

	if (dwarf_formudata(dwarf_attr_integrate(die, attribute, &attr), &value))
		return false;
	*ret = value;
	return true;
}

bool ct_die_ref(Dwarf_Die *die, unsigned attribute, Dwarf_Die *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Die found;

	if (!dwarf_formref_die(dwarf_attr_integrate(die, attribute, &attr), &found))
		return false;
	*ret = found;
	return true;
}

const char *ct_die_linkage_name(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	const char *name;

	name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attr));
	if (!name)
		name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attr));
	return name;
}

const char *ct_die_name(Dwarf_Die *die, struct ct_arena *arena)
{
	const char *name = ct_die_linkage_name(die);

	if (!name)
		name = dwarf_diename(die);
	return name ? ct_symbol_demangle(arena, name) : NULL;
}

const char *ct_die_name_or_symbol(Dwarf_Die *die, const char *symbol, struct ct_arena *arena)
{
	const char *name = ct_die_name(die, arena);
	size_t len = name ? strlen(name) : 0;

	if (!symbol || (len && !strncmp(symbol, name, len) && symbol[len] == '.'))
		return name;
	return ct_symbol_demangle(arena, symbol);
}
