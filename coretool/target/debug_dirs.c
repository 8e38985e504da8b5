/* SPDX-License-Identifier: Apache-2.0 */
/* The folders that debug information is kept in: --debug-dir, then /usr/lib/debug under --sysroot,
 * then, unless only what was given may be read, the machine's own. */
#include "target/module_private.h"

#define SYSTEM_DIR "/usr/lib/debug"

size_t ct_debug_n_dirs(const struct ct_options *options)
{
	return options->n_debug_dirs + (options->sysroot != NULL) + !options->only_given;
}

const char *ct_debug_dir(const struct ct_options *options, size_t i, const char **ret_root)
{
	*ret_root = NULL;
	if (i < options->n_debug_dirs)
		return options->debug_dirs[i];
	if (i == options->n_debug_dirs)
		*ret_root = options->sysroot;
	return SYSTEM_DIR;
}

const char *ct_debug_id_path(struct ct_arena *arena, const char *dir, const uint8_t *build_id,
	size_t len, const char *suffix)
{
	char id[CT_BUILD_ID_TEXT];

	ct_build_id_text(build_id, len, id);
	return ct_arena_printf(
		arena, "%s/.build-id/%.2s/%s%s", dir, id, id + CT_MIN(len, 1) * 2, suffix);
}
