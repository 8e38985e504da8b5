/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects that are in a pool twice: two that take from it will have the same one. Of a slice it is
 * the array that is shared, in whatever box or variable the slice was put.
 */
#include "runtime/go/pools_observe.h"

#define MAX_TOLD 256 /* of one pool */

struct key {
	uint64_t address;
	uint32_t item;
	bool array;
};

static int by_address(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->array != y->array)
		return x->array ? 1 : -1;
	return x->item < y->item ? -1 : x->item > y->item;
}

static uint32_t list_keys(const struct ct_go_pool_item *items, uint32_t n, struct key *ret)
{
	uint32_t n_keys = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (items[i].object)
			ret[n_keys++] = (struct key){items[i].address, i, false};
		if (items[i].array)
			ret[n_keys++] = (struct key){items[i].array, i, true};
	}
	return n_keys;
}

/* A variable with a slice that is there twice has its array there twice, which is told once. */
static bool is_new(const struct ct_go_pool_item *items, const struct key *run, uint32_t n)
{
	for (uint32_t i = 1; run->array && i < n; i++)
		if (items[run[i].item].address != items[run->item].address)
			return true;
	return !run->array;
}

static void add(const struct ct_go_pool_items *all, const struct ct_go_pool_item *items,
	const struct key *run, uint32_t n, struct ct_go_pooled *ret)
{
	const struct ct_go_pool_item *one = &items[run[0].item], *other = &items[run[1].item];

	*ret = (struct ct_go_pooled){.address = one->address,
		.array = one->array,
		.bytes = one->bytes,
		.type = all->types.items[one->type].name,
		.processor = one->processor,
		.place = one->place,
		.copies = n,
		.other_processor = other->processor,
		.other_place = other->place};
}

enum ct_status ct_go_pools_doubles(
	const struct ct_go_pool_items *all, uint32_t first, uint32_t n, struct ct_go_pool *ret)
{
	const struct ct_go_pool_item *items = n ? all->list.items + first : NULL;
	ct_autofree struct key *keys = calloc(2 * (size_t)n + 1, sizeof(*keys));
	CT_VEC(struct ct_go_pooled) found = {0};
	uint32_t n_keys = keys ? list_keys(items, n, keys) : 0;

	if (!keys)
		return CT_NO_MEMORY;
	qsort(keys, n_keys, sizeof(*keys), by_address);
	for (uint32_t i = 0, run; i < n_keys; i += run) {
		for (run = 1; i + run < n_keys && keys[i + run].address == keys[i].address &&
			      keys[i + run].array == keys[i].array;)
			run++;
		if (run == 1 || !is_new(items, &keys[i], run))
			continue;
		ret->more_doubles = found.n == MAX_TOLD;
		if (ret->more_doubles)
			break;
		struct ct_go_pooled *slot = ct_vec_push(&found);
		if (slot)
			add(all, items, &keys[i], run, slot);
	}
	ret->n_doubles = found.n;
	ret->doubles = ct_arena_copy(
		ct_sink_arena(all->o->sink), found.items, found.n * sizeof(*found.items));
	ct_vec_free(&found);
	return ret->doubles || !ret->n_doubles ? CT_OK : CT_NO_MEMORY;
}
