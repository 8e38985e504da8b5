/* SPDX-License-Identifier: Apache-2.0 */
#include "target/frame_entry.h"

#include <dwarf.h>

#define LENGTH_64 0xffffffffu /* the length that says that a 64-bit one follows */

/* The largest FDE of a compiler itself has 20 KB; no table makes us run for long over one entry. */
#define MAX_ENTRY (1u << 18)

static uint64_t here(const struct ct_frame_section *section, const struct ct_bytes *b)
{
	return section->addr + (uint64_t)(b->at - section->data);
}

enum ct_status ct_frame_entry_read(
	const struct ct_frame_section *section, uint64_t at, struct ct_frame_entry *ret)
{
	if (at >= section->size)
		return CT_DONE;
	struct ct_bytes b = ct_bytes_of(section->data + at, section->size - at);
	uint64_t length = ct_bytes_fixed(&b, 4);
	unsigned word = length == LENGTH_64 ? 8 : 4;

	if (word == 8)
		length = ct_bytes_fixed(&b, 8);
	if (b.failed || !length)
		return CT_DONE;
	if (length > ct_bytes_left(&b) || length > MAX_ENTRY)
		return CT_BAD_INPUT;
	b.end = b.at + length;
	ret->next = (uint64_t)(b.end - section->data);

	uint64_t id_at = (uint64_t)(b.at - section->data);
	uint64_t id = ct_bytes_fixed(&b, word);
	/* In .eh_frame the word is a distance back from itself and 0 marks a CIE. */
	uint64_t cie_id = section->eh ? 0 : word == 8 ? UINT64_MAX : UINT32_MAX;

	if (b.failed)
		return CT_BAD_INPUT;
	ret->is_cie = id == cie_id;
	ret->cie_at = section->eh ? id_at - id : id;
	ret->body = b;
	return CT_OK;
}

/* What the letters behind 'z' announce; a letter that we do not know ends it: CT_BAD_INPUT. */
static enum ct_status read_augmentation(const struct ct_frame_section *section, const char *letters,
	struct ct_bytes *b, struct ct_cie *cie)
{
	for (; *letters; letters++) {
		switch (*letters) {
		case 'L': /* encoding of the exception table's address */
			cie->pads_encoding = ct_bytes_u8(b);
			break;
		case 'P': { /* the personality routine */
			uint8_t encoding = ct_bytes_u8(b);

			/* It may be indirect: only its length matters here. */
			(void)ct_bytes_encoded(b, encoding & 0x0f, here(section, b), 0);
			break;
		}
		case 'R':
			cie->encoding = ct_bytes_u8(b);
			break;
		case 'S':
			cie->signal = true;
			break;
		case 'B': /* aarch64: return addresses are signed with key B */
		case 'G': /* aarch64: the frame is tagged (MTE) */
			break;
		default:
			return CT_BAD_INPUT;
		}
	}
	return b->failed ? CT_BAD_INPUT : CT_OK;
}

/* Versions 1 (.eh_frame), 3 and 4; version 4 adds the sizes of an address and a segment selector.
 */
static bool read_version(struct ct_bytes *b, uint8_t version)
{
	if (version != 4)
		return version == 1 || version == 3;
	uint8_t address_size = ct_bytes_u8(b);
	uint8_t segment_size = ct_bytes_u8(b);

	return address_size == 8 && segment_size == 0;
}

enum ct_status ct_cie_read(const struct ct_frame_section *section, uint64_t at, struct ct_cie *ret)
{
	struct ct_cie cie = {.encoding = DW_EH_PE_absptr, .pads_encoding = DW_EH_PE_omit};
	struct ct_frame_entry entry;

	if (ct_frame_entry_read(section, at, &entry) || !entry.is_cie)
		return CT_BAD_INPUT;
	struct ct_bytes b = entry.body;
	uint8_t version = ct_bytes_u8(&b);
	const char *letters = (const char *)b.at;

	while (ct_bytes_u8(&b))
		;
	if (b.failed || !read_version(&b, version))
		return CT_BAD_INPUT;
	cie.code_factor = ct_bytes_uleb(&b);
	cie.data_factor = ct_bytes_sleb(&b);
	cie.return_column = version == 1 ? ct_bytes_u8(&b) : ct_bytes_uleb(&b);
	cie.sized = *letters == 'z';
	if (!cie.sized && *letters)
		return CT_BAD_INPUT;
	if (cie.sized) {
		uint64_t size = ct_bytes_uleb(&b);
		const uint8_t *data = ct_bytes_take(&b, size);

		if (!data)
			return CT_BAD_INPUT;
		struct ct_bytes augmentation = ct_bytes_of(data, size);
		if (read_augmentation(section, letters + 1, &augmentation, &cie))
			return CT_BAD_INPUT;
	}
	if (b.failed)
		return CT_BAD_INPUT;
	cie.program = b;
	*ret = cie;
	return CT_OK;
}

/* The augmentation data of an FDE is the address of its exception table, which may be 0: none. */
static uint64_t read_pads(
	const struct ct_frame_section *section, const struct ct_cie *cie, struct ct_bytes *b)
{
	uint64_t size = ct_bytes_uleb(b);
	const uint8_t *data = ct_bytes_take(b, size);

	if (!data || !size || cie->pads_encoding == DW_EH_PE_omit)
		return 0;
	struct ct_bytes value = ct_bytes_of(data, size), field = value;
	uint64_t raw = ct_bytes_encoded(&value, cie->pads_encoding & 0x0f, 0, 0);
	uint64_t addr = ct_bytes_encoded(&field, cie->pads_encoding, here(section, &field), 0);
	return raw && !field.failed ? addr : 0;
}

enum ct_status ct_fde_read(const struct ct_frame_section *section,
	const struct ct_frame_entry *entry, const struct ct_cie *cie, struct ct_fde *ret)
{
	struct ct_bytes b = entry->body;
	struct ct_fde fde = {0};

	fde.start = ct_bytes_encoded(&b, cie->encoding, here(section, &b), 0);
	/* The range has the address's format but is relative to nothing. */
	uint64_t range = ct_bytes_encoded(&b, cie->encoding & 0x0f, 0, 0);

	if (cie->sized)
		fde.pads = read_pads(section, cie, &b);
	if (b.failed || !range || !ct_add(fde.start, range, &fde.end))
		return CT_BAD_INPUT;
	fde.program = b;
	*ret = fde;
	return CT_OK;
}
