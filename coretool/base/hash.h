/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of 32-bit values found by 64-bit hash. The caller compares: several values may share a
 *hash.
 *
 *	struct ct_hash_it it = ct_hash_find(&h, hash);
 *	while (ct_hash_next(&h, &it, &value))
 *		if (same(value)) …
 *	ct_hash_insert(&h, hash, value);
 */
#ifndef CT_BASE_HASH_H
#define CT_BASE_HASH_H

#include "base/base.h"

struct ct_hash_slot {
	uint32_t hash_high; /* of a used slot: the upper half of its hash */
	uint32_t value;     /* CT_NONE: the slot is free */
};

struct ct_hash {
	struct ct_hash_slot *slots;
	uint64_t *hashes; /* full hashes, needed to grow */
	uint32_t n, size; /* size is a power of two or 0 */
};

struct ct_hash_it {
	uint64_t hash;
	uint32_t probe;
};

uint64_t ct_hash_bytes(const void *data, size_t len);

/*
 * Differs from run to run, so that nobody can choose keys that collide: its seed is where this
 * program was loaded.
 */
uint64_t ct_hash_u64(uint64_t key);

struct ct_hash_it ct_hash_find(const struct ct_hash *h, uint64_t hash);
bool ct_hash_next(const struct ct_hash *h, struct ct_hash_it *it, uint32_t *value);
/* false when out of memory; value must not be CT_NONE. */
bool ct_hash_insert(struct ct_hash *h, uint64_t hash, uint32_t value);
void ct_hash_free(struct ct_hash *h);

#endif
