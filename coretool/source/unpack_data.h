/* SPDX-License-Identifier: Apache-2.0 */
/* What unpack.c and bundle.c share: the data of one archive entry into an unnamed file. */
#ifndef CT_SOURCE_UNPACK_DATA_H
#define CT_SOURCE_UNPACK_DATA_H

#include "base/str.h"

struct archive;

/* One input on its way through libarchive. */
struct ct_unpacking {
	struct archive *archive;
	const char *path; /* for messages */
	uint64_t limit;   /* bytes that may be unpacked in all … */
	uint64_t done;    /* … and that were */
	bool ended;       /* the input is damaged or the limit is reached: nothing more will come */
	struct ct_str damage;
};

/*
 * Unpacks the current entry into a new unnamed file. An entry that is cut off gives what there was,
 * ended and damage set. With is_core the first bytes must be those of a core: else CT_BAD_INPUT,
 * before the rest is unpacked.
 */
CT_WARN_UNUSED enum ct_status ct_unpack_data(
	struct ct_unpacking *u, bool is_core, int *ret, struct ct_error *err);

#endif
