/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files about modules share: the list (module_list.c), the dynamic linker's own list
 * (link_map.c), how files are found (module_find.c, debug_find.c, debuginfod.c) and what libdwfl is
 * given (module_dwfl.c).
 */
#ifndef CT_TARGET_MODULE_PRIVATE_H
#define CT_TARGET_MODULE_PRIVATE_H

#include "target/elf_content.h"
#include "target/internal.h"
#include "target/module_file.h"
#include "target/module_image.h"

#define CT_VDSO_PATH "[vdso]" /* no file has it */

struct ct_debuginfod;

/* A PT_LOAD of the file in use. */
struct ct_module_segment {
	uint64_t vaddr, offset, size; /* size: bytes that the file has */
	bool writable;
};

/* Where separate debug information was found, and as which file. */
struct ct_debug_place {
	const char *root, *path; /* for ct_file_open(); path NULL: nowhere */
	const char *where;       /* both together, for people */
	bool is_held;            /* it has no path: a bundle holds it open, as held */
	int held;
	struct ct_file_identity identity;
};

/* All that is kept of a module's files. Allocated once, so that its guards stay where they are. */
struct ct_module_files {
	struct ct_target *target;
	struct ct_module *module;
	bool asked;       /* the module's own file was looked for */
	bool debug_asked; /* its separate debug information was looked for */
	bool dwfl_asked;
	struct ct_file file;
	uint8_t build_id[CT_BUILD_ID_MAX]; /* of file */
	uint8_t build_id_len;
	struct ct_module_segment *segments; /* of file */
	uint32_t n_segments;
	struct ct_debug_place debug;
	Dwfl *dwfl; /* NULL: libdwfl has not been asked, or can do nothing with file */
	Dwfl_Module *dwfl_module;
	Elf *elf;                        /* of file; dwfl owns it */
	struct ct_elf_content content;   /* of elf */
	struct ct_map_guard debug_guard; /* of libdwfl's own mapping of the debug file */
	CT_VEC(const char *) tried;
};

struct ct_modules {
	CT_VEC(struct ct_module) list; /* sorted by start, not overlapping, once it is built */
	uint32_t n_sorted;             /* how many of them are; the others were added since */
	uint32_t last;                 /* where the last address was found */
	uint32_t main;                 /* CT_NONE: not known */
	bool maps_have_paths;          /* the core says which files were mapped where */
	struct ct_debuginfod *debuginfod;
};

/* The list, built when first asked for; NULL only when out of memory. (module_list.c) */
struct ct_modules *ct_modules_of(struct ct_target *target);
/*
 * Adds the image whose ELF header is at start, named path. CT_NOT_FOUND: there is none, or it is
 * mapped as data and not loaded. (module_list.c)
 */
enum ct_status ct_modules_add_image(struct ct_target *target, struct ct_modules *modules,
	uint64_t start, const char *path, struct ct_image *image);
/* Adds a module of which no header can be read. False when out of memory. (module_list.c) */
bool ct_modules_add_unseen(struct ct_target *target, struct ct_modules *modules, const char *path,
	uint64_t start, uint64_t end, const uint64_t *bias);
/* The module that contains addr, among the sorted ones; NULL: none. (module_list.c) */
struct ct_module *ct_modules_find(struct ct_modules *modules, uint64_t addr);

/* Is this file the library of this name? "libc-2.31.so" is "libc.so.6". (modules.c) */
bool ct_module_name_is(const char *name, const char *want);

/* Adds what only the dynamic linker knows of; returns an address inside the main program, 0 if not
 * known. (link_map.c) */
uint64_t ct_link_map_add(struct ct_target *target, struct ct_modules *modules);

/* The module's files with its own file looked for; file.bytes is NULL when there is none.
 * (module_find.c) */
struct ct_module_files *ct_module_open(const struct ct_module *module);
/* Keeps the PT_LOADs of the file in use. (module_find.c) */
bool ct_module_keep_segments(struct ct_module_files *files, const struct ct_image *image);
/* Adds "where: answer" to what was tried. (module_find.c) */
CT_PRINTF(3, 4)
void ct_module_tried(struct ct_module_files *files, const char *where, const char *fmt, ...);
/* The path without the " (deleted)" of unlinked files; NULL: no memory. (module_find.c) */
const char *ct_module_disk_path(struct ct_arena *arena, const char *path);
/* Where the module's file was, below --sysroot if that is given; NULL: no memory. (module_find.c)
 */
const char *ct_module_place(const struct ct_module_files *files);
/* Builds the ELF image from the target's own memory, when all its code is there. (module_core.c) */
bool ct_module_from_core(struct ct_module_files *files);
/* Closes the module's files. (module_dwfl.c) */
void ct_module_close(struct ct_module *module);

/* Looks for separate debug information, once: sets module->debug_file. (debug_find.c) */
void ct_debug_find(struct ct_module_files *files);
/* module->debug_file opened again, when it is still the one that was checked; else -1.
 * (debug_find.c) */
int ct_debug_open(const struct ct_module_files *files);
/* The file that .gnu_debugaltlink of of_file names, or -1. (debug_find.c) */
int ct_debug_open_alt(struct ct_module_files *files, const char *of_file, const char *name,
	const uint8_t *build_id, size_t len);

/* The folders with .build-id trees, in the order in which they are asked. (debug_dirs.c) */
size_t ct_debug_n_dirs(const struct ct_options *options);
/* The i-th folder, which *ret_root (NULL: none) is to be put before. (debug_dirs.c) */
const char *ct_debug_dir(const struct ct_options *options, size_t i, const char **ret_root);
/* "dir/.build-id/ab/cdef…" and suffix, in arena; NULL: no memory. (debug_dirs.c) */
const char *ct_debug_id_path(struct ct_arena *arena, const char *dir, const uint8_t *build_id,
	size_t len, const char *suffix);

/*
 * Asks the servers of DEBUGINFOD_URLS for a file: a descriptor, or -1. *ret_path is where the
 * client keeps it. All is recorded in what files has tried. (debuginfod.c)
 */
int ct_debuginfod_find(struct ct_module_files *files, const uint8_t *build_id, size_t len,
	bool debug, const char **ret_path);
void ct_debuginfod_free(struct ct_debuginfod *client);

#endif
