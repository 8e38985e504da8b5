/* SPDX-License-Identifier: Apache-2.0 */
/* Tarjan's algorithm, without recursion. */
#include "graph/components.h"

struct tarjan {
	struct ct_components *c;
	uint32_t *index, *low, *next_edge, *stack, *calls;
	bool *on_stack;
	uint32_t n_stack, n_calls, counter, n_members;
};

static void enter(struct tarjan *t, uint32_t a)
{
	t->index[a] = t->low[a] = ++t->counter;
	t->next_edge[a] = t->c->first_edge[a];
	t->stack[t->n_stack++] = a;
	t->on_stack[a] = true;
	t->calls[t->n_calls++] = a;
}

/* All edges of a are done: is it the first of a component? */
static void leave(struct tarjan *t, uint32_t a)
{
	uint32_t member;

	t->n_calls--;
	if (t->n_calls) {
		uint32_t caller = t->calls[t->n_calls - 1];

		t->low[caller] = CT_MIN(t->low[caller], t->low[a]);
	}
	if (t->low[a] != t->index[a])
		return;
	do {
		member = t->stack[--t->n_stack];
		t->on_stack[member] = false;
		t->c->component[member] = t->c->n_components;
		t->c->members[t->n_members++] = member;
	} while (member != a);
	t->c->first[++t->c->n_components] = t->n_members;
}

static void run_from(struct tarjan *t, uint32_t start)
{
	enter(t, start);
	while (t->n_calls) {
		uint32_t a = t->calls[t->n_calls - 1];

		if (t->next_edge[a] == t->c->first_edge[a + 1]) {
			leave(t, a);
			continue;
		}
		uint32_t to = t->c->edges[t->next_edge[a]++].holder;
		if (!t->index[to])
			enter(t, to);
		else if (t->on_stack[to])
			t->low[a] = CT_MIN(t->low[a], t->index[to]);
	}
}

bool ct_components_find(struct ct_components *c)
{
	struct tarjan t = {.c = c};
	uint32_t **scratch[] = {&t.index, &t.low, &t.next_edge, &t.stack, &t.calls};
	uint32_t **lasting[] = {&c->component, &c->members, &c->first};
	struct ct_arena arena = {0};

	for (size_t i = 0; i < CT_COUNT(scratch); i++)
		*scratch[i] = ct_arena_new_array(&arena, (size_t)c->n + 1, uint32_t);
	for (size_t i = 0; i < CT_COUNT(lasting); i++)
		*lasting[i] = ct_arena_new_array(&c->arena, (size_t)c->n + 1, uint32_t);
	t.on_stack = ct_arena_new_array(&arena, (size_t)c->n + 1, bool);
	bool ok = !arena.failed && !c->arena.failed;
	for (uint32_t a = 0; ok && a < c->n; a++)
		if (!t.index[a])
			run_from(&t, a);
	ct_arena_free(&arena);
	return ok;
}

bool ct_component_is_cyclic(const struct ct_components *c, uint32_t component)
{
	uint32_t a = c->members[c->first[component]];

	if (c->first[component + 1] - c->first[component] > 1)
		return true;
	for (uint32_t e = c->first_edge[a]; e < c->first_edge[a + 1]; e++)
		if (c->edges[e].holder == a)
			return true;
	return false;
}
