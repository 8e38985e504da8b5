/* SPDX-License-Identifier: Apache-2.0 */
/* Of two Go programs: what is in their pools, and the types of what lives in their heaps. */
#include "rules/diff_internal.h"

/* One of the two lists, while it is made. */
struct side {
	struct ct_differ *d;
	const struct ct_view_amount *old, *new;
	bool in_bytes;
	CT_VEC(struct ct_diff_amount) list;
};

static uint64_t size_of(const struct ct_view_amount *amount, bool in_bytes)
{
	return !amount ? 0 : in_bytes ? amount->bytes : amount->objects;
}

static void add(void *self, uint32_t o, uint32_t n)
{
	struct side *s = self;
	const struct ct_view_amount *old = o != CT_NONE ? &s->old[o] : NULL;
	const struct ct_view_amount *new = n != CT_NONE ? &s->new[n] : NULL;
	enum ct_change change =
		!old   ? CT_CAME
		: !new ? CT_WENT
		       : ct_change_of(size_of(old, s->in_bytes) + 1, size_of(new, s->in_bytes) + 1);
	bool skip = change == CT_STAYED || ct_diff_is_current(s->d, change);
	struct ct_diff_amount *slot = skip ? NULL : ct_vec_push(&s->list);

	if (slot)
		*slot = (struct ct_diff_amount){change, old, new};
	s->d->failed |= !skip && !slot;
}

static uint64_t delta(const struct ct_diff_amount *a, bool in_bytes)
{
	uint64_t old = size_of(a->old, in_bytes), new = size_of(a->new, in_bytes);

	return old < new ? new - old : old - new;
}

/* The largest growth first, whether it came or grew: a type that was not there is no worse. */
static int compare(const void *a, const void *b, bool in_bytes)
{
	const struct ct_diff_amount *x = a, *y = b;
	bool less_x = x->change > CT_STAYED, less_y = y->change > CT_STAYED;
	int order = ct_diff_order(less_x ? CT_SHRANK : CT_GREW, less_y ? CT_SHRANK : CT_GREW,
		delta(x, in_bytes), delta(y, in_bytes));

	return order ? order
		     : strcmp((x->new ? x->new : x->old)->name, (y->new ? y->new : y->old)->name);
}

static int by_bytes(const void *a, const void *b)
{
	return compare(a, b, true);
}

static int by_objects(const void *a, const void *b)
{
	return compare(a, b, false);
}

static struct ct_keys keys_of(struct ct_differ *d, const struct ct_view_amount *list, uint32_t n)
{
	struct ct_keys keys = ct_diff_keys(d, n);

	for (uint32_t i = 0; i < keys.n; i++)
		keys.items[i] = list[i].name;
	return keys;
}

static void compare_lists(struct side *s, uint32_t n_old, uint32_t n_new)
{
	struct ct_keys old = keys_of(s->d, s->old, n_old), new = keys_of(s->d, s->new, n_new);

	s->d->failed |= !ct_pair(&old, &new, add, s);
	if (s->list.n)
		qsort(s->list.items, s->list.n, sizeof(*s->list.items),
			s->in_bytes ? by_bytes : by_objects);
}

void ct_diff_amounts(struct ct_differ *d)
{
	const struct ct_view *old = d->old, *new = d->new;
	struct side pools = {.d = d,
		.old = old->pools,
		.new = new->pools,
		.in_bytes = old->has_pool_bytes &&new->has_pool_bytes};
	struct side types = {.d = d, .old = old->types, .new = new->types, .in_bytes = true};

	if (old->has_pools && new->has_pools)
		compare_lists(&pools, old->n_pools, new->n_pools);
	if (old->has_types && new->has_types)
		compare_lists(&types, old->n_types, new->n_types);
	d->diff->pool_bytes = pools.in_bytes;
	d->pools.items = pools.list.items;
	d->pools.n = pools.list.n;
	d->types.items = types.list.items;
	d->types.n = types.list.n;
}
