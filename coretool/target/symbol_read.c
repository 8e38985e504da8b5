/* SPDX-License-Identifier: Apache-2.0 */
/* One symbol at a time out of an ELF file that may be hostile. */
#include <gelf.h>

#include "target/symbol_index.h"

static const char *last_nul(Elf *elf, const char *start)
{
	Elf_Scn *scn = NULL;
	size_t size;

	while ((scn = elf_nextscn(elf, scn))) {
		GElf_Shdr shdr;
		Elf_Data *data;

		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_STRTAB)
			continue;
		data = elf_getdata(scn, NULL);
		if (data && data->d_buf == start)
			return memrchr(start, 0, data->d_size);
	}
	/* Without section headers libdwfl reads the table where it lies in the file. */
	const char *file = elf_rawfile(elf, &size);
	if (!file || start < file || start >= file + size)
		return NULL;
	return memrchr(start, 0, (size_t)(file + size - start));
}

/* Is it safe to read the string at name, of the table that starts at start? */
static bool ends(struct ct_symbol_index *index, Elf *elf, const char *start, const char *name)
{
	struct ct_string_table *table = index->strings;

	while (table < &index->strings[index->n_strings] && table->start != start)
		table++;
	if (table == &index->strings[index->n_strings]) {
		if (index->n_strings == CT_MAX_STRING_TABLES)
			return false;
		index->n_strings++;
		*table = (struct ct_string_table){start, last_nul(elf, start)};
	}
	return table->last && name <= table->last;
}

/*
 * Code is what lies in an executable section; where a file has no section headers, what says that
 * it is a function. Data is what says that it is an object: labels of the linker (_edata) are none.
 */
static bool classify(const GElf_Sym *sym, const GElf_Shdr *section, enum ct_symbol_kind *kind)
{
	bool executable = section && section->sh_flags & SHF_EXECINSTR;

	switch (GELF_ST_TYPE(sym->st_info)) {
	case STT_FUNC:
	case STT_GNU_IFUNC:
		*kind = CT_SYMBOL_CODE;
		return !section || executable;
	case STT_NOTYPE:
		*kind = CT_SYMBOL_CODE;
		return executable;
	case STT_OBJECT:
		*kind = CT_SYMBOL_DATA;
		return sym->st_size && !executable;
	case STT_TLS:
		*kind = CT_SYMBOL_TLS;
		return sym->st_size;
	default:
		return false;
	}
}

/* A size is worth more than being exported, that more than being typed. */
static uint8_t rank_of(const GElf_Sym *sym)
{
	uint8_t rank = 0;

	if (sym->st_size)
		rank += 4;
	if (GELF_ST_BIND(sym->st_info) != STB_LOCAL)
		rank += 2;
	if (GELF_ST_TYPE(sym->st_info) != STT_NOTYPE)
		rank += 1;
	return rank;
}

enum ct_status ct_symbol_index_read(
	struct ct_symbol_index *index, uint32_t i, struct ct_raw_symbol *ret)
{
	struct ct_raw_symbol raw = {.section_end = UINT64_MAX};
	GElf_Word shndx;
	GElf_Shdr shdr;
	GElf_Sym sym;
	Elf *elf;
	Dwarf_Addr bias;

	raw.name =
		dwfl_module_getsym_info(index->dwfl, (int)i, &sym, &raw.start, &shndx, &elf, &bias);
	if (!raw.name || sym.st_shndx == SHN_UNDEF || shndx == (GElf_Word)-1 ||
		(sym.st_shndx >= SHN_LORESERVE && sym.st_shndx != SHN_XINDEX))
		return CT_NOT_FOUND;
	GElf_Shdr *section = gelf_getshdr(elf_getscn(elf, shndx), &shdr);
	if (!classify(&sym, section, &raw.kind) ||
		!ends(index, elf, raw.name - sym.st_name, raw.name) || !raw.name[0])
		return CT_NOT_FOUND;
	/* $x and $d say where code and literals begin on ARM: they name nothing. */
	if (raw.name[0] == '$' && GELF_ST_TYPE(sym.st_info) == STT_NOTYPE)
		return CT_NOT_FOUND;
	if (section && !ct_add(bias + section->sh_addr, section->sh_size, &raw.section_end))
		return CT_NOT_FOUND;
	if (raw.kind == CT_SYMBOL_TLS)
		raw.start = sym.st_value;
	raw.size = sym.st_size;
	raw.rank = rank_of(&sym);
	*ret = raw;
	return CT_OK;
}

/* A copy of name's first len bytes, the same one each time symbol i is asked for. */
static const char *cut_name(struct ct_symbol_index *index, uint32_t i, const char *name, size_t len)
{
	struct ct_hash_it it = ct_hash_find(&index->cut, ct_hash_u64(i));
	uint32_t at;

	while (ct_hash_next(&index->cut, &it, &at))
		if (!strncmp(index->cut_names.items[at], name, len) &&
			!index->cut_names.items[at][len])
			return index->cut_names.items[at];
	char **slot = ct_vec_push(&index->cut_names);
	if (!slot)
		return NULL;
	*slot = strndup(name, len);
	if (!*slot || !ct_hash_insert(&index->cut, ct_hash_u64(i), index->cut_names.n - 1)) {
		free(*slot);
		index->cut_names.n--;
		return NULL;
	}
	return *slot;
}

size_t ct_raw_symbol_name_len(const struct ct_raw_symbol *raw)
{
	size_t len = strnlen(raw->name, CT_MAX_SYMBOL_NAME);
	const char *at = memchr(raw->name, '@', len);

	return at && at != raw->name ? (size_t)(at - raw->name) : len;
}

enum ct_status ct_symbol_index_get(struct ct_symbol_index *index, uint32_t i, struct ct_symbol *ret)
{
	struct ct_raw_symbol raw;
	enum ct_status status = ct_symbol_index_read(index, i, &raw);

	if (status)
		return status;
	size_t len = ct_raw_symbol_name_len(&raw);
	if (len == CT_MAX_SYMBOL_NAME)
		return CT_NOT_FOUND;
	const char *name = raw.name[len] ? cut_name(index, i, raw.name, len) : raw.name;
	if (!name)
		return CT_NO_MEMORY;
	*ret = (struct ct_symbol){.name = name, .start = raw.start, .size = raw.size};
	return CT_OK;
}
