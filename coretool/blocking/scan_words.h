/* SPDX-License-Identifier: Apache-2.0 */
/* The inner loop of the search for held locks. Private to blocking/scan.c. */
#ifndef CT_BLOCKING_SCAN_WORDS_H
#define CT_BLOCKING_SCAN_WORDS_H

#include "base/base.h"

#define CT_SCAN_BLOCK 16      /* words that are looked at together */
#define CT_SCAN_UPPER 0xffffu /* the most that the upper half of a word may be */

/* A word whose lower half is in [low, low + span], and whose upper half is a small number. */
static inline bool ct_scan_is_candidate(uint64_t word, uint32_t low, uint32_t span)
{
	return (uint32_t)word - low <= span && word >> 32 <= CT_SCAN_UPPER;
}

/*
 * The first of n blocks with a candidate in it; n: none has. The bytes need no alignment. low > 0.
 */
size_t ct_scan_next_block(const uint8_t *bytes, size_t n, uint32_t low, uint32_t span);

#define CT_SCAN_BEFORE 24u /* bytes before and behind a block that are looked at, too */
#define CT_SCAN_BEHIND 8u

/*
 * Of the words of one block, those whose neighbours allow what some struct ct_scan's near() wants:
 * none that it wants is missing. ret[i] is zero: not that one. False: none.
 */
bool ct_scan_block(const uint8_t *block, uint32_t low, uint32_t span, uint64_t ret[CT_SCAN_BLOCK]);

#endif
