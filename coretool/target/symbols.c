/* SPDX-License-Identifier: Apache-2.0 */
#include "target/symbols.h"

#include <gelf.h>

#include "target/names.h"
#include "target/symbol_index.h"

static bool has_symtab(Dwfl_Module *dwfl)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(dwfl, &bias);
	Elf_Scn *scn = NULL;

	while (elf && (scn = elf_nextscn(elf, scn))) {
		GElf_Shdr shdr;

		if (gelf_getshdr(scn, &shdr) && shdr.sh_type == SHT_SYMTAB)
			return true;
	}
	return false;
}

/* The index of module, built when first asked for; NULL: it has no file, or we ran out of memory.
 */
static struct ct_symbol_index *index_of(struct ct_target *target, const struct ct_module *module)
{
	struct ct_module_names *names = ct_names_of(target, module);

	if (!names || names->symbols_tried)
		return names ? names->symbols : NULL;
	names->symbols_tried = true;
	Dwfl_Module *dwfl = ct_module_dwfl(target, module);
	if (!dwfl)
		return NULL;
	/* Exported names alone leave most functions without one: ask for the debug file first. */
	if (!has_symtab(dwfl))
		ct_module_load_debug(target, module);
	names->symbols = ct_symbol_index_new(target, module, dwfl);
	return names->symbols;
}

enum ct_status ct_symbol_at(
	struct ct_target *target, uint64_t addr, enum ct_symbol_kind kind, struct ct_symbol *ret)
{
	const struct ct_module *module = ct_module_at(target, addr);
	struct ct_symbol_index *index = module ? index_of(target, module) : NULL;
	const struct ct_symbol_span *span = index ? ct_symbol_index_at(index, addr, kind) : NULL;

	return span ? ct_symbol_index_get(index, span->symbol, ret) : CT_NOT_FOUND;
}

enum ct_status ct_symbol_tls(struct ct_target *target, const struct ct_module *module,
	uint64_t offset, struct ct_symbol *ret)
{
	struct ct_symbol_index *index = index_of(target, module);
	const struct ct_symbol_span *span =
		index ? ct_symbol_index_at(index, offset, CT_SYMBOL_TLS) : NULL;

	return span ? ct_symbol_index_get(index, span->symbol, ret) : CT_NOT_FOUND;
}

static enum ct_status find_in(struct ct_symbol_index *index, const char *name,
	enum ct_symbol_kind kind, struct ct_symbol *ret)
{
	size_t len = strlen(name);
	struct ct_raw_symbol raw;

	for (uint32_t i = 1; i < index->n_symbols; i++) {
		if (ct_symbol_index_read(index, i, &raw) || raw.kind != kind ||
			strncmp(raw.name, name, len) != 0 ||
			(raw.name[len] && raw.name[len] != '@'))
			continue;
		return ct_symbol_index_get(index, i, ret);
	}
	return CT_NOT_FOUND;
}

enum ct_status ct_symbol_find(struct ct_target *target, const struct ct_module *module,
	const char *name, enum ct_symbol_kind kind, struct ct_symbol *ret)
{
	struct ct_symbol_index *index;

	if (module) {
		index = index_of(target, module);
		return index ? find_in(index, name, kind, ret) : CT_NOT_FOUND;
	}
	const struct ct_module *program = ct_module_main(target);
	if (program && !ct_symbol_find(target, program, name, kind, ret))
		return CT_OK;
	for (size_t i = 0; i < ct_target_n_modules(target); i++) {
		module = ct_target_module(target, i);
		if (module != program && !ct_symbol_find(target, module, name, kind, ret))
			return CT_OK;
	}
	return CT_NOT_FOUND;
}
