/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that stand on instructions which touch the same memory, one of them to write it. Part of
 * the facts. */
#ifndef CT_FACTS_RACES_H
#define CT_FACTS_RACES_H

#include "facts/facts.h"

/* What the instruction that a running thread executes next will do to memory. It is no atomic one:
 * those are no part of a race, and are not told. */
struct ct_access {
	uint32_t place; /* those whose bytes overlap have one number, and stand together */
	uint32_t actor; /* the goroutine, where the thread runs one */
	uint32_t site;  /* of the instruction */
	uint64_t address;
	uint32_t size; /* bytes */
	bool read, write;
	/* Go's compiler made it: there each atomic write has a lock prefix or is an xchg. In C, C++
	 * and Rust those of relaxed order are plain moves. */
	bool is_go;
	bool has_constant; /* it writes this */
	int64_t constant;
	const char *object; /* that the address is in: "g_stats.orders"; NULL: not known */
	const char *text;   /* of the instruction */
};

struct ct_fact_races {
	const struct ct_access *accesses;
	uint32_t n;
};

#endif
