/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module's ELF image put together from the target's own memory: the vdso, which no file has, and
 * programs whose file is gone when the core holds all of their code. It has no section headers
 * unless they happen to be mapped.
 */
#include "target/module_private.h"

#define MAX_IMAGE ((uint64_t)128 << 20)

/* The size of the file as far as its segments are loaded; 0: absurd. */
static uint64_t loaded_size(const struct ct_image *image)
{
	uint64_t size = 0;

	for (uint32_t i = 0; i < image->n_phdrs; i++) {
		const Elf64_Phdr *ph = &image->phdrs[i];
		uint64_t end;

		if (ph->p_type != PT_LOAD)
			continue;
		if (!ct_add(ph->p_offset, ph->p_filesz, &end) || end > MAX_IMAGE)
			return 0;
		size = CT_MAX(size, end);
	}
	return size;
}

/* Reads the segments. Those that are not writable must be there; of the others, what is. */
static bool read_segments(
	const struct ct_module_files *files, const struct ct_image *image, uint8_t *bytes)
{
	for (uint32_t i = 0; i < image->n_phdrs; i++) {
		const Elf64_Phdr *ph = &image->phdrs[i];

		if (ph->p_type == PT_LOAD && ph->p_filesz &&
			ct_image_read_source(files->target, image->bias + ph->p_vaddr,
				bytes + ph->p_offset, ph->p_filesz) &&
			!(ph->p_flags & PF_W))
			return false;
	}
	return true;
}

/*
 * The section headers stand behind the last segment, in its last page: so they are mapped with it
 * in the vdso. Reads them, or has the header say that there are none.
 */
static void read_sections(const struct ct_module_files *files, const struct ct_image *image,
	uint8_t *bytes, uint64_t *size)
{
	const Elf64_Ehdr *ehdr = &image->ehdr;
	uint64_t end, room = (*size + CT_IMAGE_PAGE - 1) & ~(CT_IMAGE_PAGE - 1);

	for (uint32_t i = 0; i < image->n_phdrs; i++) {
		const Elf64_Phdr *ph = &image->phdrs[i];
		uint64_t addr = image->bias + ph->p_vaddr - ph->p_offset;

		if (ph->p_type != PT_LOAD || ph->p_flags & PF_W ||
			ph->p_offset + ph->p_filesz != *size ||
			!ct_add(ehdr->e_shoff, ehdr->e_shnum * sizeof(Elf64_Shdr), &end) ||
			ehdr->e_shoff < ph->p_offset || end > room)
			continue;
		if (end <= *size || !ct_image_read_source(files->target, addr + *size,
					    bytes + *size, end - *size)) {
			*size = CT_MAX(*size, end);
			return;
		}
	}
	Elf64_Ehdr *copy = (Elf64_Ehdr *)bytes;
	copy->e_shoff = 0;
	copy->e_shnum = copy->e_shstrndx = 0;
}

bool ct_module_from_core(struct ct_module_files *files)
{
	const struct ct_image_reader memory = {ct_image_read_source, files->target};
	const struct ct_module *module = files->module;
	struct ct_image image;

	if (!module->bias_known || ct_image_read(&memory, module->start, true,
					   files->target->process.arch->e_machine, &image))
		return false;
	uint64_t size = loaded_size(&image);
	if (size < sizeof(Elf64_Ehdr))
		return false;
	uint8_t *bytes = calloc(1, size + CT_IMAGE_PAGE);
	if (!bytes || !read_segments(files, &image, bytes)) {
		free(bytes);
		return false;
	}
	read_sections(files, &image, bytes, &size);
	files->file = (struct ct_file){.bytes = bytes, .size = size, .allocated = true};
	if (!ct_module_keep_segments(files, &image)) {
		ct_file_close(&files->file);
		return false;
	}
	files->module->found = CT_FOUND_CORE;
	ct_module_tried(files, "the core", "has all of its code");
	return true;
}
