/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nothing but pools keeps alive: the heap is marked as if the pools were empty, then what each
 * of their objects reaches beyond that is its own. What two of them reach is nobody's.
 */
#include "runtime/go/heap_pointers.h"
#include "runtime/go/pools_observe.h"

#define SHARED UINT32_MAX

struct deep {
	struct ct_go_pool_items *items;
	struct ct_go_mark *mark;
	uint32_t *
		owner; /* per object: the item that alone reaches it, + 1; 0: not come to; SHARED */
	uint32_t item; /* the one at hand, likewise */
	CT_VEC(uint32_t) todo;
	bool failed;
};

static void hide(void *arg, uint64_t at)
{
	struct deep *d = arg;
	struct ct_go_object object;

	if (ct_go_object_at(d->items->world->heap, at, &object))
		ct_go_mark_alone(d->mark, &object);
}

static bool no_value(void *arg, const struct ct_go_pool_value *value)
{
	(void)arg, (void)value;
	return true;
}

static void mark_root(void *arg, const struct ct_go_root *root)
{
	ct_go_mark_root(arg, root->value);
}

static void reach(struct deep *d, uint64_t addr)
{
	struct ct_go_pool_item *items = d->items->list.items;
	struct ct_go_object object;
	uint32_t *slot;

	if (!ct_go_object_at(d->items->world->heap, addr, &object) ||
		!ct_go_is_allocated(object.span, object.index) ||
		ct_go_mark_has(d->mark, object.id))
		return;
	uint32_t *owner = &d->owner[object.id];
	if (*owner == d->item || *owner == SHARED)
		return;
	/* Each object is come to twice at most. */
	if (*owner)
		items[*owner - 1].bytes -= object.span->elemsize;
	else if (d->item != SHARED)
		items[d->item - 1].bytes += object.span->elemsize;
	*owner = *owner ? SHARED : d->item;
	if (object.span->map == CT_GO_MAP_NONE)
		return;
	slot = ct_vec_push(&d->todo);
	if (slot)
		*slot = object.id;
	d->failed |= !slot;
}

static void reach_from(struct deep *d, const struct ct_go_object *object)
{
	const struct ct_go_heap *heap = d->items->world->heap;
	uint64_t copy[64], at, bits, value;
	struct ct_go_walk walk;
	const void *view;

	ct_go_walk_begin(d->items->world->masks, object, &walk);
	while (ct_go_walk_next(&walk, &at, &bits)) {
		unsigned n = 64 - (unsigned)__builtin_clzll(bits);

		if (!ct_go_heap_view(heap, object->span, at, n * 8, copy, &view))
			continue;
		for (; bits; bits &= bits - 1) {
			memcpy(&value, (const uint8_t *)view + 8 * __builtin_ctzll(bits), 8);
			if (value)
				reach(d, value);
		}
	}
}

/* What a shared object reaches is shared, whoever has come to it first. */
static void run(struct deep *d, uint32_t item)
{
	struct ct_go_object object;

	while (d->todo.n && !d->failed) {
		uint32_t id = d->todo.items[--d->todo.n];

		ct_go_object_get(d->items->world->heap, id, &object);
		d->item = d->owner[id] == SHARED ? SHARED : item;
		reach_from(d, &object);
	}
}

/* One that is there twice, or that another one leads to, is counted there. */
static void count_item(struct deep *d, uint32_t i)
{
	struct ct_go_pool_item *item = &d->items->list.items[i];
	struct ct_go_object object;

	if (!ct_go_object_at(d->items->world->heap, item->address, &object))
		return;
	item->referenced = ct_go_mark_has(d->mark, object.id);
	if (d->owner[object.id])
		return;
	d->item = i + 1;
	reach(d, item->address);
	run(d, i + 1);
}

enum ct_status ct_go_pools_look_deep(struct ct_go_pool_items *items)
{
	struct deep d = {.items = items};
	struct ct_go_world *world = items->world;
	const struct ct_go_pool_visit visit = {.arg = &d, .value = no_value, .part = hide};
	struct ct_go_pools again = items->pools; /* what is bad of them has been counted */

	if (!world)
		return CT_OK;
	d.mark = ct_go_mark_new(world->heap, 0);
	d.owner = calloc((size_t)world->heap->n_objects + 1, sizeof(*d.owner));
	enum ct_status status = d.mark && d.owner ? CT_OK : CT_NO_MEMORY;
	if (!status)
		status = ct_go_pools_walk(items->o->go, &again, &visit);
	if (!status)
		status = ct_go_world_roots(world, mark_root, d.mark);
	if (!status)
		status = ct_go_mark_run(d.mark);
	for (uint32_t i = 0; i < items->list.n && !status; i++) {
		count_item(&d, i);
		status = d.failed ? CT_NO_MEMORY : CT_OK;
	}
	items->deep = !status;
	/* What could not be read may lead to any of them. */
	if (!status && !ct_go_world_saw_all(world, d.mark))
		items->n_unread = items->list.n;
	ct_vec_free(&d.todo);
	free(d.owner);
	ct_go_mark_free(d.mark);
	return status;
}
