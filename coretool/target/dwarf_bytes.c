/* SPDX-License-Identifier: Apache-2.0 */
#include "target/dwarf_bytes.h"

#include <dwarf.h>

#define DW_EH_PE_FORMAT 0x0f
#define DW_EH_PE_BASE   0xf0 /* with DW_EH_PE_indirect */

static uint64_t leb(struct ct_bytes *b, bool is_signed)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = ct_bytes_u8(b);
		if (shift < 64) {
			value |= (uint64_t)(byte & 0x7f) << shift;
			shift += 7;
		}
	} while (byte & 0x80);
	if (is_signed && shift < 64 && (byte & 0x40))
		value |= ~UINT64_C(0) << shift;
	return value;
}

uint64_t ct_bytes_uleb(struct ct_bytes *b)
{
	return leb(b, false);
}

int64_t ct_bytes_sleb(struct ct_bytes *b)
{
	return (int64_t)leb(b, true);
}

static uint64_t encoded_format(struct ct_bytes *b, uint8_t format)
{
	switch (format) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		return ct_bytes_fixed(b, 8);
	case DW_EH_PE_udata4:
		return ct_bytes_fixed(b, 4);
	case DW_EH_PE_sdata4:
		return ct_sign_extend(ct_bytes_fixed(b, 4), 4);
	case DW_EH_PE_udata2:
		return ct_bytes_fixed(b, 2);
	case DW_EH_PE_sdata2:
		return ct_sign_extend(ct_bytes_fixed(b, 2), 2);
	case DW_EH_PE_uleb128:
		return ct_bytes_uleb(b);
	case DW_EH_PE_sleb128:
		return (uint64_t)ct_bytes_sleb(b);
	default:
		b->failed = true;
		return 0;
	}
}

uint64_t ct_bytes_encoded(struct ct_bytes *b, uint8_t encoding, uint64_t here, uint64_t data_base)
{
	uint64_t base = 0;

	switch (encoding & DW_EH_PE_BASE) {
	case DW_EH_PE_absptr:
		break;
	case DW_EH_PE_pcrel:
		base = here;
		break;
	case DW_EH_PE_datarel:
		base = data_base;
		b->failed |= !data_base;
		break;
	default:
		b->failed = true;
	}
	return base + encoded_format(b, encoding & DW_EH_PE_FORMAT);
}
