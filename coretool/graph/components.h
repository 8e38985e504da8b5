/* SPDX-License-Identifier: Apache-2.0 */
/* Strongly connected components of a list of edges. Only graph/ includes it. */
#ifndef CT_GRAPH_COMPONENTS_H
#define CT_GRAPH_COMPONENTS_H

#include "graph/graph.h"

struct ct_components {
	const struct ct_edge *edges; /* sorted by waiter */
	const uint32_t *first_edge;  /* [n + 1] */
	uint32_t n;                  /* actors */
	uint32_t *component;         /* per actor */
	/* Members of component c: members[first[c]] … members[first[c + 1] - 1]; the last one was
	 * reached first. */
	uint32_t *members, *first;
	uint32_t n_components;
	struct ct_arena arena;
};

/* edges, first_edge and n are set; the caller frees arena. false: no memory. */
bool ct_components_find(struct ct_components *c);

/* Does the actor need itself, or others of component c? A component of one may not. */
bool ct_component_is_cyclic(const struct ct_components *c, uint32_t component);

#endif
