/* SPDX-License-Identifier: Apache-2.0 */
/* Where in its frame a part of a variable is, by the variable's location. Private to target/. */
#ifndef CT_TARGET_FRAME_PLACE_H
#define CT_TARGET_FRAME_PLACE_H

#include <elfutils/libdw.h>

#include "base/base.h"

/*
 * The place of the part at offset in the variable, counted from the frame's CFA, which also has to
 * be the function's frame base. ops: n operations of the location, maybe of pieces (DWARF 5, 2.6).
 * False: that part is in a register or nowhere, or the location is of another sort.
 */
bool ct_frame_place(const Dwarf_Op *ops, size_t n, uint64_t offset, int64_t *ret);

#endif
