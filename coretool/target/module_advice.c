/* SPDX-License-Identifier: Apache-2.0 */
#include "target/module_advice.h"

#include "target/module_private.h"

/*
 * Packages whose name does not follow from the file's. Others are called after their binary
 * package, with
 * "-dbgsym", and which that is only the machine with the package knows.
 */
static const struct {
	const char *file, *package;
} packages[] = {
	{"libc.so.6", "libc6-dbg"},
	{"ld-linux-x86-64.so.2", "libc6-dbg"},
	{"ld-linux-aarch64.so.1", "libc6-dbg"},
	{"ld.so", "libc6-dbg"}, /* ld-2.31.so */
	{"libpthread.so.0", "libc6-dbg"},
	{"libm.so.6", "libc6-dbg"},
	{"libdl.so.2", "libc6-dbg"},
	{"librt.so.1", "libc6-dbg"},
	{"libresolv.so.2", "libc6-dbg"},
};

static const char *package_of(const struct ct_module *module)
{
	for (size_t i = 0; i < CT_COUNT(packages); i++)
		if (ct_module_name_is(module->name, packages[i].file))
			return packages[i].package;
	return NULL;
}

const char *ct_module_advice(const struct ct_module *module, struct ct_arena *arena)
{
	char id[CT_BUILD_ID_TEXT];
	const char *package = package_of(module);
	bool no_file = module->state == CT_MODULE_MISSING || module->state == CT_MODULE_MISMATCH;

	if (!no_file && module->state != CT_MODULE_NO_SYMBOLS)
		return NULL;
	/* Names and lines of a Go program are part of it, stripped or not. */
	if (!no_file && module->build_id_is_go)
		return NULL;
	ct_build_id_text(module->build_id, module->build_id_len, id);
	if (module->path[0] != '/')
		return no_file ? "give the program's file with --exe" : NULL;
	if (no_file && (!module->build_id_len || module->build_id_is_go))
		return ct_arena_printf(arena,
			"copy %s from the machine where the core was made and give it with "
			"--sysroot or --exe",
			module->path);
	if (no_file)
		return ct_arena_printf(arena,
			"copy the %s with build id %s from the machine where the core was made "
			"(--sysroot), or: debuginfod-find executable %s",
			module->name, id, id);
	if (package)
		return ct_arena_printf(arena, "install %s", package);
	/* What is not in a distribution's folders comes from no package. */
	if (!module->build_id_len || strncmp(module->path, "/usr/", 5) != 0 ||
		!strncmp(module->path, "/usr/local/", 11))
		return ct_arena_printf(
			arena, "rebuild %s with -g, or without stripping it", module->name);
	return ct_arena_printf(arena,
		"install the -dbgsym package of %s, or: debuginfod-find debuginfo %s", module->name,
		id);
}
