/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bundle_files.h"

#include <fcntl.h>

#include "base/str.h"
#include "base/vec.h"
#include "source/core_open.h"

/* A descriptor of our own: of the bundle that the core came in, else of the file that was found. */
static int open_file(const struct ct_bundle *bundle, const struct ct_module *module, bool debug,
	const char *path)
{
	int fd = ct_bundle_file(bundle, module->build_id, module->build_id_len, debug);

	if (fd >= 0)
		return fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return path ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY) : -1;
}

static bool add_file(struct ct_bundle_files *files, const struct ct_bundle *bundle,
	const struct ct_module *module, bool debug)
{
	const char *path = debug ? module->debug_file : module->file;
	struct ct_bundled_file *file = ct_vec_push(files);

	if (!file)
		return false;
	file->path = module->path;
	file->debug = debug;
	file->build_id_len = module->build_id_len;
	memcpy(file->build_id, module->build_id, module->build_id_len);
	file->fd = -1;
	if (!module->build_id_len)
		file->why = "no build id";
	else
		file->fd = open_file(bundle, module, debug, path);
	if (file->fd < 0 && !file->why)
		file->why = "not found";
	return true;
}

/* What the debug file shares with others; several modules may have the same. */
static bool add_supplement(
	struct ct_bundle_files *files, struct ct_target *target, const struct ct_module *module)
{
	uint8_t id[CT_BUILD_ID_MAX];
	size_t len = 0;
	int fd = ct_module_open_supplement(target, module, id, &len);

	for (uint32_t i = 0; len && i < files->n; i++)
		if (files->items[i].debug && files->items[i].build_id_len == len &&
			!memcmp(files->items[i].build_id, id, len)) {
			if (fd >= 0)
				close(fd);
			return true;
		}
	struct ct_bundled_file *file = len ? ct_vec_push(files) : NULL;
	if (!file) {
		if (fd >= 0)
			close(fd);
		return !len;
	}
	*file = (struct ct_bundled_file){
		.path = module->path, .debug = true, .fd = fd, .build_id_len = len};
	memcpy(file->build_id, id, len);
	if (fd < 0)
		file->why = "not found";
	return true;
}

enum ct_status ct_bundle_files_find(struct ct_target *target, struct ct_source source,
	struct ct_bundle_files *ret, struct ct_error *err)
{
	const struct ct_bundle *bundle = ct_core_bundle(source);
	struct ct_bundle_files files = {0};
	bool ok = true;

	for (size_t i = 0; i < ct_target_n_modules(target) && ok; i++) {
		const struct ct_module *module = ct_target_module(target, i);

		/* The vdso is in the core. */
		if (module->path[0] == '[')
			continue;
		ct_module_load_debug(target, module);
		ok = add_file(&files, bundle, module, false);
		if (ok && module->debug_file)
			ok = add_file(&files, bundle, module, true);
		if (ok)
			ok = add_supplement(&files, target, module);
	}
	if (!ok) {
		ct_bundle_files_free(&files);
		return ct_fail(err, CT_NO_MEMORY, "out of memory");
	}
	*ret = files;
	return CT_OK;
}

void ct_bundle_files_free(struct ct_bundle_files *files)
{
	for (uint32_t i = 0; i < files->n; i++)
		if (files->items[i].fd >= 0)
			close(files->items[i].fd);
	ct_vec_free(files);
}

json_t *ct_bundle_file_json(const struct ct_bundled_file *file)
{
	ct_autostr id = {0}, path = {0};

	for (size_t i = 0; i < file->build_id_len; i++)
		ct_str_add(&id, "%02x", file->build_id[i]);
	ct_str_add_clean(&path, file->path, strlen(file->path), 4096);
	return json_pack("{s:s, s:s, s:b, s:s?}", "path", ct_str_text(&path), "build_id",
		ct_str_text(&id), "debug", (int)file->debug, "left_out", file->why);
}
