/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which ELF images a target has and where. A mapping of a file from its offset 0 that begins with
 * an ELF header is the start of one, unless the program merely looks into the file; its program
 * headers say the rest.
 */
#include "target/modules.h"

#include <sys/auxv.h>
#include <sys/mman.h>

#include "target/module_private.h"

static bool same_path(const struct ct_map *map, const char *path)
{
	return map->path && path && (map->path == path || !strcmp(map->path, path));
}

/*
 * Did the loader put it there? A program may also map an ELF file to read it (its own, to print a
 * backtrace). Then the segments behind the first are not where their headers want them. Memory of
 * another kind in the place of a segment is no evidence: large text may have been moved to huge
 * pages.
 */
static bool is_loaded(
	const struct ct_target *target, const struct ct_image *image, const char *path)
{
	for (uint32_t i = 0; i < image->n_phdrs; i++) {
		const Elf64_Phdr *ph = &image->phdrs[i];
		uint64_t addr = image->bias + ph->p_vaddr;

		if (ph->p_type != PT_LOAD || !ph->p_memsz)
			continue;
		const struct ct_map *map = ct_target_map_at(target, addr);
		if (!map)
			return false;
		if (map->whole || !ph->p_filesz || !same_path(map, path))
			continue;
		if (map->file_offset + (addr - map->start) != ph->p_offset)
			return false;
		if (ph->p_flags & PF_X && map->prot >= 0 && !(map->prot & PROT_EXEC))
			return false;
	}
	return true;
}

static struct ct_module *add_module(
	struct ct_target *target, struct ct_modules *modules, const char *path)
{
	struct ct_module *module = ct_vec_push(&modules->list);

	if (!module)
		return NULL;
	const char *disk_path = ct_module_disk_path(&target->arena, path);
	if (!disk_path) {
		modules->list.n--;
		return NULL;
	}
	const char *slash = strrchr(disk_path, '/');
	module->path = path;
	module->name = slash && slash[1] ? slash + 1 : disk_path;
	return module;
}

enum ct_status ct_modules_add_image(struct ct_target *target, struct ct_modules *modules,
	uint64_t start, const char *path, struct ct_image *image)
{
	const struct ct_image_reader memory = {ct_image_read_source, target};
	enum ct_status status =
		ct_image_read(&memory, start, true, target->process.arch->e_machine, image);

	if (status)
		return status;
	if (!is_loaded(target, image, path))
		return CT_NOT_FOUND;
	struct ct_module *module = add_module(target, modules, path);
	if (!module)
		return CT_NO_MEMORY;
	module->bias = image->bias;
	module->bias_known = true;
	module->start = image->bias + image->low;
	module->end = image->bias + image->high;
	module->build_id_len = image->build_id_len;
	module->build_id_is_go = image->build_id_is_go;
	module->has_go_note = image->has_go_note;
	memcpy(module->build_id, image->build_id, image->build_id_len);
	return CT_OK;
}

bool ct_modules_add_unseen(struct ct_target *target, struct ct_modules *modules, const char *path,
	uint64_t start, uint64_t end, const uint64_t *bias)
{
	struct ct_module *module = add_module(target, modules, path);

	if (!module)
		return false;
	module->start = start;
	module->end = end;
	if (bias) {
		module->bias = *bias;
		module->bias_known = true;
	}
	return true;
}

/*
 * The maps of one file from the i-th on, when its header was not dumped: a module if one of them is
 * code, or, where the core does not record the protection, if there are several, as the loader
 * makes. Returns the first map behind.
 */
static size_t add_headless(struct ct_target *target, struct ct_modules *modules, size_t i)
{
	const struct ct_map *first = ct_target_map(target, i), *last = first;
	bool code = false, unknown = false;
	size_t n = 0, next = i;

	for (size_t k = i; k < ct_target_n_maps(target); k++) {
		const struct ct_map *map = ct_target_map(target, k);

		if (!map->path)
			continue;
		if (!same_path(map, first->path) || (k > i && !map->file_offset))
			break;
		last = map;
		next = k;
		n++;
		unknown |= map->prot < 0;
		code |= map->prot >= 0 && map->prot & PROT_EXEC;
	}
	if (code || (unknown && n > 1))
		if (!ct_modules_add_unseen(
			    target, modules, first->path, first->start, last->end, NULL))
			return ct_target_n_maps(target);
	return next + 1;
}

static void add_from_maps(struct ct_target *target, struct ct_modules *modules)
{
	const char *path = NULL; /* of the last module, and where it ends */
	uint64_t end = 0;
	struct ct_image image;

	for (size_t i = 0; i < ct_target_n_maps(target);) {
		const struct ct_map *map = ct_target_map(target, i);

		modules->maps_have_paths |= map->path != NULL;
		/* A small image maps its first page twice, for code and for data. */
		if (!map->path || map->file_offset || (map->start < end && same_path(map, path))) {
			i++;
			continue;
		}
		switch (ct_modules_add_image(target, modules, map->start, map->path, &image)) {
		case CT_OK:
			path = map->path;
			end = modules->list.items[modules->list.n - 1].end;
			i++;
			break;
		case CT_FAULT:
			i = add_headless(target, modules, i);
			break;
		case CT_NOT_FOUND:
			i++;
			break;
		default:
			return;
		}
	}
}

/* The kernel's own library; no file has it, all of it is in the core. */
static void add_vdso(struct ct_target *target, struct ct_modules *modules)
{
	struct ct_image image;
	uint64_t start;

	if (!ct_target_auxv(target, AT_SYSINFO_EHDR, &start) && start)
		(void)!ct_modules_add_image(target, modules, start, CT_VDSO_PATH, &image);
}

static int by_start(const void *a, const void *b)
{
	const struct ct_module *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* Sorted, and each ends where the next begins: an image may claim more memory than it has. */
static void sort_modules(struct ct_modules *modules)
{
	uint32_t kept = 0;

	if (modules->list.n)
		qsort(modules->list.items, modules->list.n, sizeof(*modules->list.items), by_start);
	for (uint32_t i = 0; i < modules->list.n; i++) {
		struct ct_module *module = &modules->list.items[i];

		if (kept && modules->list.items[kept - 1].start == module->start)
			continue;
		if (kept && modules->list.items[kept - 1].end > module->start)
			modules->list.items[kept - 1].end = module->start;
		modules->list.items[kept++] = *module;
	}
	modules->list.n = modules->n_sorted = kept;
}

static bool give_files(struct ct_target *target, struct ct_modules *modules)
{
	for (uint32_t i = 0; i < modules->list.n; i++) {
		struct ct_module *module = &modules->list.items[i];

		module->files = ct_arena_new(&target->arena, struct ct_module_files);
		if (!module->files)
			return false;
		module->files->target = target;
		module->files->module = module;
	}
	return true;
}

static uint32_t index_at(const struct ct_modules *modules, uint64_t addr)
{
	size_t lo = 0, hi = modules->n_sorted;

	CT_BISECT(lo, hi, mid, modules->list.items[mid].start <= addr);
	return lo && addr < modules->list.items[lo - 1].end ? (uint32_t)(lo - 1) : CT_NONE;
}

struct ct_modules *ct_modules_of(struct ct_target *target)
{
	if (target->modules)
		return target->modules;
	struct ct_modules *modules = calloc(1, sizeof(*modules));
	if (!modules)
		return NULL;
	add_from_maps(target, modules);
	add_vdso(target, modules);
	sort_modules(modules);
	uint64_t inside_main = ct_link_map_add(target, modules);
	sort_modules(modules);
	if (!give_files(target, modules))
		modules->list.n = modules->n_sorted = 0;
	modules->main = inside_main ? index_at(modules, inside_main) : CT_NONE;
	target->modules = modules;
	return modules;
}

void ct_modules_free(struct ct_modules *modules)
{
	if (!modules)
		return;
	for (uint32_t i = 0; i < modules->list.n; i++)
		ct_module_close(&modules->list.items[i]);
	ct_debuginfod_free(modules->debuginfod);
	ct_vec_free(&modules->list);
	free(modules);
}

struct ct_module *ct_modules_find(struct ct_modules *modules, uint64_t addr)
{
	uint32_t i = index_at(modules, addr);

	return i == CT_NONE ? NULL : &modules->list.items[i];
}
