/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that shrinks while it is mapped raises SIGBUS at the next touch. The guard puts a page of
 * zeros there instead and remembers it, so that the analysis goes on and says so.
 */
#ifndef CT_SOURCE_MAP_GUARD_H
#define CT_SOURCE_MAP_GUARD_H

#include "base/base.h"

struct ct_map_guard {
	uintptr_t start, end;
	volatile bool damaged; /* a page of the range was replaced */
};

/* guard stays registered, and must stay where it is, until removed. The first one installs the
 * handler, the last one restores what was there before. CT_NO_MEMORY: there are 4096 already. */
CT_WARN_UNUSED enum ct_status ct_map_guard_add(
	struct ct_map_guard *guard, const void *start, size_t len);
void ct_map_guard_remove(struct ct_map_guard *guard);

#endif
