/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contexts whose cancel function nobody has any more. It is a closure that has the context, by its
 * address alone; a context.Context, and the parent's map of children, have a table of methods in
 * front of the address. So a context to which nothing else leads is cancelled by its parent alone.
 */
#include "runtime/go/context_uses.h"

struct hunt {
	struct ct_go_world *world;
	struct ct_go_contexts *contexts;
	bool *may_be; /* per span: one of these is in it */
};

/* It can be cancelled and is not, and one above it neither, which keeps it alive. One with a
 * deadline ends by itself. */
static bool is_candidate(const struct ct_go_contexts *c, uint32_t i)
{
	const struct ct_go_found_context *x = &c->list.items[i];
	uint32_t above = x->parent == CT_NONE ? CT_NONE : c->list.items[x->parent].cancels;

	return c->types.list.items[x->type].kind == CT_CONTEXT_CANCEL && !x->cancelled &&
	       above != CT_NONE && !c->list.items[above].cancelled;
}

static bool find_candidates(struct hunt *h)
{
	bool any = false;

	for (uint32_t i = 0; i < h->contexts->list.n; i++) {
		struct ct_go_found_context *x = &h->contexts->list.items[i];
		const struct ct_go_span *s = ct_go_span_at(h->world->heap, x->at);

		x->lost = s && is_candidate(h->contexts, i);
		if (x->lost)
			h->may_be[s - h->world->heap->spans] = any = true;
	}
	return any;
}

/* The context that value leads into, when it is one of these still; or NULL. */
static struct ct_go_found_context *candidate_at(const struct hunt *h, uint64_t value)
{
	const struct ct_go_span *s = ct_go_span_at(h->world->heap, value);
	struct ct_go_object object;

	if (!s || !h->may_be[s - h->world->heap->spans] ||
		!ct_go_object_at(h->world->heap, value, &object))
		return NULL;
	uint32_t i = ct_go_context_at(h->contexts, object.start);
	return i != CT_NONE && h->contexts->list.items[i].lost ? &h->contexts->list.items[i] : NULL;
}

/* A pointer to it at `at`: is it the second word of an interface? */
static bool is_interface(const struct hunt *h, uint64_t at, uint64_t value, uint64_t start)
{
	uint64_t table;

	return at && value == start && !ct_read_u64(h->world->o->target, at - 8, &table) &&
	       ct_go_context_type_of(&h->contexts->types, table, NULL) != CT_NONE;
}

static void look_at_root(void *arg, const struct ct_go_root *root)
{
	const struct hunt *h = arg;
	struct ct_go_found_context *x = candidate_at(h, root->value);

	/* Words of a stack that stand side by side may have nothing to do with each other. */
	if (x && (root->kind != CT_GO_ROOT_VARIABLE ||
			 !is_interface(h, root->at, root->value, x->at)))
		x->lost = false;
}

static void look_at_object(const struct hunt *h, const struct ct_go_object *object)
{
	struct ct_go_walk walk;
	uint64_t at, bits, value;

	ct_go_walk_begin(h->world->masks, object, &walk);
	while (ct_go_walk_next(&walk, &at, &bits))
		for (; bits; bits &= bits - 1) {
			uint64_t word = at + 8 * (uint64_t)__builtin_ctzll(bits);
			struct ct_go_found_context *x;

			if (!ct_go_heap_read(h->world->heap, word, &value, sizeof(value)) || !value)
				continue;
			x = candidate_at(h, value);
			if (x && (word == object->start || !is_interface(h, word, value, x->at)))
				x->lost = false;
		}
}

static void look_at_heap(const struct hunt *h)
{
	const struct ct_go_heap *heap = h->world->heap;

	for (uint32_t i = 0; i < heap->n_spans; i++) {
		const struct ct_go_span *s = &heap->spans[i];

		for (uint32_t k = 0; s->map != CT_GO_MAP_NONE && k < s->n; k++) {
			const struct ct_go_object object = {
				s, s->start + k * s->elemsize, k, s->first + k};

			if (ct_go_mark_has(h->world->mark, object.id))
				look_at_object(h, &object);
		}
	}
}

enum ct_status ct_go_contexts_find_lost(struct ct_go_world *world, struct ct_go_contexts *contexts)
{
	ct_autofree bool *may_be = calloc((size_t)world->heap->n_spans + 1, sizeof(*may_be));
	struct hunt h = {world, contexts, may_be};

	if (!may_be)
		return CT_NO_MEMORY;
	if (!find_candidates(&h))
		return CT_OK;
	enum ct_status status = ct_go_world_roots(world, look_at_root, &h);
	if (status)
		return status;
	look_at_heap(&h);
	/* What could not be read may have it. */
	bool sure = ct_go_world_saw_all(world, world->mark) && !ct_go_misses(world->o);
	for (uint32_t i = 0; i < contexts->list.n; i++)
		contexts->list.items[i].lost &= sure;
	return CT_OK;
}
