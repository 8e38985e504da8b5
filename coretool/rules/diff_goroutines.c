/* SPDX-License-Identifier: Apache-2.0 */
/* Goroutines before and after: by place, and which of them nobody has ended. */
#include "rules/diff_internal.h"
#include "rules/leak_ignore.h"

/* Goroutines of one side that go together: the same functions, wait and reason to be ignored. */
struct place {
	const char *key;
	const struct ct_view_group *group; /* the first */
	const char *ignored_by;
	uint32_t n, n_added;
};

struct places {
	CT_VEC(struct place) list;
	uint32_t *of_group; /* per group of the view: index in the list */
	struct ct_hash keys;
};

struct pairing {
	struct ct_differ *d;
	struct places old, new;
};

static const char *functions_of(const struct ct_view *view, const struct ct_view_group *group)
{
	return view->stacks[group->stack].key;
}

static uint32_t place_of(struct ct_differ *d, struct places *places, const char *key)
{
	uint64_t hash = ct_hash_bytes(key, strlen(key));
	struct ct_hash_it it = ct_hash_find(&places->keys, hash);
	uint32_t i;

	while (ct_hash_next(&places->keys, &it, &i))
		if (!strcmp(places->list.items[i].key, key))
			return i;
	struct place *slot = ct_vec_push(&places->list);
	if (!slot || !ct_hash_insert(&places->keys, hash, places->list.n - 1)) {
		d->failed = true;
		return CT_NONE;
	}
	slot->key = key;
	return places->list.n - 1;
}

static void make_places(struct ct_differ *d, const struct ct_view *view, struct places *ret)
{
	ret->of_group = calloc((size_t)view->n_groups + 1, sizeof(*ret->of_group));
	d->failed |= !ret->of_group;
	for (uint32_t i = 0; !d->failed && i < view->n_groups; i++) {
		const struct ct_view_group *g = &view->groups[i];
		const char *ignored = ct_leak_ignored_by(d->policy, g);
		const char *key = ct_arena_printf(d->arena, "%s\n%s\n%s", ignored ? ignored : "",
			g->waits ? g->waits : "", functions_of(view, g));
		uint32_t index = key ? place_of(d, ret, key) : CT_NONE;

		d->failed |= index == CT_NONE;
		if (d->failed)
			return;
		struct place *place = &ret->list.items[index];
		ret->of_group[i] = index;
		place->ignored_by = ignored;
		place->group = place->group ? place->group : g;
		place->n = place->n > UINT32_MAX - g->n ? UINT32_MAX : place->n + g->n;
	}
}

static bool has_all_ids(const struct ct_view *view)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < view->n_groups; i++)
		n += view->groups[i].n;
	return n == view->n_ids;
}

/* Another process may have the same number (in a container it always has): then its goroutines
 * are the same only as far as they have the same numbers and makers, which they would share. */
static uint64_t hash_of(const struct ct_view *view, const struct ct_view_goroutine *g)
{
	const char *creator = view->groups[g->group].creator;

	return ct_hash_u64(g->id) ^ (creator ? ct_hash_bytes(creator, strlen(creator)) : 0);
}

static bool was_there(
	const struct pairing *p, const struct ct_hash *ids, const struct ct_view_goroutine *g)
{
	const struct ct_view *old = p->d->old, *new = p->d->new;
	struct ct_hash_it it = ct_hash_find(ids, hash_of(new, g));
	uint32_t i;

	while (ct_hash_next(ids, &it, &i))
		if (old->ids[i].id == g->id && hash_of(old, &old->ids[i]) == hash_of(new, g))
			return true;
	return false;
}

/* Whoever waits elsewhere now is not new. */
static void count_added(struct pairing *p)
{
	const struct ct_view *old = p->d->old, *new = p->d->new;
	struct ct_hash ids = {0};

	for (uint32_t i = 0; i < old->n_ids && !p->d->failed; i++)
		p->d->failed = !ct_hash_insert(&ids, hash_of(old, &old->ids[i]), i);
	for (uint32_t i = 0; i < new->n_ids && !p->d->failed; i++)
		p->new.list.items[p->new.of_group[new->ids[i].group]].n_added +=
			!was_there(p, &ids, &new->ids[i]);
	ct_hash_free(&ids);
}

static void add(void *self, uint32_t o, uint32_t n)
{
	struct pairing *p = self;
	struct ct_differ *d = p->d;
	const struct place *old = o != CT_NONE ? &p->old.list.items[o] : NULL;
	const struct place *new = n != CT_NONE ? &p->new.list.items[n] : NULL;
	const struct place *place = new ? new : old;
	const struct ct_view *view = new ? d->new : d->old;
	uint32_t before = old ? old->n : 0, after = new ? new->n : 0;
	enum ct_change change = ct_change_of(before, after);
	uint32_t added = !d->diff->by_number ? after - CT_MIN(before, after)
			 : new               ? new->n_added
					     : 0;

	if (!place->ignored_by)
		d->diff->n_added += added;
	if ((change == CT_STAYED && !added) || (d->ignore_current && !added))
		return;
	struct ct_diff_goroutines *slot = ct_vec_push(&d->goroutines);
	if (slot)
		*slot = (struct ct_diff_goroutines){change, place->group,
			view->stacks[place->group->stack].place, functions_of(view, place->group),
			before, after, added, place->ignored_by};
	d->failed |= !slot;
}

static uint64_t delta(const struct ct_diff_goroutines *g)
{
	return g->old < g->new ? g->new - g->old : g->old - g->new;
}

static int compare(const void *a, const void *b)
{
	const struct ct_diff_goroutines *x = a, *y = b;

	if (!x->ignored_by != !y->ignored_by)
		return x->ignored_by ? 1 : -1;
	if (x->n_added != y->n_added)
		return x->n_added < y->n_added ? 1 : -1;
	int order = ct_diff_order(x->change, y->change, delta(x), delta(y));
	return order ? order : strcmp(x->functions, y->functions);
}

static struct ct_keys keys_of(struct ct_differ *d, const struct places *places)
{
	struct ct_keys keys = ct_diff_keys(d, places->list.n);

	for (uint32_t i = 0; i < keys.n; i++)
		keys.items[i] = places->list.items[i].key;
	return keys;
}

static void free_places(struct places *places)
{
	ct_vec_free(&places->list);
	free(places->of_group);
	ct_hash_free(&places->keys);
}

void ct_diff_goroutines(struct ct_differ *d)
{
	struct pairing p = {.d = d};

	d->diff->by_number = d->same_process && has_all_ids(d->old) && has_all_ids(d->new);
	make_places(d, d->old, &p.old);
	make_places(d, d->new, &p.new);
	if (!d->failed && d->diff->by_number)
		count_added(&p);
	if (!d->failed) {
		struct ct_keys old = keys_of(d, &p.old), new = keys_of(d, &p.new);

		d->failed |= !ct_pair(&old, &new, add, &p);
	}
	if (d->goroutines.n)
		qsort(d->goroutines.items, d->goroutines.n, sizeof(*d->goroutines.items), compare);
	free_places(&p.old);
	free_places(&p.new);
}
