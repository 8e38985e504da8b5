/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much memory is bound in pools, at a glance: the slots of the objects themselves, of arrays of
 * slices, and of what they point to that has no pointers, as buffers. What two of them point to
 * counts for neither. pools_deep.c looks further.
 */
#include "runtime/go/heap_pointers.h"
#include "runtime/go/pools_observe.h"

#define MAX_POINTERS 16 /* of one object */
#define MAX_REFS     (1u << 22)

struct ref { /* item leads to an object */
	uint32_t object, item;
	bool own; /* which is the item's own */
	uint64_t bytes;
};

struct sizing {
	struct ct_go_pool_items *items;
	CT_VEC(struct ref) refs;
	bool failed;
};

static void add(struct sizing *s, uint32_t item, uint64_t address, bool own, bool any)
{
	struct ct_go_object object;
	struct ref *slot;

	if (!ct_go_object_at(s->items->world->heap, address, &object) ||
		(!any && object.span->map != CT_GO_MAP_NONE))
		return;
	if (!own && s->refs.n >= MAX_REFS) {
		s->items->pools.cut = true;
		return;
	}
	slot = ct_vec_push(&s->refs);
	if (slot)
		*slot = (struct ref){object.id, item, own, object.span->elemsize};
	s->failed |= !slot;
}

static void add_pointers(struct sizing *s, uint32_t item, const struct ct_go_object *object)
{
	uint64_t copy[64], at, bits, value;
	struct ct_go_walk walk;
	const void *view;
	unsigned n = 0;

	ct_go_walk_begin(s->items->world->masks, object, &walk);
	while (n < MAX_POINTERS && ct_go_walk_next(&walk, &at, &bits)) {
		unsigned words = 64 - (unsigned)__builtin_clzll(bits);

		if (!ct_go_heap_view(
			    s->items->world->heap, object->span, at, words * 8, copy, &view)) {
			s->items->n_unread++;
			return;
		}
		for (; bits && n < MAX_POINTERS; bits &= bits - 1) {
			memcpy(&value, (const uint8_t *)view + 8 * __builtin_ctzll(bits), 8);
			if (!value)
				continue;
			add(s, item, value, false, false);
			n++;
		}
	}
}

static void add_item(struct sizing *s, uint32_t i)
{
	const struct ct_go_pool_item *item = &s->items->list.items[i];
	struct ct_go_object object;

	if (!ct_go_object_at(s->items->world->heap, item->address, &object))
		return;
	add(s, i, item->address, true, true);
	if (item->array)
		add(s, i, item->array, false, true);
	add_pointers(s, i, &object);
}

static int by_object(const void *a, const void *b)
{
	const struct ref *x = a, *y = b;

	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	return x->item < y->item ? -1 : x->item > y->item;
}

static void add_up(struct sizing *s)
{
	const struct ref *refs = s->refs.items;

	for (uint32_t i = 0, n; i < s->refs.n; i += n) {
		bool own = refs[i].own, shared = false;

		for (n = 1; i + n < s->refs.n && refs[i + n].object == refs[i].object; n++) {
			own |= refs[i + n].own;
			shared |= refs[i + n].item != refs[i].item;
		}
		if (own || !shared)
			s->items->list.items[refs[i].item].bytes += refs[i].bytes;
	}
}

enum ct_status ct_go_pools_size(struct ct_go_pool_items *items)
{
	struct sizing s = {.items = items};

	if (!items->world)
		return CT_OK;
	for (uint32_t i = 0; i < items->list.n && !s.failed; i++)
		add_item(&s, i);
	if (s.refs.n && !s.failed) {
		qsort(s.refs.items, s.refs.n, sizeof(*s.refs.items), by_object);
		add_up(&s);
	}
	ct_vec_free(&s.refs);
	return s.failed ? CT_NO_MEMORY : CT_OK;
}
