/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a file keeps its call frame tables: by section headers, or, where a file has none, by the
 * program header that the C++ runtime itself uses.
 */
#include <gelf.h>

#include "target/frame_table.h"

#define MAX_SECTIONS 65536

/* The section of that name with its bytes; false: there is none, or none in this file. */
static bool find_section(Elf *elf, const char *name, struct ct_frame_section *ret)
{
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	for (unsigned i = 0; i < MAX_SECTIONS && (scn = elf_nextscn(elf, scn)); i++) {
		GElf_Shdr header;

		if (!gelf_getshdr(scn, &header) || header.sh_type == SHT_NOBITS)
			continue;
		const char *found = elf_strptr(elf, names, header.sh_name);
		if (!found || strcmp(found, name))
			continue;
		/* libdw keeps what was compressed unpacked in its place. */
		const Elf_Data *data = elf_rawdata(scn, NULL);
		if (!data || !data->d_buf)
			return false;
		*ret = (struct ct_frame_section){data->d_buf, data->d_size, header.sh_addr, false};
		return true;
	}
	return false;
}

/* The bytes of the file from addr to the end of its segment. */
static bool segment_bytes(Elf *elf, uint64_t addr, struct ct_frame_section *ret)
{
	size_t n;

	if (elf_getphdrnum(elf, &n))
		return false;
	for (size_t i = 0; i < n && i < MAX_SECTIONS; i++) {
		GElf_Phdr segment;

		if (!gelf_getphdr(elf, (int)i, &segment) || segment.p_type != PT_LOAD ||
			addr < segment.p_vaddr || addr - segment.p_vaddr >= segment.p_filesz)
			continue;
		uint64_t skip = addr - segment.p_vaddr;
		const Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)(segment.p_offset + skip),
			segment.p_filesz - skip, ELF_T_BYTE);
		if (!data || !data->d_buf)
			return false;
		*ret = (struct ct_frame_section){data->d_buf, data->d_size, addr, false};
		return true;
	}
	return false;
}

static bool find_header_segment(Elf *elf, struct ct_frame_section *ret)
{
	size_t n;

	if (elf_getphdrnum(elf, &n))
		return false;
	for (size_t i = 0; i < n && i < MAX_SECTIONS; i++) {
		GElf_Phdr segment;

		if (gelf_getphdr(elf, (int)i, &segment) && segment.p_type == PT_GNU_EH_FRAME)
			return segment_bytes(elf, segment.p_vaddr, ret);
	}
	return false;
}

enum ct_status ct_frame_table_eh(Elf *elf, struct ct_frame_table *ret)
{
	struct ct_frame_table table = {0};
	struct ct_frame_section header;
	uint64_t addr;

	bool by_section = find_section(elf, ".eh_frame", &table.section);
	bool has_header = by_section ? find_section(elf, ".eh_frame_hdr", &header)
				     : find_header_segment(elf, &header);
	if (has_header &&
		ct_frame_table_read_header(header.data, header.size, header.addr, &table, &addr))
		has_header = false;
	if (!by_section && (!has_header || !segment_bytes(elf, addr, &table.section)))
		return CT_NOT_FOUND;
	table.section.eh = true;
	*ret = table;
	return CT_OK;
}

enum ct_status ct_frame_table_debug(Elf *elf, struct ct_frame_table *ret)
{
	struct ct_frame_table table = {0};

	if (!find_section(elf, ".debug_frame", &table.section))
		return CT_NOT_FOUND;
	*ret = table;
	return CT_OK;
}
