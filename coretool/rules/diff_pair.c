/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/diff_pair.h"

#include "base/hash.h"

/* The old ones by key: a list for each, whose head is with the first that was met. */
struct lists {
	struct ct_hash hash;
	uint32_t *head, *next;
};

/* The one that stands for all with this key, or CT_NONE. */
static uint32_t list_of(const struct lists *lists, const struct ct_keys *keys, const char *key)
{
	struct ct_hash_it it = ct_hash_find(&lists->hash, ct_hash_bytes(key, strlen(key)));
	uint32_t i;

	while (ct_hash_next(&lists->hash, &it, &i))
		if (!strcmp(keys->items[i], key))
			return i;
	return CT_NONE;
}

static bool make_lists(const struct ct_keys *old, struct lists *ret)
{
	ret->head = malloc(((size_t)old->n + 1) * sizeof(*ret->head));
	ret->next = malloc(((size_t)old->n + 1) * sizeof(*ret->next));
	for (uint32_t i = old->n; ret->head && ret->next && i-- > 0;) {
		const char *key = old->items[i];
		uint32_t list = key ? list_of(ret, old, key) : CT_NONE;

		if (!key)
			continue;
		ret->next[i] = list == CT_NONE ? CT_NONE : ret->head[list];
		ret->head[list == CT_NONE ? i : list] = i;
		if (list == CT_NONE &&
			!ct_hash_insert(&ret->hash, ct_hash_bytes(key, strlen(key)), i))
			return false;
	}
	return ret->head && ret->next;
}

bool ct_pair(const struct ct_keys *old, const struct ct_keys *new,
	void (*add)(void *self, uint32_t old, uint32_t new), void *self)
{
	struct lists lists = {0};
	ct_autofree bool *paired = calloc((size_t)old->n + 1, sizeof(*paired));
	bool ok = paired && make_lists(old, &lists);

	for (uint32_t i = 0; ok && i < new->n; i++) {
		if (!new->items[i])
			continue;
		uint32_t list = list_of(&lists, old, new->items[i]);
		uint32_t other = list != CT_NONE ? lists.head[list] : CT_NONE;

		if (other != CT_NONE) {
			lists.head[list] = lists.next[other];
			paired[other] = true;
		}
		add(self, other, i);
	}
	for (uint32_t i = 0; ok && i < old->n; i++)
		if (!paired[i] && old->items[i])
			add(self, i, CT_NONE);
	ct_hash_free(&lists.hash);
	free(lists.head);
	free(lists.next);
	return ok;
}
