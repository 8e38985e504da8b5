/* SPDX-License-Identifier: Apache-2.0 */
/* The truth about locks that nobody waits for. */
#ifndef HELD_H
#define HELD_H

#include "sample.h"

/* name: as DWARF tells it, "*x" for one that ends so, NULL where none can. */
static inline void truth_held(const struct sample_thread *t, const void *lock, const char *name)
{
	printf("{\"hold\":{\"tid\":%d,\"resource\":\"%p\"", t->tid, lock);
	if (name)
		printf(",\"name\":\"%s\"", name);
	printf("}}\n");
}

static inline void truth_left_held(pid_t owner, const void *lock, const char *name)
{
	printf("{\"left_held\":{\"owner\":%d,\"resource\":\"%p\",\"name\":\"%s\"}}\n", owner, lock,
		name);
}

static inline void truth_held_only(void)
{
	truth_is("held_only", "true");
}

#endif
