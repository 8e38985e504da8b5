/* SPDX-License-Identifier: Apache-2.0 */
#include "target/frame_place.h"

#include <dwarf.h>

/* One location, of n operations: an offset from the CFA, or something else. */
static bool read_place(const Dwarf_Op *ops, size_t n, int64_t *ret)
{
	*ret = n ? (int64_t)ops[n > 1].number : 0;
	if (n == 1)
		return ops[0].atom == DW_OP_fbreg || ops[0].atom == DW_OP_call_frame_cfa;
	return n && ops[0].atom == DW_OP_call_frame_cfa &&
	       ((n == 2 && ops[1].atom == DW_OP_plus_uconst) ||
		       (n == 3 && ops[1].atom == DW_OP_consts && ops[2].atom == DW_OP_plus));
}

bool ct_frame_place(const Dwarf_Op *ops, size_t n, uint64_t offset, int64_t *ret)
{
	uint64_t begin = 0;

	for (size_t i = 0; i < n;) {
		size_t first = i;
		int64_t place;

		while (i < n && ops[i].atom != DW_OP_piece)
			i++;
		bool in_frame = read_place(&ops[first], i - first, &place);
		uint64_t size = i < n ? ops[i++].number : UINT64_MAX;

		if (offset - begin < size) {
			*ret = (int64_t)((uint64_t)place + (offset - begin));
			return in_frame;
		}
		begin += size;
	}
	return false;
}
