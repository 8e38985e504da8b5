/* SPDX-License-Identifier: Apache-2.0 */
#include "target/functions.h"

#include <dwarf.h>
#include <gelf.h>

#include "target/frame_table.h"
#include "target/internal.h"
#include "target/symbols.h"

#define MAX_SLOTS  (1u << 20) /* of one module: the largest browsers have a few thousand */
#define MAX_RELAS  (1u << 22) /* looked at for them */
#define MAX_HEADER 32         /* bytes of an exception table before its call sites */
#define MAX_SITES  (1u << 18) /* bytes of them, */
#define MAX_ALL    (1u << 26) /* and of those of all calls that are asked about */

struct slot {
	uint64_t addr;
	const char *name; /* in the module's file */
};

struct module_functions {
	bool frames_known, slots_known;
	uint64_t bias;
	struct ct_frame_table frames;
	CT_VEC(struct slot) slots; /* sorted */
};

struct ct_functions {
	struct ct_target *target;
	struct module_functions *modules;
	size_t n_modules;
	uint64_t sites_read; /* bytes */
};

struct ct_functions *ct_functions_new(struct ct_target *target)
{
	struct ct_functions *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->target = target;
	f->n_modules = ct_target_n_modules(target);
	f->modules = calloc(f->n_modules + 1, sizeof(*f->modules));
	if (!f->modules) {
		free(f);
		return NULL;
	}
	return f;
}

void ct_functions_free(struct ct_functions *functions)
{
	if (!functions)
		return;
	for (size_t i = 0; i < functions->n_modules; i++) {
		ct_frame_table_free(&functions->modules[i].frames);
		ct_vec_free(&functions->modules[i].slots);
	}
	free(functions->modules);
	free(functions);
}

/* The record of the module that contains addr, and its file; NULL: there is none. */
static struct module_functions *module_of(struct ct_functions *f, uint64_t addr, Elf **elf)
{
	const struct ct_module *module = ct_module_at(f->target, addr);
	size_t index = module ? ct_module_index(f->target, module) : f->n_modules;
	Dwfl_Module *dwfl = index < f->n_modules ? ct_module_dwfl(f->target, module) : NULL;
	Dwarf_Addr bias;

	*elf = dwfl ? dwfl_module_getelf(dwfl, &bias) : NULL;
	if (!*elf)
		return NULL;
	f->modules[index].bias = bias;
	return &f->modules[index];
}

static struct ct_frame_table *frames_of(struct module_functions *m, Elf *elf)
{
	if (!m->frames_known && ct_frame_table_eh(elf, &m->frames))
		m->frames = (struct ct_frame_table){0};
	m->frames_known = true;
	return &m->frames;
}

enum ct_status ct_function_at(
	struct ct_functions *functions, uint64_t addr, struct ct_function *ret)
{
	Elf *elf;
	struct module_functions *m = module_of(functions, addr, &elf);
	struct ct_symbol symbol;
	struct ct_cie cie;
	struct ct_fde fde;

	if (m && !ct_frame_table_find(frames_of(m, elf), addr - m->bias, &cie, &fde)) {
		*ret = (struct ct_function){
			fde.start + m->bias, fde.end + m->bias, fde.pads ? fde.pads + m->bias : 0};
		/* A damaged entry may reach round the address space, where it holds nothing. */
		if (ret->start <= addr && addr < ret->end)
			return CT_OK;
	}
	if (ct_symbol_at(functions->target, addr, CT_SYMBOL_CODE, &symbol) || !symbol.size)
		return CT_NOT_FOUND;
	*ret = (struct ct_function){symbol.start, symbol.start + symbol.size, 0};
	return CT_OK;
}

/* ---- landing pads ---- */

/* As many of the len bytes at addr as can be read. */
static size_t read_some(struct ct_target *target, uint64_t addr, uint8_t *buf, size_t len)
{
	while (len && ct_read(target, addr, buf, len))
		len--;
	return len;
}

static enum ct_status find_site(const struct ct_function *function, struct ct_bytes *b,
	uint8_t encoding, uint64_t base, uint64_t pc, uint64_t *ret)
{
	while (ct_bytes_left(b)) {
		uint64_t start = ct_bytes_encoded(b, encoding & 0x0f, 0, 0);
		uint64_t len = ct_bytes_encoded(b, encoding & 0x0f, 0, 0);
		uint64_t pad = ct_bytes_encoded(b, encoding & 0x0f, 0, 0);

		(void)ct_bytes_uleb(b); /* what it does: cleans up or catches */
		if (b->failed)
			break;
		if (pc - (function->start + start) >= len)
			continue;
		*ret = base + pad;
		return pad ? CT_OK : CT_NOT_FOUND;
	}
	return CT_NOT_FOUND;
}

enum ct_status ct_landing_pad(struct ct_functions *functions, const struct ct_function *function,
	uint64_t ret_addr, uint64_t *ret)
{
	struct ct_target *target = functions->target;
	uint64_t base = function->start, table = function->pads;
	uint8_t header[MAX_HEADER];

	if (!table)
		return CT_NOT_FOUND;
	struct ct_bytes b = ct_bytes_of(header, read_some(target, table, header, MAX_HEADER));
	uint8_t encoding = ct_bytes_u8(&b);
	if (encoding != DW_EH_PE_omit)
		base = ct_bytes_encoded(&b, encoding, table + 1, 0);
	if (ct_bytes_u8(&b) != DW_EH_PE_omit)
		(void)ct_bytes_uleb(&b);
	encoding = ct_bytes_u8(&b);
	uint64_t size = ct_bytes_uleb(&b);
	if (b.failed || !size || size > MAX_SITES || functions->sites_read > MAX_ALL)
		return CT_NOT_FOUND;
	functions->sites_read += size;
	ct_autofree uint8_t *sites = malloc(size);
	if (!sites)
		return CT_NO_MEMORY;
	if (ct_read(target, table + (uint64_t)(b.at - header), sites, size))
		return CT_FAULT;
	b = ct_bytes_of(sites, size);
	return find_site(function, &b, encoding, base, ret_addr - 1, ret);
}

/* ---- slots ---- */

static bool fills_slot(uint64_t machine, uint64_t type)
{
	if (machine == EM_AARCH64)
		return type == R_AARCH64_GLOB_DAT || type == R_AARCH64_JUMP_SLOT;
	return machine == EM_X86_64 && (type == R_X86_64_GLOB_DAT || type == R_X86_64_JUMP_SLOT);
}

static bool add_slots(struct module_functions *m, Elf *elf, const GElf_Ehdr *ehdr, Elf_Scn *scn,
	GElf_Shdr *shdr, size_t *looked)
{
	Elf_Scn *symbols = elf_getscn(elf, shdr->sh_link);
	Elf_Data *data = elf_getdata(scn, NULL),
		 *names = symbols ? elf_getdata(symbols, NULL) : NULL;
	size_t n = data && shdr->sh_entsize ? data->d_size / shdr->sh_entsize : 0;
	GElf_Shdr of_symbols;
	GElf_Rela rela;
	GElf_Sym symbol;

	if (!names || !gelf_getshdr(symbols, &of_symbols))
		return true;
	for (size_t i = 0; i < n && m->slots.n < MAX_SLOTS && *looked < MAX_RELAS; i++, ++*looked) {
		if (!gelf_getrela(data, (int)i, &rela) ||
			!fills_slot(ehdr->e_machine, GELF_R_TYPE(rela.r_info)) ||
			!gelf_getsym(names, (int)GELF_R_SYM(rela.r_info), &symbol))
			continue;
		const char *name = elf_strptr(elf, of_symbols.sh_link, symbol.st_name);
		struct slot *slot = name && *name ? ct_vec_push(&m->slots) : NULL;
		if (slot)
			*slot = (struct slot){rela.r_offset + m->bias, name};
		else if (name && *name)
			return false;
	}
	return true;
}

static int by_addr(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

static void find_slots(struct module_functions *m, Elf *elf)
{
	Elf_Scn *scn = NULL;
	size_t looked = 0;
	GElf_Ehdr ehdr;

	m->slots_known = true;
	if (!gelf_getehdr(elf, &ehdr))
		return;
	while ((scn = elf_nextscn(elf, scn))) {
		GElf_Shdr shdr;

		if (gelf_getshdr(scn, &shdr) && shdr.sh_type == SHT_RELA &&
			!add_slots(m, elf, &ehdr, scn, &shdr, &looked))
			break;
	}
	if (m->slots.n)
		qsort(m->slots.items, m->slots.n, sizeof(*m->slots.items), by_addr);
}

const char *ct_slot_name(struct ct_functions *functions, uint64_t addr)
{
	Elf *elf;
	struct module_functions *m = module_of(functions, addr, &elf);
	const struct slot key = {addr, NULL};

	if (!m)
		return NULL;
	if (!m->slots_known)
		find_slots(m, elf);
	const struct slot *found = m->slots.n ? bsearch(&key, m->slots.items, m->slots.n,
							sizeof(*m->slots.items), by_addr)
					      : NULL;
	return found ? found->name : NULL;
}
