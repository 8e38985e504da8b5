/* SPDX-License-Identifier: Apache-2.0 */
/* Goroutines that stand in an operation on a map. Part of the facts. */
#ifndef CT_FACTS_GO_MAPS_H
#define CT_FACTS_GO_MAPS_H

#include "facts/facts.h"

struct ct_go_map_use {
	uint32_t actor, frame; /* whose code uses the map, and where: in the actor's stack */
	bool writes;           /* assigns, deletes or clears; else it looks up or iterates */
	uint64_t map;          /* address; 0: it is not known which map it is */
	bool marked;           /* the map says that it is being written */
	const char *type;      /* of the map: "map[string]int"; NULL: not known */
};

struct ct_fact_go_maps {
	const struct ct_go_map_use *uses; /* those of one map stand together; none has two */
	uint32_t n;
	bool exact; /* how maps look is surely that of the program's version of Go */
};

#endif
