/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading of a core's file before it is looked at. What is looked at mostly lies apart, so that a
 * file that is not in the page cache is read a page at a time: of much, that takes minutes. Who is
 * going to look at much says where; then it is read together, in the order of the file.
 *
 * Each part of the file is fetched once at most, whatever maps it and whoever asks, and of all of
 * it no more than half of the machine's memory has room for. Holes are left out.
 */
#ifndef CT_SOURCE_CORE_FETCH_H
#define CT_SOURCE_CORE_FETCH_H

#include "base/base.h"

struct ct_core;

struct ct_core_fetch {
	uint64_t *wanted, *fetched; /* a bit for each block of the file; NULL: not asked for yet */
	uint64_t high;              /* wanted blocks are below it; 0: none is */
	uint64_t room;              /* blocks that may still be wanted */
};

/* Bytes [offset, offset + len) of the file, which has them, are going to be read. */
void ct_core_want(struct ct_core *core, uint64_t offset, uint64_t len);
/* Reads what is wanted, so far as it was not read before. What cannot be read is found out by who
 * looks at it. */
void ct_core_fetch(struct ct_core *core);
void ct_core_fetch_free(struct ct_core_fetch *fetch);

#endif
