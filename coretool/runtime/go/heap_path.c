/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/heap_path.h"

#define A_ROOT UINT32_MAX /* the parent of what a root points to */

struct search {
	const struct ct_go_heap *heap;
	struct ct_go_masks *masks;
	uint32_t *parent; /* per object: that it was come to from, + 1; 0: not come to */
	uint32_t *queue;  /* objects with pointers, in the order of their distance */
	uint32_t head, tail, wanted;
};

static void reach(struct search *s, uint64_t addr, uint32_t parent)
{
	struct ct_go_object object;

	if (!ct_go_object_at(s->heap, addr, &object) || s->parent[object.id] ||
		!ct_go_is_allocated(object.span, object.index))
		return;
	s->parent[object.id] = parent;
	if (object.span->map != CT_GO_MAP_NONE)
		s->queue[s->tail++] = object.id;
}

static void reach_root(void *arg, const struct ct_go_root *root)
{
	reach(arg, root->value, A_ROOT);
}

bool ct_go_each_pointer(const struct ct_go_heap *heap, struct ct_go_masks *masks,
	const struct ct_go_object *object, ct_go_pointer_visit *visit, void *arg)
{
	uint64_t copy[64], at, bits, value;
	struct ct_go_walk walk;
	const void *view;

	ct_go_walk_begin(masks, object, &walk);
	while (ct_go_walk_next(&walk, &at, &bits)) {
		unsigned n = 64 - (unsigned)__builtin_clzll(bits);

		if (!ct_go_heap_view(heap, object->span, at, n * 8, copy, &view))
			continue;
		for (; bits; bits &= bits - 1) {
			unsigned i = (unsigned)__builtin_ctzll(bits);

			memcpy(&value, (const uint8_t *)view + 8 * i, 8);
			if (value && visit(arg, object, at + 8 * i, value))
				return true;
		}
	}
	return false;
}

static bool reach_from(void *arg, const struct ct_go_object *from, uint64_t at, uint64_t value)
{
	struct search *s = arg;

	(void)at;
	reach(s, value, from->id + 1);
	return s->parent[s->wanted];
}

static bool is_wanted(struct search *s, uint64_t value)
{
	struct ct_go_object object;

	return ct_go_object_at(s->heap, value, &object) && object.id == s->wanted;
}

static bool points_to(void *arg, const struct ct_go_object *from, uint64_t at, uint64_t value)
{
	struct search *s = arg;

	if (!is_wanted(s, value))
		return false;
	s->queue[0] = (uint32_t)(at - from->start);
	return true;
}

/* From the object back to what a root points to. */
static enum ct_status go_back(struct search *s, struct ct_go_path *ret)
{
	uint32_t id = s->wanted;

	for (;;) {
		struct ct_go_path_step *step = ct_vec_push(&ret->steps);
		struct ct_go_object object;

		if (!step)
			return CT_NO_MEMORY;
		step->id = id;
		if (ret->steps.n > 1) {
			ct_go_object_get(s->heap, id, &object);
			s->wanted = ret->steps.items[ret->steps.n - 2].id;
			s->queue[0] = 0;
			(void)ct_go_each_pointer(s->heap, s->masks, &object, points_to, s);
			step->offset = s->queue[0];
		}
		if (s->parent[id] == A_ROOT)
			break;
		id = s->parent[id] - 1;
	}
	for (uint32_t i = 0, k = ret->steps.n - 1; i < k; i++, k--) {
		struct ct_go_path_step kept = ret->steps.items[i];

		ret->steps.items[i] = ret->steps.items[k];
		ret->steps.items[k] = kept;
	}
	s->wanted = ret->steps.items[0].id;
	return CT_OK;
}

struct first_root {
	struct search *s;
	struct ct_go_root root;
};

/* One that is surely used is told rather than one that may be. */
static void keep_root(void *arg, const struct ct_go_root *root)
{
	struct first_root *f = arg;

	if (is_wanted(f->s, root->value) && (!f->root.value || (f->root.guessed && !root->guessed)))
		f->root = *root;
}

enum ct_status ct_go_path_find(const struct ct_go_heap *heap, struct ct_go_masks *masks,
	ct_go_root_lister *list, void *lister_arg, uint32_t id, struct ct_go_path *ret)
{
	size_t n = (size_t)heap->n_objects + 1;
	ct_autofree uint32_t *parent = calloc(n, sizeof(*parent));
	ct_autofree uint32_t *queue = calloc(n, sizeof(*queue));
	struct search s = {
		.heap = heap, .masks = masks, .parent = parent, .queue = queue, .wanted = id};
	struct ct_go_object object;

	*ret = (struct ct_go_path){0};
	if (!parent || !queue)
		return CT_NO_MEMORY;
	enum ct_status status = list(lister_arg, reach_root, &s);
	while (!status && !parent[id] && s.head < s.tail) {
		ct_go_object_get(heap, queue[s.head++], &object);
		(void)ct_go_each_pointer(heap, masks, &object, reach_from, &s);
	}
	if (!status && !parent[id])
		status = CT_NOT_FOUND;
	if (!status)
		status = go_back(&s, ret);
	struct first_root first = {.s = &s};
	if (!status)
		status = list(lister_arg, keep_root, &first);
	ret->root = first.root;
	return status;
}
