/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the old goes with which of the new. Only rules/ includes it. */
#ifndef CT_RULES_DIFF_PAIR_H
#define CT_RULES_DIFF_PAIR_H

#include "base/base.h"

/* Things of one kind by their keys. */
struct ct_keys {
	const char **items; /* NULL: it goes with none and is not told */
	uint32_t n;
};

/*
 * Calls add for each pair with one key, and for each that goes with none: CT_NONE is the other. Of
 * several with one key the first goes with the first. false: out of memory.
 */
CT_WARN_UNUSED bool ct_pair(const struct ct_keys *old, const struct ct_keys *new,
	void (*add)(void *self, uint32_t old, uint32_t new), void *self);

#endif
