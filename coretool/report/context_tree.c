/* SPDX-License-Identifier: Apache-2.0 */
#include "report/context_tree.h"

#include "base/hash.h"
#include "rules/contexts.h"

/* ---- what one looks like ---- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
	return mix(hash, text ? ct_hash_bytes(text, strlen(text)) : 1);
}

static uint64_t own_look(const struct ct_go_context *x, const struct ct_context_node *node)
{
	uint64_t hash = mix_text(x->kind, x->type);
	unsigned when = x->overdue_ns > 0 ? 1 : x->overdue_ns < 0 ? 2 : x->deadline ? 3 : 0;

	hash = mix_text(mix_text(mix_text(hash, x->key), x->value), x->text);
	hash = mix_text(mix_text(hash, x->err), x->cause);
	return mix(
		hash, when * 8 + x->lost * 4u + (node->n_waits != 0) * 2 + (node->n_ignores != 0));
}

static void count_goroutines(
	const struct ct_facts *facts, uint32_t context, struct ct_context_node *node)
{
	const struct ct_fact_go_contexts *c = facts->go_contexts;
	const struct ct_go_context *x = &c->contexts[context];

	node->n_waits = x->done == CT_NONE ? 0 : facts->resources[x->done].n_waiters;
	for (uint32_t i = 0; i < x->n_uses; i++)
		node->n_ignores += ct_context_use_ignores(
			facts, &c->uses[c->uses_by_context[x->first_use + i]]);
}

/* ---- the tree ---- */

static void list_children(const struct ct_fact_go_contexts *c, struct ct_context_tree *tree)
{
	uint32_t at;

	for (uint32_t i = 0; i < c->n_contexts; i++) {
		if (c->contexts[i].parent == CT_NONE)
			tree->n_roots++;
		else
			tree->nodes[c->contexts[i].parent].n++;
	}
	at = tree->n_roots;
	for (uint32_t i = 0; i < c->n_contexts; i++) {
		tree->nodes[i].first = at;
		at += tree->nodes[i].n;
		tree->nodes[i].n = 0;
	}
	at = 0;
	for (uint32_t i = 0; i < c->n_contexts; i++) {
		uint32_t parent = c->contexts[i].parent;
		uint32_t slot = parent == CT_NONE
					? at++
					: tree->nodes[parent].first + tree->nodes[parent].n++;

		tree->children[slot] = (struct ct_context_child){0, c->contexts[i].address, i};
	}
}

static int by_look(const void *a, const void *b)
{
	const struct ct_context_child *x = a, *y = b;

	if (x->look != y->look)
		return x->look < y->look ? -1 : 1;
	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return (x->context > y->context) - (x->context < y->context);
}

static uint64_t sort_children(
	const struct ct_context_tree *tree, struct ct_context_child *list, uint32_t n)
{
	uint64_t sum = n;

	for (uint32_t i = 0; i < n; i++) {
		list[i].look = tree->nodes[list[i].context].look;
		sum += mix(list[i].look, 3);
	}
	if (n > 1)
		qsort(list, n, sizeof(*list), by_look);
	return sum;
}

/* From the leaves up; order has parents before their children. */
static void find_looks(
	const struct ct_facts *facts, struct ct_context_tree *tree, const uint32_t *order)
{
	for (uint32_t i = facts->go_contexts->n_contexts; i-- > 0;) {
		struct ct_context_node *node = &tree->nodes[order[i]];

		count_goroutines(facts, order[i], node);
		node->look = mix(own_look(&facts->go_contexts->contexts[order[i]], node),
			sort_children(tree, tree->children + node->first, node->n));
	}
	(void)sort_children(tree, tree->children, tree->n_roots);
}

bool ct_context_tree_make(const struct ct_facts *facts, struct ct_context_tree *ret)
{
	const struct ct_fact_go_contexts *c = facts->go_contexts;
	ct_autofree uint32_t *order = malloc(((size_t)c->n_contexts + 1) * sizeof(*order));
	uint32_t end;

	ret->nodes = calloc((size_t)c->n_contexts + 1, sizeof(*ret->nodes));
	ret->children = malloc(((size_t)c->n_contexts + 1) * sizeof(*ret->children));
	if (!order || !ret->nodes || !ret->children)
		return false;
	list_children(c, ret);
	for (end = 0; end < ret->n_roots; end++)
		order[end] = ret->children[end].context;
	for (uint32_t i = 0; i < end; i++) {
		const struct ct_context_node *node = &ret->nodes[order[i]];

		for (uint32_t k = 0; k < node->n; k++)
			order[end++] = ret->children[node->first + k].context;
	}
	find_looks(facts, ret, order);
	return true;
}

void ct_context_tree_free(struct ct_context_tree *tree)
{
	free(tree->nodes);
	free(tree->children);
}
