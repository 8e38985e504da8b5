/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that look for held locks share. Only observe/ includes it. */
#ifndef CT_OBSERVE_HELD_H
#define CT_OBSERVE_HELD_H

#include "blocking/scan.h"
#include "observe/internal.h"

/* What speaks for a hit beside its own bytes. */
struct ct_held_evidence {
	enum ct_trust trust;
	const char *why; /* NULL: nothing does */
};

/* A hit, and what was found out about it. */
struct ct_held_hit {
	struct ct_scan_hit scan;
	bool in_row; /* several at equal distances: an array */
	struct ct_held_evidence evidence;
};

/* Is addr in a part of a stack that nobody uses: below a stack pointer, or of a thread that has
 * exited? (held_stacks.c) */
struct ct_dead_stacks;
struct ct_dead_stacks *ct_dead_stacks_new(struct ct_observation *o); /* NULL: no memory */
void ct_dead_stacks_free(struct ct_dead_stacks *stacks);
bool ct_dead_stacks_have(struct ct_dead_stacks *stacks, uint64_t addr);

/* Looks for pointers to hits in the registers and stacks of their owners. (held_pointers.c) */
void ct_held_find_pointers(struct ct_observation *o, struct ct_held_hit *hits, uint32_t n);

/* Adds static variables of the program's own that are locks by their type. (held_typed.c) */
void ct_held_find_typed(struct ct_observation *o);

#endif
