/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wait-for graph: an edge goes from an actor to each one that it needs. Made from facts alone.
 * A goroutine and its carrier are one node, so that chains through both close.
 */
#ifndef CT_GRAPH_GRAPH_H
#define CT_GRAPH_GRAPH_H

#include "facts/facts.h"

struct ct_edge {
	uint32_t waiter, holder; /* actors */
	uint32_t wait, hold;     /* the facts behind the edge */
	enum ct_trust trust;     /* the worse of the two */
};

enum ct_cycle_kind { CT_CYCLE_SELF, CT_CYCLE_LOOP };

struct ct_cycle {
	enum ct_cycle_kind kind;
	bool timed;          /* one of its waits ends by itself */
	enum ct_trust trust; /* the worst of its edges */
	uint32_t n_edges;
	const struct ct_edge *edges; /* each one's holder is the next one's waiter; round */
};

struct ct_graph {
	const struct ct_facts *facts;
	const struct ct_edge *edges; /* sorted by waiter */
	const uint32_t *first_edge;  /* [n_actors + 1] */
	const struct ct_cycle *cycles;
	/* Per actor: */
	const uint32_t *root;   /* the end of its chain; itself when it waits for no actor; CT_NONE
				   when the chain runs into a cycle or an owner that is gone */
	const uint32_t *lost;   /* the resource at its end whose owner is gone, or CT_NONE */
	const uint32_t *behind; /* how many wait for it, also through others, by first edges */
	const bool *in_cycle;   /* it is part of a cycle, not merely behind one */
	const uint32_t *cycle_of; /* the cycle that it is in or behind, or CT_NONE */
	/*
	 * The actors of one cycle (in it or behind it), and those behind one root, as lists in the
	 * order of actors: first_of_cycle[cycle], first_of_root[actor] or first_of_lost[resource],
	 * then next[] until CT_NONE. An actor is in one of them at most.
	 */
	const uint32_t *first_of_cycle, *first_of_root, *first_of_lost, *next;
	uint32_t n_edges, n_cycles;
	struct ct_arena arena;
};

CT_WARN_UNUSED enum ct_status ct_graph_build(
	const struct ct_facts *facts, struct ct_graph **ret, struct ct_error *err);
void ct_graph_free(struct ct_graph *graph);

/* Fills in cycles and cycle_of of a graph whose edges stand. (cycles.c) */
CT_WARN_UNUSED enum ct_status ct_graph_find_cycles(struct ct_graph *graph);

#endif
