/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of target/ share among themselves. Nobody outside this folder includes it. */
#ifndef CT_TARGET_INTERNAL_H
#define CT_TARGET_INTERNAL_H

#include <elfutils/libdwfl.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/vec.h"
#include "target/modules.h"

struct ct_target_note_row {
	enum ct_note_code code;
	const char *about, *text;
};

struct ct_target {
	struct ct_source source;
	struct ct_options options;
	struct ct_process process;
	struct ct_arena arena;
	CT_VEC(struct ct_map) maps;
	CT_VEC(struct ct_thread) threads;
	CT_VEC(struct ct_target_note_row) notes;
	size_t last_map; /* where the last address was found: the next one is often there too */
	struct ct_modules *modules; /* module_list.c; built when first asked for */
	struct ct_names *names;     /* names.c; likewise */
	uint64_t copied;            /* bytes of images, in the arena */
};

/*
 * The Dwfl module of module with its matching file opened, or NULL when there is none; made when
 * first asked for. It finds separate debug information by itself, through our rules.
 * (module_dwfl.c)
 */
Dwfl_Module *ct_module_dwfl(struct ct_target *target, const struct ct_module *module);
/*
 * The module's DWARF, its own or of a separate file, and the bias of its addresses; NULL: none.
 * Costly the first time: libdw unpacks all compressed sections. (module_dwfl.c)
 */
Dwarf *ct_module_dwarf(struct ct_target *target, const struct ct_module *module, Dwarf_Addr *bias);
/*
 * Bytes of module's file as they would be at addr of the target: only from segments that are not
 * writable, and where the file is mapped. CT_FAULT when there is no matching file or the range is
 * not in one such segment. (module_read.c)
 */
enum ct_status ct_module_read(const struct ct_module *module, uint64_t addr, void *buf, size_t len);
/* The same bytes in place; they become zeros when the file is cut off while we look. */
enum ct_status ct_module_view(
	const struct ct_module *module, uint64_t addr, size_t len, const void **ret);
/* Closes all module files. NULL is fine. (module_list.c) */
void ct_modules_free(struct ct_modules *modules);
/* Frees what symbols, lines and object names keep; to be called before ct_modules_free(). (names.c)
 */
void ct_names_free(struct ct_names *names);

#endif
