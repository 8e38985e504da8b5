/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The headers of one ELF image: ELF header, program headers, build id. Read from a target's memory
 * or from a file's bytes with the same checks, so that both can be compared. Nothing here trusts a
 * number of the image.
 */
#ifndef CT_TARGET_MODULE_IMAGE_H
#define CT_TARGET_MODULE_IMAGE_H

#include <elf.h>

#include "target/modules.h"

#define CT_IMAGE_MAX_PHDRS 128 /* real programs have about a dozen */
#define CT_IMAGE_PAGE      UINT64_C(4096)

/* Where an image's bytes come from: CT_OK, or CT_FAULT when not all of len can be had. */
struct ct_image_reader {
	enum ct_status (*read)(const void *arg, uint64_t at, void *buf, size_t len);
	const void *arg;
};

struct ct_image {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdrs[CT_IMAGE_MAX_PHDRS];
	uint32_t n_phdrs;
	uint64_t bias;      /* address of the first byte = bias + its virtual address */
	uint64_t low, high; /* virtual addresses: of all PT_LOAD, on page borders */
	uint8_t build_id[CT_BUILD_ID_MAX];
	uint8_t build_id_len;
	bool build_id_is_go; /* of Go's linker: a text */
	bool has_go_note;    /* whatever its build id is, Go's linker has left its own */
	bool notes_seen;     /* all its PT_NOTE could be read: no build id means that it has none */
};

/*
 * The image whose ELF header is at start; in memory its notes are at their virtual addresses, in a
 * file at their offsets. CT_FAULT: its headers cannot be read; CT_NOT_FOUND: no 64-bit
 * little-endian image of this machine.
 */
enum ct_status ct_image_read(const struct ct_image_reader *reader, uint64_t start, bool in_memory,
	uint16_t machine, struct ct_image *ret);

/* A reader of a target's own bytes, never of module files: arg is the struct ct_target. */
enum ct_status ct_image_read_source(const void *arg, uint64_t at, void *buf, size_t len);

#endif
