/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that stand on instructions which touch the same memory, one of them to write it. Part of
 * the facts. */
#ifndef CT_FACTS_RACES_H
#define CT_FACTS_RACES_H

#include "facts/facts.h"

struct ct_race_access {
	uint32_t race;    /* those of one race have one number, and stand together */
	uint32_t actor;   /* the goroutine, where the thread runs one */
	uint32_t site;    /* of the instruction, which has not been executed yet */
	uint64_t address; /* of its operand */
	uint32_t size;    /* bytes */
	bool read, write;
	const char *text; /* of the instruction */
};

struct ct_fact_races {
	const struct ct_race_access *accesses;
	uint32_t n;
};

#endif
