/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a thread stays until main lets it go on. It waits in read(2), so that a futex it is found
 * in later is no part of the waiting here.
 */
#ifndef GATE_H
#define GATE_H

#include "sample.h"

struct gate {
	int ends[2];
};

static inline void gate_init(struct gate *gate)
{
	sample_must(pipe(gate->ends), "pipe");
}

/* NULL: an open one. */
static inline void gate_pass(struct gate *gate)
{
	char c;

	if (gate && read(gate->ends[0], &c, 1) != 1)
		sample_fail("read", gate->ends[0]);
}

static inline void gate_await(struct gate *gate, const struct sample_thread *t)
{
	sample_await(t->tid, SYS_read, gate->ends[0]);
}

static inline void gate_open(struct gate *gate)
{
	if (write(gate->ends[1], "x", 1) != 1)
		sample_fail("write", gate->ends[1]);
}

#endif
