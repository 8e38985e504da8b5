/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <xxhash.h>

uint64_t ct_hash_bytes(const void *data, size_t len)
{
	return XXH3_64bits(data, len);
}

/* Both halves of a product depend on all bits of both factors; one of them is secret. */
uint64_t ct_hash_u64(uint64_t key)
{
	uint64_t seed = (uint64_t)(uintptr_t)&ct_hash_u64 * UINT64_C(0x9e3779b97f4a7c15);
	__uint128_t product = (__uint128_t)(key ^ UINT64_C(0xa0761d6478bd642f)) * (seed | 1);

	product = (__uint128_t)((uint64_t)product ^ (uint64_t)(product >> 64)) *
		  UINT64_C(0xe7037ed1a0b428db);
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

struct ct_hash_it ct_hash_find(const struct ct_hash *h, uint64_t hash)
{
	return (struct ct_hash_it){hash, h->size ? (uint32_t)hash & (h->size - 1) : 0};
}

bool ct_hash_next(const struct ct_hash *h, struct ct_hash_it *it, uint32_t *value)
{
	if (!h->size)
		return false;
	for (;;) {
		const struct ct_hash_slot *slot = &h->slots[it->probe];

		if (slot->value == CT_NONE)
			return false;
		it->probe = (it->probe + 1) & (h->size - 1);
		if (slot->hash_high == (uint32_t)(it->hash >> 32)) {
			*value = slot->value;
			return true;
		}
	}
}

static void hash_put(struct ct_hash *h, uint64_t hash, uint32_t value)
{
	uint32_t at = (uint32_t)hash & (h->size - 1);

	while (h->slots[at].value != CT_NONE)
		at = (at + 1) & (h->size - 1);
	h->slots[at] = (struct ct_hash_slot){(uint32_t)(hash >> 32), value};
	h->hashes[at] = hash;
}

static bool hash_grow(struct ct_hash *h)
{
	struct ct_hash old = *h;
	uint32_t size = old.size ? old.size * 2 : 64;

	if (!size)
		return false;
	struct ct_hash_slot *slots = calloc(size, sizeof(*slots));
	uint64_t *hashes = calloc(size, sizeof(*hashes));
	if (!slots || !hashes) {
		free(slots);
		free(hashes);
		return false;
	}
	memset(slots, 0xff, size * sizeof(*slots));
	*h = (struct ct_hash){slots, hashes, old.n, size};
	for (uint32_t i = 0; i < old.size; i++)
		if (old.slots[i].value != CT_NONE)
			hash_put(h, old.hashes[i], old.slots[i].value);
	ct_hash_free(&old);
	return true;
}

bool ct_hash_insert(struct ct_hash *h, uint64_t hash, uint32_t value)
{
	if ((uint64_t)h->n * 4 >= (uint64_t)h->size * 3 && !hash_grow(h))
		return false;
	hash_put(h, hash, value);
	h->n++;
	return true;
}

void ct_hash_free(struct ct_hash *h)
{
	free(h->slots);
	free(h->hashes);
	*h = (struct ct_hash){0};
}
