/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module's own file: where it is looked for, and when it is believed. A build id in the core
 * decides alone. Without one the first page, where the core has it, must be the same byte for byte;
 * a file about which the core says nothing is not used, unless --exe names it. Where the process
 * itself has it is looked at last: the kernel's path may be that of another file system. All that
 * was tried is kept, with the answer.
 */
#include <stdarg.h>
#include <stdio.h>

#include "source/core_open.h"
#include "target/module_private.h"

#define MAX_TRIED 256
#define DELETED   " (deleted)"

enum verdict { SAME_FILE, OTHER_BUILD, NOT_TO_TELL };

/* One place to look. */
struct candidate {
	enum ct_module_found found;
	const char *root; /* NULL: none */
	const char *path;
	bool named_by_user;
};

void ct_module_tried(struct ct_module_files *files, const char *where, const char *fmt, ...)
{
	struct ct_arena *arena = &files->target->arena;
	va_list args;

	va_start(args, fmt);
	const char *answer = ct_arena_vprintf(arena, fmt, args);
	va_end(args);
	const char *text = answer ? ct_arena_printf(arena, "%s: %s", where, answer) : NULL;
	const char **slot = text && files->tried.n < MAX_TRIED ? ct_vec_push(&files->tried) : NULL;
	if (slot)
		*slot = text;
	files->module->tried = files->tried.items;
	files->module->n_tried = files->tried.n;
}

const char *ct_module_disk_path(struct ct_arena *arena, const char *path)
{
	size_t len = strlen(path), suffix = strlen(DELETED);

	if (len <= suffix || strcmp(path + len - suffix, DELETED) != 0)
		return path;
	return ct_arena_strndup(arena, path, len - suffix);
}

/* A debugger outside of a container records its paths with the sysroot in front already. */
static const char *below_root(const char *path, const char *root)
{
	size_t len = root ? strlen(root) : 0;

	while (len && root[len - 1] == '/')
		len--;
	return len && !strncmp(path, root, len) && path[len] == '/' ? path + len : path;
}

const char *ct_module_place(const struct ct_module_files *files)
{
	const char *path = ct_module_disk_path(&files->target->arena, files->module->path);

	return path ? below_root(path, files->target->options.sysroot) : NULL;
}

/* How many bytes of the image's first page the core has, read into page. */
static size_t first_page(const struct ct_module_files *files, uint8_t page[CT_IMAGE_PAGE])
{
	const struct ct_map *map = ct_target_map_at(files->target, files->module->start);
	uint64_t have = 0;

	if (map && map->start == files->module->start && !map->file_offset)
		have = CT_MIN(map->present, CT_IMAGE_PAGE);
	if (!have || ct_image_read_source(files->target, map->start, page, have))
		return 0;
	return have;
}

static enum verdict by_first_page(const struct ct_module_files *files, const struct ct_file *file,
	const struct ct_image *image, const char **why)
{
	uint8_t page[CT_IMAGE_PAGE];
	const struct ct_image_reader memory = {ct_image_read_source, files->target};
	struct ct_image in_core;
	size_t have = first_page(files, page);

	if (have < sizeof(Elf64_Ehdr) || ct_image_read(&memory, files->module->start, true,
						 image->ehdr.e_machine, &in_core)) {
		*why = "not used: the core has neither its build id nor its first page";
		return NOT_TO_TELL;
	}
	/* Behind the segment that holds the header the file has what no memory shows. */
	for (uint32_t i = 0; i < image->n_phdrs; i++)
		if (image->phdrs[i].p_type == PT_LOAD && !image->phdrs[i].p_offset)
			have = CT_MIN(have, image->phdrs[i].p_filesz);
	if (have > file->size || memcmp(page, file->bytes, have) != 0 ||
		(in_core.notes_seen && image->build_id_len)) {
		*why = "another build: its first page differs from the core's";
		return OTHER_BUILD;
	}
	*why = "its first page is the same; the core has no build id";
	return SAME_FILE;
}

static enum verdict judge(const struct ct_module_files *files, const struct ct_file *file,
	const struct ct_image *image, char text[CT_BUILD_ID_TEXT + 64], const char **why)
{
	const struct ct_module *module = files->module;
	char id[CT_BUILD_ID_TEXT];

	if (!module->build_id_len)
		return by_first_page(files, file, image, why);
	if (!image->build_id_len) {
		*why = "another build: it has no build id";
		return OTHER_BUILD;
	}
	if (image->build_id_len == module->build_id_len &&
		!memcmp(image->build_id, module->build_id, module->build_id_len)) {
		*why = "build id matches";
		return SAME_FILE;
	}
	snprintf(text, CT_BUILD_ID_TEXT + 64, "another build: its build id is %s",
		ct_build_id_text(image->build_id, image->build_id_len, id));
	*why = text;
	return OTHER_BUILD;
}

/* Do the target's mappings have every segment of the file where the first one says? Sets the bias.
 */
static bool mappings_agree(
	const struct ct_module_files *files, const struct ct_image *image, uint64_t *ret_bias)
{
	const struct ct_module *module = files->module;
	uint64_t bias = module->bias_known ? module->bias : module->start - image->low;

	for (uint32_t i = 0; i < image->n_phdrs; i++) {
		const Elf64_Phdr *ph = &image->phdrs[i];
		uint64_t addr = bias + ph->p_vaddr;

		if (ph->p_type != PT_LOAD || !ph->p_filesz)
			continue;
		const struct ct_map *map = ct_target_map_at(files->target, addr);
		if (!map || (map->path && map->file_offset + (addr - map->start) != ph->p_offset))
			return false;
	}
	*ret_bias = bias;
	return true;
}

bool ct_module_keep_segments(struct ct_module_files *files, const struct ct_image *image)
{
	files->segments =
		ct_arena_new_array(&files->target->arena, image->n_phdrs, struct ct_module_segment);
	if (!files->segments)
		return false;
	files->build_id_len = image->build_id_len;
	memcpy(files->build_id, image->build_id, image->build_id_len);
	for (uint32_t i = 0; i < image->n_phdrs; i++) {
		const Elf64_Phdr *ph = &image->phdrs[i];

		if (ph->p_type == PT_LOAD &&
			ct_within(ph->p_offset, ph->p_filesz, files->file.size))
			files->segments[files->n_segments++] = (struct ct_module_segment){
				ph->p_vaddr, ph->p_offset, ph->p_filesz, (ph->p_flags & PF_W) != 0};
	}
	return true;
}

/* Takes the mapped file into use if it is the one. *why says what it is in any case. */
static bool take(struct ct_module_files *files, const struct candidate *candidate,
	char text[CT_BUILD_ID_TEXT + 64], const char **why)
{
	const struct ct_image_reader reader = {ct_file_read, &files->file};
	struct ct_module *module = files->module;
	struct ct_image image;

	if (ct_image_read(&reader, 0, false, files->target->process.arch->e_machine, &image)) {
		*why = "no program or library of this machine";
		return false;
	}
	enum verdict verdict = judge(files, &files->file, &image, text, why);
	if (verdict == OTHER_BUILD)
		module->state = CT_MODULE_MISMATCH;
	if (verdict == NOT_TO_TELL && candidate->named_by_user &&
		mappings_agree(files, &image, &module->bias)) {
		module->bias_known = true;
		*why = "used as told; the core can neither confirm nor refute it";
		verdict = SAME_FILE;
	}
	if (verdict != SAME_FILE || !ct_module_keep_segments(files, &image))
		return false;
	if (!module->build_id_len)
		ct_target_note(files->target, CT_NOTE_MISSING_FILE, module->path,
			"its file was taken without a build id: %s", *why);
	return true;
}

/* The user named a file and it will not be used: that is always said. */
static void note_refusal(
	struct ct_module_files *files, const struct candidate *candidate, const char *why)
{
	if (candidate->named_by_user)
		ct_target_note(files->target, CT_NOTE_MISMATCH, candidate->path,
			"was given as the program's file and is not used: %s", why);
}

static const char *full_path(struct ct_module_files *files, const struct candidate *candidate)
{
	if (!candidate->root)
		return candidate->path;
	return ct_arena_printf(&files->target->arena, "%s%s%s", candidate->root,
		candidate->path[0] == '/' ? "" : "/", candidate->path);
}

/* fd: the candidate's file, opened. */
static bool try_fd(
	struct ct_module_files *files, const struct candidate *candidate, int fd, const char *where)
{
	char text[CT_BUILD_ID_TEXT + 64];
	const char *why;

	bool taken = ct_file_map(&files->file, fd, &why) && take(files, candidate, text, &why);
	ct_module_tried(files, where, "%s", why);
	if (!taken) {
		note_refusal(files, candidate, why);
		ct_file_close(&files->file);
		return false;
	}
	files->module->file = where;
	files->module->found = candidate->found;
	return true;
}

static bool try_path(struct ct_module_files *files, const struct candidate *candidate)
{
	const char *where = full_path(files, candidate), *why;

	if (!where)
		return false;
	ct_autofd int fd = ct_file_open(candidate->root, candidate->path, &why);
	if (fd < 0) {
		note_refusal(files, candidate, why);
		ct_module_tried(files, where, "%s", why);
		return false;
	}
	return try_fd(files, candidate, fd, where);
}

static bool try_build_id(struct ct_module_files *files)
{
	const struct ct_options *options = &files->target->options;
	const struct ct_module *module = files->module;
	struct candidate candidate = {.found = CT_FOUND_DEBUG_DIR};

	if (!module->build_id_len)
		return false;
	for (size_t i = 0; i < ct_debug_n_dirs(options); i++) {
		const char *dir = ct_debug_dir(options, i, &candidate.root);

		candidate.path = ct_debug_id_path(
			&files->target->arena, dir, module->build_id, module->build_id_len, "");
		if (candidate.path && try_path(files, &candidate))
			return true;
	}
	candidate.found = CT_FOUND_DEBUGINFOD;
	const char *where;
	ct_autofd int fd =
		ct_debuginfod_find(files, module->build_id, module->build_id_len, false, &where);
	return fd >= 0 && try_fd(files, &candidate, fd, where);
}

/* A bundle has the very files that the core was looked at with. */
static bool try_bundle(struct ct_module_files *files)
{
	const struct ct_module *module = files->module;
	const struct ct_bundle *bundle = ct_core_bundle(files->target->source);
	const struct candidate candidate = {.found = CT_FOUND_BUNDLE};
	int fd =
		bundle ? ct_bundle_file(bundle, module->build_id, module->build_id_len, false) : -1;

	return fd >= 0 && try_fd(files, &candidate, fd, "the bundle");
}

/* path, below the sysroot if there is one. */
static bool try_recorded(struct ct_module_files *files, const char *path)
{
	const struct ct_options *options = &files->target->options;
	const struct candidate at_path = {
		options->sysroot ? CT_FOUND_SYSROOT : CT_FOUND_PATH, options->sysroot, path, false};

	return path && path[0] == '/' && (options->sysroot || !options->only_given) &&
	       try_path(files, &at_path);
}

/* A file of another build there says nothing of the one at the recorded path. */
static bool try_own_path(struct ct_module_files *files)
{
	struct ct_module *module = files->module;
	enum ct_module_state state = module->state;

	if (!module->own_path || try_recorded(files, module->own_path))
		return module->own_path != NULL;
	module->state = state;
	return false;
}

static bool try_all(struct ct_module_files *files)
{
	const struct ct_options *options = &files->target->options;
	const char *path = ct_module_place(files);

	if (path && !strcmp(path, CT_VDSO_PATH))
		return ct_module_from_core(files);
	if (try_bundle(files))
		return true;
	if (options->exe && files->module == ct_module_main(files->target)) {
		const struct candidate exe = {CT_FOUND_PATH, NULL, options->exe, true};

		if (try_path(files, &exe))
			return true;
	}
	return try_recorded(files, path) || try_build_id(files) || try_own_path(files) ||
	       ct_module_from_core(files);
}

static void note_failure(const struct ct_module_files *files)
{
	const struct ct_module *module = files->module;
	char id[CT_BUILD_ID_TEXT];

	ct_build_id_text(module->build_id, module->build_id_len, id);
	if (module->state == CT_MODULE_MISMATCH)
		ct_target_note(files->target, CT_NOTE_MISMATCH, module->path,
			"the file on this machine is another build than the one in the core "
			"(%s%s); "
			"it was not used",
			module->build_id_len ? "build id " : "no build id", id);
	else
		ct_target_note(files->target, CT_NOTE_MISSING_FILE, module->path,
			"no file to match the one in the core (%s%s) was found",
			module->build_id_len ? "build id " : "no build id", id);
}

struct ct_module_files *ct_module_open(const struct ct_module *module)
{
	struct ct_module_files *files = module->files;

	if (files->asked)
		return files;
	files->asked = true;
	files->module->state = CT_MODULE_MISSING;
	if (try_all(files))
		files->module->state = CT_MODULE_NO_SYMBOLS;
	else
		note_failure(files);
	return files;
}
