/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where functions start, by the search table of .eh_frame_hdr (LSB core, generic part, 10.6.2):
 * also there in a stripped file. Private to target/.
 */
#ifndef CT_TARGET_FDE_STARTS_H
#define CT_TARGET_FDE_STARTS_H

#include <elfutils/libdwfl.h>

#include "base/base.h"

struct ct_fde_starts {
	const uint8_t
		*rows; /* in the mapped file: pairs of 32-bit offsets, the first is the start */
	uint64_t n;
	uint64_t base; /* of those offsets, in the target */
};

/* Without a table that we can read: one without rows. */
void ct_fde_starts_find(Dwfl_Module *dwfl, struct ct_fde_starts *ret);
/* The first start behind addr; UINT64_MAX: there is none. */
uint64_t ct_fde_starts_next(const struct ct_fde_starts *starts, uint64_t addr);

#endif
