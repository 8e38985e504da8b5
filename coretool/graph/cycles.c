/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlocks as components: Tarjan's strongly connected components over all-of edges, without
 * recursion, then the shortest cycle of each component as its proof. An edge to oneself is a
 * component of one.
 */
#include "base/vec.h"
#include "graph/graph.h"

struct tarjan {
	struct ct_graph *graph;
	uint32_t n;
	uint32_t *index, *low, *next_edge, *stack, *calls, *component;
	uint32_t *from, *queue; /* of shortest_cycle: from is all CT_NONE between calls */
	bool *on_stack;
	uint32_t n_stack, n_calls, counter, n_components;
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
static uint32_t shortest_cycle(struct tarjan *t, uint32_t start, struct ct_edge *ret)
{
	const struct ct_graph *g = t->graph;
	uint32_t *from = t->from, *queue = t->queue;
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
			if (t->component[to] == t->component[start] && from[to] == CT_NONE) {
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
static bool add_cycle(struct tarjan *t, uint32_t start, uint32_t members)
{
	const struct ct_facts *facts = t->graph->facts;
	ct_autofree struct ct_edge *edges = malloc(((size_t)members + 1) * sizeof(*edges));

	if (!edges)
		return false;
	uint32_t n = shortest_cycle(t, start, edges);
	if (!n)
		return true;
	struct ct_cycle *cycle = ct_vec_push(&t->cycles);
	if (!cycle)
		return false;
	start_at_lowest_id(facts, edges, n);
	cycle->kind = n == 1 ? CT_CYCLE_SELF : CT_CYCLE_LOOP;
	cycle->n_edges = n;
	cycle->edges = ct_arena_copy(&t->graph->arena, edges, n * sizeof(*edges));
	for (uint32_t i = 0; i < n; i++) {
		cycle->timed |= facts->waits[edges[i].wait].timed;
		cycle->trust = CT_MAX(cycle->trust, edges[i].trust);
	}
	return cycle->edges != NULL;
}

static void tarjan_enter(struct tarjan *t, uint32_t a)
{
	t->index[a] = t->low[a] = ++t->counter;
	t->next_edge[a] = t->graph->first_edge[a];
	t->stack[t->n_stack++] = a;
	t->on_stack[a] = true;
	t->calls[t->n_calls++] = a;
}

/* All edges of a are done: is it the first of a component? */
static bool tarjan_leave(struct tarjan *t, uint32_t a)
{
	uint32_t members = 0, member;

	t->n_calls--;
	if (t->n_calls) {
		uint32_t caller = t->calls[t->n_calls - 1];

		t->low[caller] = CT_MIN(t->low[caller], t->low[a]);
	}
	if (t->low[a] != t->index[a])
		return true;
	do {
		member = t->stack[--t->n_stack];
		t->on_stack[member] = false;
		t->component[member] = t->n_components;
		members++;
	} while (member != a);
	t->n_components++;
	bool self = false;
	for (uint32_t e = t->graph->first_edge[a]; e < t->graph->first_edge[a + 1]; e++)
		self |= t->graph->edges[e].holder == a;
	return members > 1 || self ? add_cycle(t, a, members) : true;
}

static bool tarjan_from(struct tarjan *t, uint32_t start)
{
	tarjan_enter(t, start);
	while (t->n_calls) {
		uint32_t a = t->calls[t->n_calls - 1];

		if (t->next_edge[a] == t->graph->first_edge[a + 1]) {
			if (!tarjan_leave(t, a))
				return false;
			continue;
		}
		uint32_t to = t->graph->edges[t->next_edge[a]++].holder;
		if (!t->index[to])
			tarjan_enter(t, to);
		else if (t->on_stack[to])
			t->low[a] = CT_MIN(t->low[a], t->index[to]);
	}
	return true;
}

/* Which cycle is each actor in, or behind? Followed along first edges, as roots are. */
static bool mark_actors(struct tarjan *t)
{
	struct ct_graph *g = t->graph;
	uint32_t *cycle_of = ct_arena_new_array(&g->arena, t->n, uint32_t);
	bool *in_cycle = ct_arena_new_array(&g->arena, t->n, bool);
	uint32_t *path = t->stack; /* free by now */

	if (!cycle_of || !in_cycle)
		return false;
	memset(cycle_of, 0xff, (size_t)t->n * sizeof(*cycle_of));
	memset(t->on_stack, 0, t->n);
	for (uint32_t c = 0; c < g->n_cycles; c++)
		for (uint32_t i = 0; i < g->cycles[c].n_edges; i++) {
			cycle_of[g->cycles[c].edges[i].waiter] = c;
			in_cycle[g->cycles[c].edges[i].waiter] = true;
		}
	for (uint32_t a = 0; a < t->n; a++) {
		uint32_t len = 0, at = a;

		while (cycle_of[at] == CT_NONE && !t->on_stack[at] &&
			g->first_edge[at] < g->first_edge[at + 1]) {
			t->on_stack[at] = true;
			path[len++] = at;
			at = g->edges[g->first_edge[at]].holder;
		}
		for (uint32_t i = 0; i < len; i++)
			cycle_of[path[i]] = cycle_of[at];
	}
	g->cycle_of = cycle_of;
	g->in_cycle = in_cycle;
	return true;
}

enum ct_status ct_graph_find_cycles(struct ct_graph *graph)
{
	struct tarjan t = {.graph = graph, .n = graph->facts->n_actors};
	uint32_t **arrays[] = {&t.index, &t.low, &t.next_edge, &t.stack, &t.calls, &t.component,
		&t.from, &t.queue};
	struct ct_arena scratch = {0};
	bool ok = true;

	for (size_t i = 0; i < CT_COUNT(arrays); i++)
		ok &= (*arrays[i] = ct_arena_new_array(&scratch, (size_t)t.n + 1, uint32_t)) !=
		      NULL;
	t.on_stack = ct_arena_new_array(&scratch, (size_t)t.n + 1, bool);
	ok &= t.on_stack != NULL;
	if (ok)
		memset(t.from, 0xff, ((size_t)t.n + 1) * sizeof(*t.from));
	for (uint32_t a = 0; ok && a < t.n; a++)
		if (!t.index[a])
			ok = tarjan_from(&t, a);
	if (ok) {
		graph->n_cycles = t.cycles.n;
		graph->cycles = ct_arena_copy(
			&graph->arena, t.cycles.items, t.cycles.n * sizeof(*t.cycles.items));
		ok = graph->cycles && mark_actors(&t);
	}
	ct_vec_free(&t.cycles);
	ct_arena_free(&scratch);
	return ok ? CT_OK : CT_NO_MEMORY;
}
