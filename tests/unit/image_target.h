/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of modules: a target that looks like a core. ELF files compiled while the test runs are
 * laid out as the loader does it, and of their bytes the target has what a kernel core has: the
 * first page and what is writable.
 */
#ifndef IMAGE_TARGET_H
#define IMAGE_TARGET_H

#include <elf.h>
#include <stdio.h>

#include "self_target.h"
#include "target/internal.h"

#define IMAGE_PAGE UINT64_C(4096)

struct image_block {
	uint64_t addr;
	uint8_t *bytes;
	size_t len;
};

struct image_source {
	CT_VEC(struct ct_map) maps;
	CT_VEC(struct image_block) blocks;
	uint64_t auxv[64]; /* by type; 0: none */
	const char *exe;
};

/* How much of an image the target has. */
enum image_dump { IMAGE_FIRST_PAGE, IMAGE_NO_HEADER, IMAGE_ALL };

static inline void image_add_map(struct image_source *source, uint64_t start, uint64_t len,
	const char *path, uint64_t offset, int prot, uint64_t present)
{
	struct ct_map *map = ct_vec_push(&source->maps);

	*map = (struct ct_map){.start = start,
		.end = start + len,
		.path = path,
		.file_offset = offset,
		.prot = prot,
		.present = present};
}

/* Returns the target's copy, to be changed at will. */
static inline void *image_add_bytes(
	struct image_source *source, uint64_t addr, const void *bytes, size_t len)
{
	struct image_block *block = ct_vec_push(&source->blocks);

	*block = (struct image_block){addr, calloc(1, len ? len : 1), len};
	if (bytes)
		memcpy(block->bytes, bytes, len);
	return block->bytes;
}

static inline uint8_t *image_file(const char *folder, const char *name, size_t *len)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	*len = (size_t)ftell(file);
	rewind(file);
	uint8_t *bytes = malloc(*len);
	assert_int_equal(fread(bytes, 1, *len, file), *len);
	fclose(file);
	return bytes;
}

static inline void image_put_file(
	const char *folder, const char *name, const uint8_t *bytes, size_t len)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static inline uint64_t image_round(uint64_t value)
{
	return (value + IMAGE_PAGE - 1) & ~(IMAGE_PAGE - 1);
}

/* One PT_LOAD of file, as mapped from path. */
static inline void image_add_segment(struct image_source *source, const uint8_t *file,
	const Elf64_Phdr *ph, uint64_t base, const char *path, enum image_dump dump)
{
	uint64_t skip = ph->p_vaddr % IMAGE_PAGE, start = base + ph->p_vaddr - skip;
	uint64_t offset = ph->p_offset - skip, len = image_round(skip + ph->p_filesz);
	uint64_t have = dump == IMAGE_ALL || ph->p_flags & PF_W ? skip + ph->p_filesz : 0;
	int prot = (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) |
		   (ph->p_flags & PF_X ? PROT_EXEC : 0);

	if (!offset && dump == IMAGE_FIRST_PAGE)
		have = IMAGE_PAGE;
	have = CT_MIN(have, skip + ph->p_filesz);
	image_add_map(source, start, len, path, offset, prot, have);
	if (have)
		image_add_bytes(source, start, file + offset, have);
	uint64_t end = image_round(skip + ph->p_memsz);
	if (end > len)
		image_add_map(source, start + len, end - len, NULL, 0, prot, 0);
}

/* The file folder/name as if it had been loaded at base from path; to be called in the order of
 * addresses. */
static inline void image_load(struct image_source *source, const char *folder, const char *name,
	uint64_t base, const char *path, enum image_dump dump)
{
	size_t len;
	uint8_t *file = image_file(folder, name, &len);
	Elf64_Ehdr ehdr;

	memcpy(&ehdr, file, sizeof(ehdr));
	for (unsigned i = 0; i < ehdr.e_phnum; i++) {
		Elf64_Phdr ph;

		memcpy(&ph, file + ehdr.e_phoff + i * sizeof(ph), sizeof(ph));
		if (ph.p_type == PT_LOAD)
			image_add_segment(source, file, &ph, base, path, dump);
	}
	free(file);
}

static inline enum ct_status image_process(void *arg, struct ct_process *ret)
{
	struct image_source *source = arg;

	*ret = (struct ct_process){.arch = ct_arch_find(SELF_MACHINE),
		.kind = "core",
		.path = "image",
		.exe = source->exe,
		.still = true};
	return CT_OK;
}

static inline enum ct_status image_next_map(void *arg, size_t *cur, struct ct_map *ret)
{
	struct image_source *source = arg;

	if (*cur >= source->maps.n)
		return CT_DONE;
	*ret = source->maps.items[(*cur)++];
	return CT_OK;
}

static inline enum ct_status image_read(void *arg, uint64_t addr, void *buf, size_t len)
{
	struct image_source *source = arg;

	for (uint32_t i = 0; i < source->blocks.n; i++) {
		const struct image_block *block = &source->blocks.items[i];

		if (addr >= block->addr && ct_within(addr - block->addr, len, block->len)) {
			memcpy(buf, block->bytes + (addr - block->addr), len);
			return CT_OK;
		}
	}
	return CT_FAULT;
}

static inline enum ct_status image_auxv(void *arg, uint64_t type, uint64_t *ret)
{
	struct image_source *source = arg;

	if (type >= CT_COUNT(source->auxv) || !source->auxv[type])
		return CT_NOT_FOUND;
	*ret = source->auxv[type];
	return CT_OK;
}

static inline void image_close(void *arg)
{
	struct image_source *source = arg;

	for (uint32_t i = 0; i < source->blocks.n; i++)
		free(source->blocks.items[i].bytes);
	ct_vec_free(&source->blocks);
	ct_vec_free(&source->maps);
	free(source);
}

/* Takes source. */
static inline struct ct_target *image_target(
	struct image_source *source, const struct ct_options *options)
{
	static const struct ct_source_ops ops = {.name = "image",
		.process = image_process,
		.next_map = image_next_map,
		.next_thread = self_next_thread,
		.read = image_read,
		.auxv = image_auxv,
		.close = image_close};
	struct ct_target *target;
	struct ct_error err;

	assert_int_equal(
		ct_target_open((struct ct_source){&ops, source}, options, &target, &err), CT_OK);
	return target;
}

/* Is there a note of this code whose text or subject has this word in it? */
static inline bool image_noted(struct ct_target *target, enum ct_note_code code, const char *word)
{
	enum ct_note_code at;
	const char *about, *text;
	size_t cur = 0;

	while (!ct_target_next_note(target, &cur, &at, &about, &text))
		if (at == code && (strstr(text, word) || strstr(about, word)))
			return true;
	return false;
}

/* Was a place tried whose path ends in end, with an answer that has word in it? */
static inline bool image_tried(const struct ct_module *module, const char *end, const char *word)
{
	for (size_t i = 0; i < module->n_tried; i++) {
		const char *colon = strstr(module->tried[i], ": ");
		size_t len = strlen(end);

		if (colon && (size_t)(colon - module->tried[i]) >= len &&
			!strncmp(colon - len, end, len) && strstr(colon, word))
			return true;
	}
	return false;
}

#endif
