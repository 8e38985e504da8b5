/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/opcode.h"

/* The eight operations from add (00) to cmp (38) have six forms each; cmp alone does not write. */
static uint8_t same_form(unsigned map, uint8_t opcode)
{
	if (map || opcode >= 0x40 || (opcode & 7) >= 6)
		return opcode;
	uint8_t form = opcode & 7;
	return opcode >= 0x38 && form <= 1 ? 0x38 + form : form;
}

static const struct ct_opcode_row *find(const struct ct_opcode_row *rows, size_t n, unsigned map,
	uint8_t opcode, unsigned enc, unsigned pp, unsigned reg)
{
	for (size_t i = 0; i < n; i++) {
		const struct ct_opcode_row *row = &rows[i];

		if (row->map == map && row->from <= opcode && opcode <= row->to &&
			(row->enc & enc) && (row->pp & pp) && (row->reg >> reg & 1))
			return row;
	}
	return NULL;
}

const struct ct_opcode_row *ct_opcode_find(
	unsigned map, uint8_t opcode, unsigned enc, unsigned pp, unsigned reg)
{
	const struct ct_opcode_row *row = NULL;

	opcode = same_form(map, opcode);
	if (enc == ENC_LEGACY)
		row = find(ct_general_opcodes, ct_n_general_opcodes, map, opcode, enc, pp, reg);
	return row ? row : find(ct_vector_opcodes, ct_n_vector_opcodes, map, opcode, enc, pp, reg);
}
