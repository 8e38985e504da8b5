/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlocks as components of the all-of edges, with the shortest cycle of each as its proof. An
 * edge to oneself is a component of one.
 */
#include "base/vec.h"
#include "graph/components.h"

struct search {
	struct ct_graph *graph;
	struct ct_components found;
	uint32_t *from, *queue; /* of shortest_cycle: from is all CT_NONE between calls */
	CT_VEC(struct ct_cycle) cycles;
};

static void reverse(struct ct_edge *edges, uint32_t n)
{
	for (uint32_t i = 0; i < n / 2; i++) {
		struct ct_edge swap = edges[i];
		edges[i] = edges[n - 1 - i];
		edges[n - 1 - i] = swap;
	}
}

/* The shortest way from start back to itself inside its component; edges in order. 0: there is
 * none. */
static uint32_t shortest_cycle(struct search *s, uint32_t start, struct ct_edge *ret)
{
	const struct ct_graph *g = s->graph;
	const uint32_t *component = s->found.component;
	uint32_t *from = s->from, *queue = s->queue;
	uint32_t head = 0, tail = 0, n = 0;

	queue[tail++] = start;
	while (head < tail && !n) {
		uint32_t at = queue[head++];

		for (uint32_t e = g->first_edge[at]; e < g->first_edge[at + 1]; e++) {
			uint32_t to = g->edges[e].holder;

			if (to == start) {
				/* Walk back along the edges that first reached each actor. */
				for (uint32_t back = e;; back = from[g->edges[back].waiter]) {
					ret[n++] = g->edges[back];
					if (g->edges[back].waiter == start)
						break;
				}
				break;
			}
			if (component[to] == component[start] && from[to] == CT_NONE) {
				from[to] = e;
				queue[tail++] = to;
			}
		}
	}
	for (uint32_t i = 0; i < tail; i++)
		from[queue[i]] = CT_NONE;
	reverse(ret, n);
	return n;
}

/* A cycle has no beginning of its own: the lowest id makes reports of one process alike. */
static void start_at_lowest_id(const struct ct_facts *facts, struct ct_edge *edges, uint32_t n)
{
	uint32_t lowest = 0;

	for (uint32_t i = 1; i < n; i++)
		if (facts->actors[edges[i].waiter].id < facts->actors[edges[lowest].waiter].id)
			lowest = i;
	/* Turned left by lowest: each half reversed, then all. */
	reverse(edges, lowest);
	reverse(edges + lowest, n - lowest);
	reverse(edges, n);
}

/* A component of several actors, or of one that needs itself, becomes a cycle. */
static bool add_cycle(struct search *s, uint32_t component)
{
	const struct ct_facts *facts = s->graph->facts;
	const uint32_t *first = s->found.first;
	uint32_t members = first[component + 1] - first[component];
	ct_autofree struct ct_edge *edges = malloc(((size_t)members + 1) * sizeof(*edges));

	if (!edges)
		return false;
	uint32_t n = shortest_cycle(s, s->found.members[first[component + 1] - 1], edges);
	if (!n)
		return true;
	struct ct_cycle *cycle = ct_vec_push(&s->cycles);
	if (!cycle)
		return false;
	start_at_lowest_id(facts, edges, n);
	cycle->kind = n == 1 ? CT_CYCLE_SELF : CT_CYCLE_LOOP;
	cycle->n_edges = n;
	cycle->edges = ct_arena_copy(&s->graph->arena, edges, n * sizeof(*edges));
	for (uint32_t i = 0; i < n; i++) {
		cycle->timed |= facts->waits[edges[i].wait].timed;
		cycle->trust = CT_MAX(cycle->trust, edges[i].trust);
	}
	return cycle->edges != NULL;
}

/* A knot with a cycle in it is stuck by that one already. */
static bool add_knots(struct search *s)
{
	ct_autofree bool *in_loop = calloc((size_t)s->graph->facts->n_actors + 1, sizeof(*in_loop));
	uint32_t n_loops = s->cycles.n;

	if (!in_loop)
		return false;
	for (uint32_t c = 0; c < n_loops; c++)
		for (uint32_t i = 0; i < s->cycles.items[c].n_edges; i++)
			in_loop[s->cycles.items[c].edges[i].waiter] = true;
	for (uint32_t k = 0; k < s->graph->n_cycles; k++) {
		const struct ct_cycle *knot = &s->graph->cycles[k];
		bool stuck = false;

		for (uint32_t i = 0; i < knot->n_edges; i++)
			stuck |= in_loop[knot->edges[i].waiter];
		struct ct_cycle *slot = stuck ? NULL : ct_vec_push(&s->cycles);
		if (slot)
			*slot = *knot;
		else if (!stuck)
			return false;
	}
	return true;
}

/* Which cycle is each actor in, or behind? Followed along first edges, as roots are. */
enum ct_status ct_graph_mark_cycles(struct ct_graph *g)
{
	uint32_t n = g->facts->n_actors;
	uint32_t *cycle_of = ct_arena_new_array(&g->arena, n, uint32_t);
	bool *in_cycle = ct_arena_new_array(&g->arena, n, bool);
	ct_autofree uint32_t *path = malloc(((size_t)n + 1) * sizeof(*path));
	ct_autofree bool *seen = calloc((size_t)n + 1, sizeof(*seen));

	if (!cycle_of || !in_cycle || !path || !seen)
		return CT_NO_MEMORY;
	memset(cycle_of, 0xff, (size_t)n * sizeof(*cycle_of));
	for (uint32_t c = 0; c < g->n_cycles; c++)
		for (uint32_t i = 0; i < g->cycles[c].n_edges; i++) {
			cycle_of[g->cycles[c].edges[i].waiter] = c;
			in_cycle[g->cycles[c].edges[i].waiter] = true;
		}
	for (uint32_t a = 0; a < n; a++) {
		uint32_t len = 0, at = a;

		while (cycle_of[at] == CT_NONE && !seen[at] &&
			g->first_edge[at] < g->first_edge[at + 1]) {
			seen[at] = true;
			path[len++] = at;
			at = g->edges[g->first_edge[at]].holder;
		}
		for (uint32_t i = 0; i < len; i++)
			cycle_of[path[i]] = cycle_of[at];
	}
	g->cycle_of = cycle_of;
	g->in_cycle = in_cycle;
	return CT_OK;
}

enum ct_status ct_graph_find_cycles(struct ct_graph *graph)
{
	uint32_t n = graph->facts->n_actors;
	struct search s = {.graph = graph,
		.found = {.edges = graph->edges, .first_edge = graph->first_edge, .n = n}};
	bool ok = ct_components_find(&s.found);

	s.from = ct_arena_new_array(&s.found.arena, (size_t)n + 1, uint32_t);
	s.queue = ct_arena_new_array(&s.found.arena, (size_t)n + 1, uint32_t);
	ok &= s.from && s.queue;
	if (ok)
		memset(s.from, 0xff, ((size_t)n + 1) * sizeof(*s.from));
	for (uint32_t c = 0; ok && c < s.found.n_components; c++)
		ok = !ct_component_is_cyclic(&s.found, c) || add_cycle(&s, c);
	ok = ok && add_knots(&s);
	if (ok) {
		graph->n_cycles = s.cycles.n;
		graph->cycles = ct_arena_copy(
			&graph->arena, s.cycles.items, s.cycles.n * sizeof(*s.cycles.items));
	}
	ct_vec_free(&s.cycles);
	ct_arena_free(&s.found.arena);
	return ok && graph->cycles ? CT_OK : CT_NO_MEMORY;
}
