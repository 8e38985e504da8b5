/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/graph.h"

/* A chain of threads that wait for threads cannot be followed forever: each actor is visited once.
 */
struct builder {
	const struct ct_facts *facts;
	struct ct_graph *graph;
	struct ct_edge *edges;
	uint32_t *first_edge, *root;
};

/* All of a wait's holders are needed; but any one of several may post a semaphore. */
static bool needs_holders(const struct ct_facts *facts, const struct ct_wait *wait)
{
	if (wait->resource == CT_NONE || wait->any_of)
		return false;
	return ct_wait_kind_has_holder(wait->kind) || facts->resources[wait->resource].n_holds == 1;
}

/*
 * Holders of what an all-of wait is for: these are the actors that it needs. Those that cannot go
 * on come first, so that chains lead to what keeps them.
 */
static uint32_t edges_of_wait(const struct builder *b, uint32_t w, struct ct_edge *to)
{
	const struct ct_wait *wait = &b->facts->waits[w];
	uint32_t n = 0;

	if (!needs_holders(b->facts, wait))
		return 0;
	const struct ct_resource *r = &b->facts->resources[wait->resource];
	if (!to)
		return r->n_holds;
	for (int able = 0; able < 2; able++)
		for (uint32_t i = 0; i < r->n_holds; i++) {
			uint32_t h = b->facts->holds_by_resource[r->first_hold + i];
			const struct ct_hold *hold = &b->facts->holds[h];

			if (ct_hold_blocks(wait, hold) &&
				(b->graph->orphan[hold->actor] == CT_NO_ORPHAN) == able)
				to[n++] = (struct ct_edge){ct_graph_node(b->facts, wait->actor),
					ct_graph_node(b->facts, hold->actor), w, h, CT_NONE,
					CT_MAX(wait->trust, hold->trust)};
		}
	return n;
}

static bool build_edges(struct builder *b)
{
	const struct ct_facts *facts = b->facts;
	uint64_t total = 0;

	b->first_edge = ct_arena_new_array(&b->graph->arena, (size_t)facts->n_actors + 1, uint32_t);
	if (!b->first_edge)
		return false;
	for (uint32_t w = 0; w < facts->n_waits; w++)
		total += edges_of_wait(b, w, NULL);
	if (total >= CT_NONE)
		return false;
	b->edges = ct_arena_new_array(&b->graph->arena, total, struct ct_edge);
	if (!b->edges)
		return false;
	uint32_t n = 0;
	for (uint32_t a = 0; a < facts->n_actors; a++) {
		uint32_t part = ct_graph_node(facts, a) == a ? a : CT_NONE;

		b->first_edge[a] = n;
		for (; part != CT_NONE; part = ct_graph_next(facts, a, part))
			for (uint32_t i = 0; i < facts->actors[part].n_waits; i++)
				n += edges_of_wait(
					b, facts->actors[part].first_wait + i, b->edges + n);
	}
	b->first_edge[facts->n_actors] = n;
	b->graph->edges = b->edges;
	b->graph->first_edge = b->first_edge;
	b->graph->n_edges = n;
	return true;
}

/* What the actor waits for, when the owner of that is gone. */
static uint32_t lost_resource(const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];

	for (uint32_t i = 0; i < a->n_waits; i++)
		if (facts->waits[a->first_wait + i].owner_gone)
			return facts->waits[a->first_wait + i].resource;
	return CT_NONE;
}

/*
 * Where each chain ends: it is followed along first edges until it ends, meets an actor whose end
 * is known, or closes on itself. An owner that is gone ends it as a cycle does: nobody is there.
 */
static bool find_roots(struct builder *b)
{
	uint32_t n = b->facts->n_actors;
	uint32_t *root = ct_arena_new_array(&b->graph->arena, n, uint32_t);
	uint32_t *lost = ct_arena_new_array(&b->graph->arena, n, uint32_t);
	ct_autofree uint32_t *path = malloc(((size_t)n + 1) * sizeof(*path));
	ct_autofree uint8_t *state = calloc((size_t)n + 1, 1); /* 1: on the path, 2: known */

	if (!root || !lost || !path || !state)
		return false;
	for (uint32_t a = 0; a < n; a++) {
		uint32_t len = 0, at = a;

		while (!state[at] && b->first_edge[at] < b->first_edge[at + 1]) {
			state[at] = 1;
			path[len++] = at;
			at = b->edges[b->first_edge[at]].holder;
		}
		if (!state[at]) {
			lost[at] = lost_resource(b->facts, at);
			root[at] = lost[at] == CT_NONE ? at : CT_NONE;
			state[at] = 2;
		}
		uint32_t end = state[at] == 2 ? root[at] : CT_NONE;
		uint32_t end_lost = state[at] == 2 ? lost[at] : CT_NONE;
		while (len) {
			state[path[--len]] = 2;
			root[path[len]] = end;
			lost[path[len]] = end_lost;
		}
	}
	b->graph->root = b->root = root;
	b->graph->lost = lost;
	return true;
}

/*
 * How many actors wait for each one, directly or through others, along first edges: counts run from
 * the leaves towards the roots. What is left then are loops, whose members all wait for each other
 * and share what is behind.
 */
static bool count_behind(struct builder *b)
{
	uint32_t n = b->facts->n_actors, head = 0, tail = 0;
	uint32_t *behind = ct_arena_new_array(&b->graph->arena, n, uint32_t);
	ct_autofree uint32_t *waiters =
		calloc((size_t)n + 1, sizeof(*waiters)); /* not yet counted */
	ct_autofree uint32_t *queue = malloc(((size_t)n + 1) * sizeof(*queue));

	if (!behind || !waiters || !queue)
		return false;
	for (uint32_t a = 0; a < n; a++)
		if (b->first_edge[a] < b->first_edge[a + 1])
			waiters[b->edges[b->first_edge[a]].holder]++;
	for (uint32_t a = 0; a < n; a++)
		if (!waiters[a])
			queue[tail++] = a;
	while (head < tail) {
		uint32_t a = queue[head++];

		if (b->first_edge[a] == b->first_edge[a + 1])
			continue;
		uint32_t holder = b->edges[b->first_edge[a]].holder;
		behind[holder] += behind[a] + 1;
		if (!--waiters[holder])
			queue[tail++] = holder;
	}
	for (uint32_t a = 0; a < n; a++) {
		uint32_t sum = 0, at = a;

		if (!waiters[a])
			continue;
		do {
			sum += behind[at] + 1;
			at = b->edges[b->first_edge[at]].holder;
		} while (at != a);
		do {
			behind[at] = sum - 1;
			waiters[at] = 0;
			at = b->edges[b->first_edge[at]].holder;
		} while (at != a);
	}
	b->graph->behind = behind;
	return true;
}

static bool list_members(struct ct_graph *graph, uint32_t *root)
{
	uint32_t n = graph->facts->n_actors;
	uint32_t *of_cycle = ct_arena_new_array(&graph->arena, graph->n_cycles, uint32_t);
	uint32_t *of_root = ct_arena_new_array(&graph->arena, n, uint32_t);
	uint32_t *of_lost = ct_arena_new_array(&graph->arena, graph->facts->n_resources, uint32_t);
	uint32_t *next = ct_arena_new_array(&graph->arena, n, uint32_t);

	if (!of_cycle || !of_root || !of_lost || !next)
		return false;
	memset(of_lost, 0xff, graph->facts->n_resources * sizeof(*of_lost));
	memset(of_cycle, 0xff, graph->n_cycles * sizeof(*of_cycle));
	memset(of_root, 0xff, n * sizeof(*of_root));
	memset(next, 0xff, n * sizeof(*next));
	for (uint32_t a = n; a-- > 0;) {
		uint32_t *first = NULL;

		/* What a knot's own edges are is not what roots are found by. */
		if (graph->cycle_of[a] != CT_NONE)
			root[a] = CT_NONE;
		if (graph->cycle_of[a] != CT_NONE)
			first = &of_cycle[graph->cycle_of[a]];
		else if (graph->root[a] != CT_NONE && graph->root[a] != a)
			first = &of_root[graph->root[a]];
		else if (graph->lost[a] != CT_NONE)
			first = &of_lost[graph->lost[a]];
		if (!first)
			continue;
		next[a] = *first;
		*first = a;
	}
	graph->first_of_cycle = of_cycle;
	graph->first_of_root = of_root;
	graph->first_of_lost = of_lost;
	graph->next = next;
	return true;
}

enum ct_status ct_graph_build(
	const struct ct_facts *facts, struct ct_graph **ret, struct ct_error *err)
{
	struct ct_graph *graph = calloc(1, sizeof(*graph));
	struct builder b = {.facts = facts, .graph = graph};

	if (!graph)
		return ct_fail(err, CT_NO_MEMORY, "out of memory");
	graph->facts = facts;
	if (ct_graph_find_orphans(graph) || !build_edges(&b) || !find_roots(&b) ||
		!count_behind(&b) || ct_graph_find_cycles(graph) || ct_graph_mark_cycles(graph) ||
		!list_members(graph, b.root)) {
		ct_graph_free(graph);
		return ct_fail(
			err, CT_NO_MEMORY, "out of memory while building the wait-for graph");
	}
	*ret = graph;
	return CT_OK;
}

void ct_graph_free(struct ct_graph *graph)
{
	if (!graph)
		return;
	ct_arena_free(&graph->arena);
	free(graph);
}
