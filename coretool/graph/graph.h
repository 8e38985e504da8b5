/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wait-for graph: an edge goes from an actor to each one that it needs. Made from facts alone.
 * A goroutine and its carrier are one node, so that chains through both close.
 */
#ifndef CT_GRAPH_GRAPH_H
#define CT_GRAPH_GRAPH_H

#include "facts/facts.h"

/*
 * A goroutine and the thread that carries it (it runs there, is in a system call or in C, or is
 * locked to it) can only go on together: the goroutine stands for both.
 */
static inline uint32_t ct_graph_node(const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];

	return a->kind == CT_ACTOR_THREAD && a->runs < facts->n_actors &&
			       facts->actors[a->runs].kind == CT_ACTOR_GOROUTINE &&
			       facts->actors[a->runs].carrier == actor
		       ? a->runs
		       : actor;
}

/* The actors of a node: itself, then its carrier, then CT_NONE. */
static inline uint32_t ct_graph_next(const struct ct_facts *facts, uint32_t node, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[node];

	return actor == node && a->kind == CT_ACTOR_GOROUTINE && a->carrier < facts->n_actors &&
			       ct_graph_node(facts, a->carrier) == node
		       ? a->carrier
		       : CT_NONE;
}

/* Threads of a runtime that wait for work, and its own goroutines, end nobody's wait of themselves.
 */
static inline bool ct_graph_rests(const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];

	return a->system && (a->kind == CT_ACTOR_THREAD || a->state == CT_STATE_WAITING);
}

struct ct_edge {
	uint32_t waiter, holder; /* actors: nodes */
	uint32_t wait, hold;     /* the facts behind the edge */
	uint32_t peer;           /* instead of a hold (CT_NONE then): it would end the wait */
	enum ct_trust trust;     /* the worse of the two */
};

enum ct_cycle_kind {
	CT_CYCLE_SELF,
	CT_CYCLE_LOOP,
	CT_CYCLE_KNOT, /* some of its waits could be ended by one of several, all of which are in it
			  or stuck elsewhere */
};

struct ct_cycle {
	enum ct_cycle_kind kind;
	bool timed;          /* one of its waits ends by itself */
	enum ct_trust trust; /* the worst of its edges; of a knot, of what it rests on */
	uint32_t n_edges;
	/* Each one's holder is the next one's waiter, round; of a knot all edges inside of it, by
	 * waiter. */
	const struct ct_edge *edges;
};

#define CT_NO_ORPHAN UINT8_MAX

struct ct_graph {
	const struct ct_facts *facts;
	const struct ct_edge *edges; /* sorted by waiter */
	const uint32_t *first_edge;  /* [n_actors + 1] */
	const struct ct_cycle *cycles;
	/* Per actor: */
	/*
	 * Nobody can ever end what it waits for: enum ct_trust, how far that is known at best, with
	 * CT_TRUST_LAYOUT or less it is proven. CT_NO_ORPHAN: somebody can, or might. Members of
	 * cycles and those behind them are among the orphans.
	 */
	const uint8_t *orphan;
	/* The same, if no more threads come to barriers than there are now: orphans, and who waits
	 * at a barrier to which too few can come. */
	const bool *unmet;
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

/* How many must still come to a barrier; 0: it is none, or that is not known. */
uint32_t ct_barrier_missing(const struct ct_facts *facts, uint32_t resource);

/* The steps of ct_graph_build(), each of which needs what the ones before it have filled in. */
/* orphan, unmet; cycles: the knots. (orphans.c) */
CT_WARN_UNUSED enum ct_status ct_graph_find_orphans(struct ct_graph *graph);
/* cycles: all of them, when the edges stand. (cycles.c) */
CT_WARN_UNUSED enum ct_status ct_graph_find_cycles(struct ct_graph *graph);
/* cycle_of and in_cycle. (cycles.c) */
CT_WARN_UNUSED enum ct_status ct_graph_mark_cycles(struct ct_graph *graph);

#endif
