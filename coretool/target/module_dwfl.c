/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libdwfl is given: one Dwfl for each module that is asked for, so that thousands of modules
 * cost no more than those in use (a common one walks all its modules at each report, and rebuilds
 * its table). The module's own file is our mapping; a separate debug file libdwfl will map itself,
 * and that mapping is guarded as soon as it can be seen.
 */
#include <elfutils/libdwelf.h>

#include "target/empty_debug.h"
#include "target/module_private.h"

static int find_elf(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
	char **file_name, Elf **elf)
{
	struct ct_module_files *files = *userdata;

	(void)mod, (void)name, (void)base, (void)file_name;
	*elf = files->elf;
	return -1;
}

/*
 * The supplement of dwz. Without one libdw would go and look for it by itself, and open what the
 * link names, even a FIFO: so there is always one.
 */
static int find_supplement(struct ct_module_files *files, Dwfl_Module *mod)
{
	Dwarf_Addr bias;
	Dwarf *dwarf =
		dwfl_module_getdwarf(mod, &bias); /* loaded already: libdwfl asks afterwards */
	const char *name;
	const void *id;
	ssize_t len = dwarf ? dwelf_dwarf_gnu_debugaltlink(dwarf, &name, &id) : 0;
	int fd = -1;

	if (len > 0)
		fd = ct_debug_open_alt(files,
			files->debug.where ? files->debug.where : files->module->file, name, id,
			(size_t)len);
	return fd >= 0 ? fd : ct_empty_debug_open();
}

static int find_debuginfo(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
	const char *file_name, const char *debuglink, GElf_Word crc, char **debug_name)
{
	struct ct_module_files *files = *userdata;
	Dwarf_Addr dwarf_bias;

	(void)name, (void)base, (void)file_name, (void)debuglink, (void)crc;
	dwfl_module_info(mod, NULL, NULL, NULL, &dwarf_bias, NULL, NULL, NULL);
	if (dwarf_bias != (Dwarf_Addr)-1)
		return find_supplement(files, mod);
	ct_debug_find(files);
	int fd = ct_debug_open(files);
	if (fd < 0)
		ct_elf_show_mini_debug(files->elf, &files->content);
	else
		*debug_name = strdup(files->debug.where);
	return fd;
}

static const Dwfl_Callbacks callbacks = {.find_elf = find_elf, .find_debuginfo = find_debuginfo};

/* The address that libdwfl derives the bias from: that of the first segment, rounded as libdwfl
 * rounds it. */
static bool start_of(Elf *elf, uint64_t bias, uint64_t *ret)
{
	size_t n;

	if (elf_getphdrnum(elf, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (gelf_getphdr(elf, (int)i, &ph) && ph.p_type == PT_LOAD) {
			*ret = bias + (ph.p_vaddr & -ph.p_align);
			return true;
		}
	}
	return false;
}

/* Gives the file to a new Dwfl. False: libdwfl will not have it. */
static bool begin(struct ct_module_files *files, uint64_t start)
{
	const struct ct_module *module = files->module;
	void **userdata;
	GElf_Addr bias;

	files->dwfl = dwfl_begin(&callbacks);
	if (!files->dwfl) {
		elf_end(files->elf);
		return false;
	}
	Dwfl_Module *mod = dwfl_report_module(
		files->dwfl, module->name, start, start + (module->end - module->start));
	if (!mod || dwfl_report_end(files->dwfl, NULL, NULL)) {
		elf_end(files->elf);
		return false;
	}
	dwfl_module_info(mod, &userdata, NULL, NULL, NULL, NULL, NULL, NULL);
	*userdata = files;
	/* From here on libdwfl owns the Elf, also when it refuses it. */
	if (!dwfl_module_getelf(mod, &bias) || bias != module->bias)
		return false;
	files->dwfl_module = mod;
	return true;
}

static void ask_dwfl(struct ct_module_files *files)
{
	struct ct_module *module = files->module;
	uint64_t start;

	files->dwfl_asked = true;
	if (!files->file.bytes || !module->bias_known || !(files->elf = ct_file_elf(&files->file)))
		return;
	ct_elf_look(files->elf, &files->content);
	const char *why = files->content.unfit;
	if (!why && !start_of(files->elf, module->bias, &start))
		why = "it has no segments";
	if (why)
		elf_end(files->elf);
	else if (ct_elf_hide_mini_debug(files->elf, &files->content), !begin(files, start))
		why = "libdw cannot read it";
	if (!why) {
		if (files->content.symtab || files->content.dwarf || module->found == CT_FOUND_CORE)
			module->state = CT_MODULE_OK;
		return;
	}
	dwfl_end(files->dwfl);
	files->dwfl = NULL;
	files->elf = NULL;
	ct_module_tried(
		files, module->file ? module->file : "the core", "no names from it: %s", why);
	ct_target_note(files->target, CT_NOTE_LIMIT, module->path,
		"its file matches but gives no names and no unwind tables: %s", why);
}

/* The Elf of the separate debug file, as far as libdwfl has opened it; nothing is loaded for it. */
static Elf *opened_debug(const struct ct_module_files *files)
{
	Dwfl_Module *mod = files->dwfl_module;
	Dwarf_Addr dwarf_bias, bias;
	GElf_Sym symbol;
	GElf_Addr addr;
	Elf *elf = NULL;

	dwfl_module_info(mod, NULL, NULL, NULL, &dwarf_bias, NULL, NULL, NULL);
	if (dwarf_bias == (Dwarf_Addr)-1)
		return NULL;
	/* If the symbols come from elsewhere, it was opened for its DWARF. */
	if (dwfl_module_getsymtab(mod) > 1 &&
		dwfl_module_getsym_info(mod, 1, &symbol, &addr, NULL, &elf, NULL) && elf &&
		elf != files->elf)
		return elf;
	Dwarf *dwarf = dwfl_module_getdwarf(mod, &bias);
	return dwarf ? dwarf_getelf(dwarf) : NULL;
}

static void guard_debug(struct ct_module_files *files)
{
	Elf *elf;
	size_t size;

	if (!files->debug.path || files->debug_guard.start || !(elf = opened_debug(files)) ||
		elf == files->elf)
		return;
	const char *bytes = elf_rawfile(elf, &size);
	if (bytes && ct_map_guard_add(&files->debug_guard, bytes, size))
		files->debug_guard.start = 0;
}

Dwfl_Module *ct_module_dwfl(struct ct_target *target, const struct ct_module *module)
{
	struct ct_module_files *files = ct_module_open(module);

	if (!files->dwfl_asked)
		ask_dwfl(files);
	if (files->dwfl_module)
		guard_debug(files);
	if (files->file.guard.damaged || files->debug_guard.damaged)
		ct_target_note(target, CT_NOTE_DAMAGED, module->path,
			"its file changed while it was read; names and stacks may be wrong");
	return files->dwfl_module;
}

void ct_module_load_debug(struct ct_target *target, const struct ct_module *module)
{
	struct ct_module_files *files = module->files;

	if (!ct_module_dwfl(target, module) || files->debug_asked || files->content.dwarf ||
		module->found == CT_FOUND_CORE)
		return;
	ct_debug_find(files);
	if (files->content.symtab)
		return;
	if (files->debug.path) {
		files->module->state = CT_MODULE_OK;
		/* Opens it now, so that its guard is set before anybody reads much of it. */
		(void)dwfl_module_getsymtab(files->dwfl_module);
		guard_debug(files);
	} else if (ct_elf_show_mini_debug(files->elf, &files->content)) {
		files->module->state = CT_MODULE_OK;
	}
}

Dwarf *ct_module_dwarf(struct ct_target *target, const struct ct_module *module, Dwarf_Addr *bias)
{
	ct_module_load_debug(target, module);
	Dwfl_Module *mod = ct_module_dwfl(target, module);
	Dwarf *dwarf = mod ? dwfl_module_getdwarf(mod, bias) : NULL;

	if (dwarf)
		guard_debug(module->files);
	return dwarf;
}

void ct_module_close(struct ct_module *module)
{
	struct ct_module_files *files = module->files;

	if (!files)
		return;
	dwfl_end(files->dwfl);
	if (files->debug_guard.start)
		ct_map_guard_remove(&files->debug_guard);
	ct_file_close(&files->file);
	ct_vec_free(&files->tried);
}
