/* SPDX-License-Identifier: Apache-2.0 */
#include "target/elf_content.h"

#include <archive.h>
#include <archive_entry.h>
#include <gelf.h>

/*
 * DWARF packs to a tenth of its size at best. A claim beyond that is no claim of a compiler; small
 * ones harm nobody.
 */
#define MAX_UNPACK_RATIO ((uint64_t)64)
#define SMALL_UNPACKED   ((uint64_t)16 << 20)
#define MAX_MINI_DEBUG   ((uint64_t)256 << 20)

/* The size to which a section unpacks by its own word, 0 when it is not compressed. */
static uint64_t unpacked_size(Elf *elf, const GElf_Shdr *shdr, const char *name)
{
	size_t size;
	const uint8_t *bytes = (const uint8_t *)elf_rawfile(elf, &size);
	uint64_t ret = 0;

	if (!bytes || shdr->sh_type == SHT_NOBITS)
		return 0;
	if (shdr->sh_flags & SHF_COMPRESSED) {
		Elf64_Chdr chdr;

		if (ct_within(shdr->sh_offset, sizeof(chdr), size)) {
			memcpy(&chdr, bytes + shdr->sh_offset, sizeof(chdr));
			ret = chdr.ch_size;
		}
	} else if (!strncmp(name, ".zdebug", 7) && ct_within(shdr->sh_offset, 12, size)) {
		/* The old GNU form: "ZLIB", then the size, most significant byte first. */
		for (size_t i = 4; i < 12; i++)
			ret = ret << 8 | bytes[shdr->sh_offset + i];
	}
	return ret;
}

void ct_elf_look(Elf *elf, struct ct_elf_content *ret)
{
	struct ct_elf_content content = {0};
	size_t names = 0;
	Elf_Scn *scn = NULL;

	if (elf_getshdrstrndx(elf, &names))
		names = 0;
	while ((scn = elf_nextscn(elf, scn))) {
		GElf_Shdr shdr;
		const char *name;

		if (!gelf_getshdr(scn, &shdr) || !(name = elf_strptr(elf, names, shdr.sh_name)))
			continue;
		uint64_t unpacked = unpacked_size(elf, &shdr, name);
		if (unpacked > SMALL_UNPACKED && unpacked / MAX_UNPACK_RATIO > shdr.sh_size)
			content.unfit = "a compressed section claims an absurd size";
		if (shdr.sh_type == SHT_NOBITS)
			continue;
		if (shdr.sh_type == SHT_SYMTAB && shdr.sh_entsize)
			content.symtab = true;
		else if (!strcmp(name, ".debug_info") || !strcmp(name, ".zdebug_info"))
			content.dwarf = true;
		else if (!content.mini_debug && !strcmp(name, ".gnu_debugdata")) {
			content.mini_debug = elf_ndxscn(scn);
			content.mini_debug_size = shdr.sh_size;
		}
	}
	*ret = content;
}

static void set_size(Elf *elf, size_t section, uint64_t size)
{
	Elf_Scn *scn = elf_getscn(elf, section);
	GElf_Shdr shdr;

	if (scn && gelf_getshdr(scn, &shdr)) {
		shdr.sh_size = size;
		gelf_update_shdr(scn, &shdr);
	}
}

void ct_elf_hide_mini_debug(Elf *elf, const struct ct_elf_content *content)
{
	if (content->mini_debug)
		set_size(elf, content->mini_debug, 0);
}

/* Does this xz data unpack, whole, to no more than the limit? Nothing is kept. */
static bool unpacks_sanely(const uint8_t *data, size_t size)
{
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	const void *block;
	size_t len;
	la_int64_t offset;
	int status = ARCHIVE_FATAL;

	if (!archive)
		return false;
	(void)archive_read_support_filter_xz(archive);
	(void)archive_read_support_filter_lzma(archive);
	archive_read_support_format_raw(archive);
	/* Not packed at all is one filter, "none": libdwfl does not take that either. */
	if (archive_read_open_memory(archive, data, size) == ARCHIVE_OK &&
		archive_read_next_header(archive, &entry) == ARCHIVE_OK &&
		archive_filter_count(archive) == 2) {
		do {
			status = archive_read_data_block(archive, &block, &len, &offset);
		} while (status == ARCHIVE_OK && (uint64_t)offset + len <= MAX_MINI_DEBUG);
	}
	archive_read_free(archive);
	return status == ARCHIVE_EOF;
}

bool ct_elf_show_mini_debug(Elf *elf, const struct ct_elf_content *content)
{
	Elf_Scn *scn = content->mini_debug ? elf_getscn(elf, content->mini_debug) : NULL;
	size_t size;
	const uint8_t *bytes = (const uint8_t *)elf_rawfile(elf, &size);
	GElf_Shdr shdr;

	if (!scn || !bytes || !gelf_getshdr(scn, &shdr) ||
		!ct_within(shdr.sh_offset, content->mini_debug_size, size) ||
		!unpacks_sanely(bytes + shdr.sh_offset, content->mini_debug_size))
		return false;
	set_size(elf, content->mini_debug, content->mini_debug_size);
	return true;
}
