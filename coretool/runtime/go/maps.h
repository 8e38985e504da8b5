/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Go's maps as operations on them see them: which functions of the runtime these are
 * (runtime/map.go; since 1.24 internal/runtime/maps), and the head of a map.
 */
#ifndef CT_RUNTIME_GO_MAPS_H
#define CT_RUNTIME_GO_MAPS_H

#include "runtime/go/go.h"

/* type and map in hiter, and in maps.Iter: behind key and element */
#define CT_GO_MAP_ITERATOR 16

struct ct_go_map_operation {
	const char *name; /* what the function's name begins with */
	bool writes, iterates;
	uint8_t at;      /* index of the argument that is the map, or the iterator */
	uint8_t type_at; /* of the map's type, where it does not iterate */
	uint8_t until;   /* the version in which the arguments became others; 0: none */
};

/* The one that a function is or belongs to; NULL: it is none. */
const struct ct_go_map_operation *ct_go_map_operation(const char *function);
/* May an operation on a map have called it? From those that end in a panic nothing comes back. */
bool ct_go_map_calls(const char *function);
/*
 * Does the map at this address say that it is being written? False: there is no map, as far as can
 * be read.
 */
bool ct_go_map_marked(const struct ct_go *go, uint64_t at, bool *marked);

#endif
