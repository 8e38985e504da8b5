/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ELF images in a target: the program, its libraries, the vdso. Taken from the mapped files
 * that the core names (NT_FILE) first, the dynamic linker's link map second, the vdso from the
 * core's own memory.
 */
#ifndef CT_TARGET_MODULES_H
#define CT_TARGET_MODULES_H

#include "target/target.h"

#define CT_BUILD_ID_MAX 96 /* Go's is a text of 83 bytes */

enum ct_module_found { /* where the bytes of its file came from */
	CT_FOUND_NONE,
	CT_FOUND_PATH,
	CT_FOUND_SYSROOT,
	CT_FOUND_DEBUG_DIR,
	CT_FOUND_DEBUGINFOD,
	CT_FOUND_CORE,
	CT_FOUND_BUNDLE,
};

enum ct_module_state {
	CT_MODULE_NOT_ASKED,  /* nobody has looked for its file */
	CT_MODULE_OK,         /* the file matches and has symbols */
	CT_MODULE_MISSING,    /* no file was found */
	CT_MODULE_MISMATCH,   /* a file was found at its path, and it is another build */
	CT_MODULE_NO_SYMBOLS, /* the file matches but has exported names only */
};

struct ct_module {
	const char *path; /* as the core says it; "[vdso]" */
	/*
	 * As the process itself calls it, where that is another: the kernel records paths of the
	 * file system that is below an overlay, or of another mount namespace. NULL: it does not
	 * say.
	 */
	const char *own_path;
	const char *name;    /* the last part of path */
	uint64_t start, end; /* of all its mappings */
	uint64_t bias; /* address = bias + the file's virtual address; valid when bias_known */
	bool bias_known;
	uint8_t build_id[CT_BUILD_ID_MAX];
	uint8_t build_id_len; /* 0: the core does not show it */
	bool build_id_is_go;  /* the text that Go's linker writes; it has no other */
	bool has_go_note;     /* Go's linker has left that text, whatever the build id is */
	enum ct_module_found found;
	enum ct_module_state state;
	const char *file;       /* the file used, or NULL */
	const char *debug_file; /* separate debug information used, or NULL */
	const char *const
		*tried; /* paths and servers asked, with the answer: "/x/y: no such file" */
	size_t n_tried;
	struct ct_module_files *files; /* private to target/ */
};

/*
 * The list is built when it is first asked for, from the source's own bytes. Files are looked for
 * later, module by module, by the first call that needs one: found, state, file and tried change
 * then, and nothing else does.
 */
size_t ct_target_n_modules(struct ct_target *target);
const struct ct_module *ct_target_module(struct ct_target *target, size_t i);
const struct ct_module *ct_module_at(struct ct_target *target, uint64_t addr); /* or NULL */
/* By the last part of the path up to a version ("libc.so.6", "libpthread.so.0"), or NULL. */
const struct ct_module *ct_module_named(struct ct_target *target, const char *name);
const struct ct_module *ct_module_main(struct ct_target *target); /* the program itself, or NULL */
size_t ct_module_index(struct ct_target *target, const struct ct_module *module);
/*
 * Looks for the module's file and its debug information (once): state and tried are complete
 * afterwards. The file's symbols alone tell that (.symtab, .gnu_debugdata, a separate file); DWARF
 * is not read.
 */
void ct_module_load_debug(struct ct_target *target, const struct ct_module *module);

/*
 * The file that several debug files share (dwz, .gnu_debugaltlink), when the module's has one: a
 * descriptor for the caller to close, and its build id. -1: there is none, or it was not found;
 * *len is untouched when there is none.
 */
int ct_module_open_supplement(struct ct_target *target, const struct ct_module *module,
	uint8_t build_id[CT_BUILD_ID_MAX], size_t *len);

#endif
