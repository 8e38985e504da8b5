/* SPDX-License-Identifier: Apache-2.0 */
#include "target/fde_starts.h"

#include <dwarf.h>
#include <gelf.h>

/* version, three encodings, the address of .eh_frame, the number of rows */
#define HEADER_SIZE 12
#define ROW_SIZE    8

static int32_t read_s32(const uint8_t *p)
{
	int32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static bool is_4_bytes(uint8_t encoding)
{
	return (encoding & 0x0f) == DW_EH_PE_udata4 || (encoding & 0x0f) == DW_EH_PE_sdata4;
}

void ct_fde_starts_find(Dwfl_Module *dwfl, struct ct_fde_starts *ret)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(dwfl, &bias);
	GElf_Phdr phdr;
	size_t n_phdrs;

	*ret = (struct ct_fde_starts){0};
	if (!elf || elf_getphdrnum(elf, &n_phdrs))
		return;
	for (size_t i = 0; i < n_phdrs; i++) {
		if (!gelf_getphdr(elf, (int)i, &phdr) || phdr.p_type != PT_GNU_EH_FRAME)
			continue;
		Elf_Data *data = elf_getdata_rawchunk(
			elf, (int64_t)phdr.p_offset, phdr.p_filesz, ELF_T_BYTE);
		const uint8_t *hdr = data ? data->d_buf : NULL;
		if (!hdr || data->d_size < HEADER_SIZE || hdr[0] != 1 || !is_4_bytes(hdr[1]) ||
			hdr[2] != DW_EH_PE_udata4 || hdr[3] != (DW_EH_PE_datarel | DW_EH_PE_sdata4))
			return;
		uint64_t room = (data->d_size - HEADER_SIZE) / ROW_SIZE;
		ret->rows = hdr + HEADER_SIZE;
		ret->n = CT_MIN((uint32_t)read_s32(hdr + 8), room);
		ret->base = bias + phdr.p_vaddr;
		return;
	}
}

uint64_t ct_fde_starts_next(const struct ct_fde_starts *starts, uint64_t addr)
{
	uint64_t lo = 0, hi = starts->n;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;
		uint64_t start = starts->base + (uint64_t)read_s32(starts->rows + mid * ROW_SIZE);

		if (start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == starts->n)
		return UINT64_MAX;
	return starts->base + (uint64_t)read_s32(starts->rows + lo * ROW_SIZE);
}
