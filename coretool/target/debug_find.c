/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Separate debug information: by build id in every debug folder, by .gnu_debuglink beside the file
 * and below the debug folders, by debuginfod last. A file is used when its build id is that of the
 * module's file; one found by its link must have the checksum of the link as well.
 */
#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <zlib.h>

#include "source/core_open.h"
#include "target/module_private.h"

/* What a file must be to be taken. */
struct wanted {
	const uint8_t *build_id; /* len 0: it must have none */
	size_t len;
	const uint32_t *crc; /* NULL: any */
	bool supplement;     /* the common part of several debug files, which dwz makes */
};

static const char *check_elf(
	const struct ct_module_files *files, const struct wanted *wanted, Elf *elf)
{
	struct ct_elf_content content;
	const void *id = NULL;
	size_t len = 0;
	char *raw = elf_rawfile(elf, &len);
	Elf64_Ehdr ehdr;

	if (!raw || len < sizeof(ehdr))
		return "no ELF file";
	memcpy(&ehdr, raw, sizeof(ehdr));
	if (ehdr.e_machine != files->target->process.arch->e_machine ||
		(!wanted->supplement && ehdr.e_type != ET_EXEC && ehdr.e_type != ET_DYN))
		return "not for a program or library of this machine";
	ssize_t id_len = dwelf_elf_gnu_build_id(elf, &id);
	if (id_len != (ssize_t)wanted->len ||
		(id_len && memcmp(id, wanted->build_id, wanted->len) != 0))
		return "another build: its build id differs";
	ct_elf_look(elf, &content);
	if (content.unfit)
		return content.unfit;
	if (!wanted->supplement && !content.symtab && !content.dwarf)
		return "no debug information in it";
	return NULL;
}

/* NULL: the file is the one; else why it is not. */
static const char *check_file(const struct ct_module_files *files, const struct wanted *wanted,
	const struct ct_file *file)
{
	if (files->file.bytes && ct_file_same(&file->identity, &files->file.identity))
		return "the module's own file";
	Elf *elf = ct_file_elf(file);
	if (!elf)
		return "no ELF file";
	const char *why = check_elf(files, wanted, elf);
	elf_end(elf);
	if (!why && wanted->crc && crc32_z(0, file->bytes, file->size) != *wanted->crc)
		why = "its checksum is not that of .gnu_debuglink";
	if (!why && file->guard.damaged)
		why = "it changed while it was read";
	return why;
}

/* fd when the file is the one, and then ret_identity; else closes fd and gives -1. */
static int accept_fd(struct ct_module_files *files, const struct wanted *wanted, int fd,
	const char *where, struct ct_file_identity *ret_identity)
{
	struct ct_file file;
	const char *why;

	if (ct_file_map(&file, fd, &why)) {
		why = check_file(files, wanted, &file);
		*ret_identity = file.identity;
		ct_file_close(&file);
	}
	ct_module_tried(files, where, "%s",
		why           ? why
		: wanted->len ? "debug information; build id matches"
			      : "debug information; checksum matches");
	if (!why)
		return fd;
	close(fd);
	return -1;
}

static int try_path(struct ct_module_files *files, const struct wanted *wanted, const char *root,
	const char *path, struct ct_debug_place *ret)
{
	const char *why, *where = path;

	if (root && path)
		where = ct_arena_printf(&files->target->arena, "%s%s", root, path);
	if (!path || !where)
		return -1;
	int fd = ct_file_open(root, path, &why);
	if (fd < 0) {
		ct_module_tried(files, where, "%s", why);
		return -1;
	}
	*ret = (struct ct_debug_place){.root = root, .path = path, .where = where};
	return accept_fd(files, wanted, fd, where, &ret->identity);
}

static int try_build_id(
	struct ct_module_files *files, const struct wanted *wanted, struct ct_debug_place *ret)
{
	const struct ct_options *options = &files->target->options;
	int fd = -1;

	for (size_t i = 0; fd < 0 && wanted->len && i < ct_debug_n_dirs(options); i++) {
		const char *root, *dir = ct_debug_dir(options, i, &root);

		fd = try_path(files, wanted, root,
			ct_debug_id_path(&files->target->arena, dir, wanted->build_id, wanted->len,
				".debug"),
			ret);
	}
	return fd;
}

static int try_debuginfod(
	struct ct_module_files *files, const struct wanted *wanted, struct ct_debug_place *ret)
{
	const char *where;
	int fd = -1;

	if (wanted->len)
		fd = ct_debuginfod_find(files, wanted->build_id, wanted->len, true, &where);
	if (fd < 0)
		return -1;
	*ret = (struct ct_debug_place){.path = where, .where = where};
	return accept_fd(files, wanted, fd, where, &ret->identity);
}

/* The folder of path, without the slash, in the arena. */
static const char *folder_of(struct ct_arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? ct_arena_strndup(arena, path, (size_t)(slash - path)) : ".";
}

/* Beside the module's file, in .debug there, and in its folder's place below each debug folder. */
static int try_debuglink(
	struct ct_module_files *files, struct wanted *wanted, struct ct_debug_place *ret)
{
	const struct ct_options *options = &files->target->options;
	struct ct_arena *arena = &files->target->arena;
	GElf_Word crc;
	const char *name = dwelf_elf_gnu_debuglink(files->elf, &crc);
	const char *path = ct_module_place(files);
	const char *beside = files->module->file ? files->module->file : path;
	const char *near = beside ? folder_of(arena, beside) : NULL;
	const char *folder = path ? folder_of(arena, path) : NULL;

	/* A link names a file, not a path: another folder would be an attempt to read something
	 * else. */
	if (!name || !*name || strchr(name, '/') || !near || !folder)
		return -1;
	wanted->crc = &crc;
	int fd = try_path(files, wanted, NULL, ct_arena_printf(arena, "%s/%s", near, name), ret);
	if (fd < 0)
		fd = try_path(files, wanted, NULL,
			ct_arena_printf(arena, "%s/.debug/%s", near, name), ret);
	for (size_t i = 0; fd < 0 && i < ct_debug_n_dirs(options); i++) {
		const char *root, *dir = ct_debug_dir(options, i, &root);

		fd = try_path(files, wanted, root,
			ct_arena_printf(arena, "%s%s/%s", dir, folder, name), ret);
	}
	wanted->crc = NULL;
	return fd;
}

/* A bundle's files have no names of their own: its descriptor stands for one. */
static int try_bundle(
	struct ct_module_files *files, const struct wanted *wanted, struct ct_debug_place *ret)
{
	const struct ct_bundle *bundle = ct_core_bundle(files->target->source);
	int held = bundle ? ct_bundle_file(bundle, wanted->build_id, wanted->len, true) : -1;
	int fd = held >= 0 ? fcntl(held, F_DUPFD_CLOEXEC, 0) : -1;

	if (fd < 0)
		return -1;
	*ret = (struct ct_debug_place){
		.path = "", .where = "the bundle", .is_held = true, .held = held};
	return accept_fd(files, wanted, fd, ret->where, &ret->identity);
}

void ct_debug_find(struct ct_module_files *files)
{
	/* Debug files have the other kind of build id, or none. */
	struct wanted wanted = {.build_id = files->build_id,
		.len = files->module->build_id_is_go ? 0 : files->build_id_len};
	struct ct_debug_place place = {0};

	if (files->debug_asked || !files->elf || files->module->found == CT_FOUND_CORE)
		return;
	files->debug_asked = true;
	int fd = try_bundle(files, &wanted, &place);
	if (fd < 0)
		fd = try_build_id(files, &wanted, &place);
	if (fd < 0)
		fd = try_debuglink(files, &wanted, &place);
	if (fd < 0)
		fd = try_debuginfod(files, &wanted, &place);
	if (fd < 0)
		return;
	close(fd);
	files->debug = place;
	files->module->debug_file = place.where;
}

int ct_debug_open(const struct ct_module_files *files)
{
	const struct ct_debug_place *place = &files->debug;
	struct ct_file_identity now;
	const char *why;

	if (!place->path)
		return -1;
	int fd = place->is_held ? fcntl(place->held, F_DUPFD_CLOEXEC, 0)
				: ct_file_open(place->root, place->path, &why);
	if (fd >= 0 && ct_file_identify(fd, &now) && ct_file_same(&now, &place->identity))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int ct_debug_open_alt(struct ct_module_files *files, const char *of_file, const char *name,
	const uint8_t *build_id, size_t len)
{
	const struct wanted wanted = {.build_id = build_id, .len = len, .supplement = true};
	struct ct_arena *arena = &files->target->arena;
	const char *root = name[0] == '/' ? files->target->options.sysroot : NULL;
	struct ct_debug_place place;
	int fd = -1;

	if (!len || len > CT_BUILD_ID_MAX || !*name)
		return -1;
	fd = try_bundle(files, &wanted, &place);
	if (fd >= 0)
		return fd;
	if (name[0] == '/' && !root && files->target->options.only_given) {
		ct_module_tried(files, name, "not opened: it is named by a file, and not by you");
	} else if (name[0] == '/') {
		fd = try_path(
			files, &wanted, root, ct_arena_strndup(arena, name, strlen(name)), &place);
	} else if (of_file) {
		/* Relative to the file itself, not to a symbolic link in a .build-id tree. */
		ct_autofree char *real = realpath(of_file, NULL);
		const char *folder = folder_of(arena, real ? real : of_file);

		if (folder)
			fd = try_path(files, &wanted, NULL,
				ct_arena_printf(arena, "%s/%s", folder, name), &place);
	}
	if (fd < 0)
		fd = try_build_id(files, &wanted, &place);
	return fd >= 0 ? fd : try_debuginfod(files, &wanted, &place);
}

int ct_module_open_supplement(struct ct_target *target, const struct ct_module *module,
	uint8_t build_id[CT_BUILD_ID_MAX], size_t *len)
{
	const char *name = NULL;
	const void *id = NULL;
	Dwarf_Addr bias;

	ct_module_load_debug(target, module);
	Dwarf *dwarf = ct_module_dwarf(target, module, &bias);
	ssize_t n = dwarf ? dwelf_dwarf_gnu_debugaltlink(dwarf, &name, &id) : 0;
	if (n <= 0 || n > CT_BUILD_ID_MAX || !name || !id)
		return -1;
	memcpy(build_id, id, (size_t)n);
	*len = (size_t)n;
	return ct_debug_open_alt(module->files,
		module->debug_file ? module->debug_file : module->file, name, build_id, (size_t)n);
}
