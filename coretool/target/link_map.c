/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dynamic linker's own list of what it loaded: DT_DEBUG of the main program -> struct r_debug
 * -> struct link_map
 * (<link.h>; the same in glibc and musl). It names the modules of a core without NT_FILE, finds
 * those whose first page is no longer a mapping of the file, and tells which module is the program:
 * when that was started as "ld.so program", the auxiliary vector describes ld.so.
 */
#include <sys/auxv.h>

#include "base/str.h"
#include "target/module_private.h"

#define MAX_DYNAMIC    1024
#define MAX_NAMESPACES 16
#define MAX_LINKS      65536
#define MAX_PATH       4096
#define MAX_PATHS      ((size_t)16 << 20) /* bytes of all names: a hostile list has no end */
#define MAX_BACK       64 /* mappings searched for a header before the dynamic section */

/* struct r_debug and struct link_map of a 64-bit target. */
struct debug {
	int32_t version;
	uint64_t map, brk;
	int32_t state;
	uint64_t ld_base;
};

struct link {
	uint64_t bias, name, dynamic, next, prev;
};

struct walk {
	struct ct_target *target;
	struct ct_modules *modules;
	struct ct_image_reader memory;
	size_t path_bytes;
	bool first;   /* the next entry is the first of all: the program */
	bool started; /* the program is what the kernel started: not "ld.so program" */
};

static bool read_source(const struct walk *walk, uint64_t addr, void *buf, size_t len)
{
	return walk->memory.read(walk->memory.arg, addr, buf, len) == CT_OK;
}

static bool read_image(const struct walk *walk, uint64_t start, struct ct_image *ret)
{
	uint16_t machine = walk->target->process.arch->e_machine;

	return ct_image_read(&walk->memory, start, true, machine, ret) == CT_OK;
}

/* The address of an image's dynamic section, or 0. */
static uint64_t dynamic_of(const struct ct_image *image)
{
	for (uint32_t i = 0; i < image->n_phdrs; i++)
		if (image->phdrs[i].p_type == PT_DYNAMIC)
			return image->bias + image->phdrs[i].p_vaddr;
	return 0;
}

/* The address of struct r_debug. ld.so writes it into the main program's dynamic section, and no
 * other. */
static uint64_t debug_of(const struct walk *walk, uint64_t dynamic)
{
	for (unsigned i = 0; dynamic && i < MAX_DYNAMIC; i++) {
		Elf64_Dyn dyn;

		if (!read_source(walk, dynamic + i * sizeof(dyn), &dyn, sizeof(dyn)) ||
			dyn.d_tag == DT_NULL)
			break;
		if (dyn.d_tag == DT_DEBUG)
			return dyn.d_un.d_ptr;
	}
	return 0;
}

/*
 * The header of the program that the auxiliary vector describes: its program headers follow the ELF
 * header, in the same page.
 */
static uint64_t header_from_auxv(const struct walk *walk)
{
	uint64_t phdrs, start;
	Elf64_Ehdr ehdr;

	if (ct_target_auxv(walk->target, AT_PHDR, &phdrs) || phdrs < sizeof(ehdr))
		return 0;
	start = phdrs & ~(CT_IMAGE_PAGE - 1);
	if (!read_source(walk, start, &ehdr, sizeof(ehdr)) ||
		memcmp(ehdr.e_ident, ELFMAG, SELFMAG) != 0 || start + ehdr.e_phoff != phdrs)
		return 0;
	return start;
}

/* The header of the image whose dynamic section is at dynamic: where its bias says, else in a
 * mapping before it. */
static uint64_t header_of_dynamic(
	const struct walk *walk, uint64_t bias, uint64_t dynamic, struct ct_image *image)
{
	const struct ct_map *map = ct_target_map_at(walk->target, dynamic);

	if (bias && read_image(walk, bias, image) && dynamic_of(image) == dynamic)
		return bias;
	if (!map)
		return 0;
	size_t i = (size_t)(map - ct_target_map(walk->target, 0)) + 1;
	for (unsigned n = 0; i-- > 0 && n < MAX_BACK; n++) {
		uint64_t start = ct_target_map(walk->target, i)->start;

		if (read_image(walk, start, image) && dynamic_of(image) == dynamic)
			return start;
	}
	return 0;
}

/*
 * A name that the process could write. With --redact its length stands for it, here where it
 * enters: it would be in every path that is tried. The file is then found by its build id alone.
 */
static const char *foreign_name(const struct walk *walk, const char *name)
{
	struct ct_target *target = walk->target;

	return target->options.redact ? ct_arena_printf(&target->arena, CT_REDACTED, strlen(name))
				      : ct_arena_strndup(&target->arena, name, strlen(name));
}

/* NULL: out of memory. */
static const char *program_path(const struct walk *walk)
{
	const struct ct_process *process = &walk->target->process;
	const char *name = process->exe ? process->exe : process->comm;

	return walk->started && name ? foreign_name(walk, name) : "[program]";
}

/* The name of one entry; the program's own is empty in glibc. NULL: out of memory, or of the limit.
 */
static const char *link_path(struct walk *walk, uint64_t addr, bool program)
{
	char path[MAX_PATH];
	size_t len = 0;

	while (addr && len + 1 < sizeof(path) && read_source(walk, addr + len, path + len, 1) &&
		path[len])
		len++;
	if (!len)
		return program ? program_path(walk) : "[unnamed]";
	walk->path_bytes += len;
	path[len] = '\0';
	return walk->path_bytes <= MAX_PATHS ? foreign_name(walk, path) : NULL;
}

/* The process calls it by another name than the kernel: its file may be there. */
static void add_own_path(const struct walk *walk, struct ct_module *module, const char *name)
{
	if (name && name[0] == '/' && !walk->target->options.redact &&
		strcmp(name, module->path) != 0)
		module->own_path = name;
}

/* Adds what the entry describes unless it is known. False: no more can be added. */
static bool add_link(struct walk *walk, const struct link *link, bool program)
{
	struct ct_module *known = ct_modules_find(walk->modules, link->dynamic);
	struct ct_image image;

	if (known && !known->bias_known) {
		known->bias = link->bias;
		known->bias_known = true;
	}
	if (known && link->name && !program)
		add_own_path(walk, known, link_path(walk, link->name, false));
	if (!link->dynamic || known)
		return true;
	const char *path = link_path(walk, link->name, program);
	if (!path)
		return false;
	uint64_t start = header_of_dynamic(walk, link->bias, link->dynamic, &image);
	if (start &&
		ct_modules_add_image(walk->target, walk->modules, start, path, &image) == CT_OK)
		return true;
	const struct ct_map *map = ct_target_map_at(walk->target, link->dynamic);
	if (!map)
		return true;
	/* Nothing but the place of its dynamic section is certain. */
	start = link->bias && link->bias < map->start ? link->bias : map->start;
	return ct_modules_add_unseen(
		walk->target, walk->modules, path, start, map->end, &link->bias);
}

/*
 * One namespace. Each entry must point back to the one before it: so no entry is met twice,
 * whatever the memory says.
 */
static void walk_links(struct walk *walk, uint64_t addr)
{
	uint64_t before = 0;

	for (unsigned i = 0; addr && i < MAX_LINKS; i++) {
		struct link link;

		if (!read_source(walk, addr, &link, sizeof(link)) || link.prev != before)
			return;
		if (!add_link(walk, &link, walk->first))
			return;
		walk->first = false;
		before = addr;
		addr = link.next;
	}
}

static void walk_namespaces(struct walk *walk, uint64_t addr)
{
	for (unsigned i = 0; addr && i < MAX_NAMESPACES; i++) {
		struct debug debug;
		uint64_t next = 0;

		if (!read_source(walk, addr, &debug, sizeof(debug)))
			return;
		walk_links(walk, debug.map);
		/* From version 2 on (glibc 2.35) the next namespace's r_debug follows. */
		if (debug.version < 2 || !read_source(walk, addr + sizeof(debug), &next, 8))
			return;
		addr = next;
	}
}

/*
 * The dynamic section that ld.so wrote into, of any image at the start of a mapping: where the core
 * names files, of a file that is mapped from its start.
 */
static uint64_t find_debug(const struct walk *walk, uint64_t *ret_dynamic)
{
	struct ct_image image;

	for (size_t i = 0; i < ct_target_n_maps(walk->target); i++) {
		const struct ct_map *map = ct_target_map(walk->target, i);

		if (!map->present || map->file_offset ||
			(walk->modules->maps_have_paths && !map->path) ||
			!read_image(walk, map->start, &image))
			continue;
		uint64_t dynamic = dynamic_of(&image);
		uint64_t debug = debug_of(walk, dynamic);
		if (debug) {
			*ret_dynamic = dynamic;
			return debug;
		}
	}
	return 0;
}

uint64_t ct_link_map_add(struct ct_target *target, struct ct_modules *modules)
{
	struct walk walk = {target, modules, {ct_image_read_source, target}, 0, true, true};
	uint64_t start = header_from_auxv(&walk), dynamic = 0, debug = 0, inside = 0;
	struct ct_image image;

	if (start && read_image(&walk, start, &image)) {
		inside = start;
		dynamic = dynamic_of(&image);
		debug = debug_of(&walk, dynamic);
		const char *path = ct_modules_find(modules, start) ? NULL : program_path(&walk);
		if (path)
			(void)!ct_modules_add_image(target, modules, start, path, &image);
	}
	if (!debug && (debug = find_debug(&walk, &dynamic))) {
		inside = dynamic;
		walk.started = !start;
	}
	struct ct_module *program = start ? ct_modules_find(modules, start) : NULL;
	if (program)
		add_own_path(&walk, program, target->process.exe);
	walk_namespaces(&walk, debug);
	if (!inside && ct_target_auxv(target, AT_ENTRY, &inside))
		inside = 0;
	return inside;
}
