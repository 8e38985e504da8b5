/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of a process that is far away, kept by pages. A page that is asked for alone is fetched
 * alone; who reads on is ahead of himself soon: each fetch that continues the last one is twice as
 * long, up to the block size.
 */
#ifndef CT_SOURCE_BLOCK_CACHE_H
#define CT_SOURCE_BLOCK_CACHE_H

#include "base/hash.h"
#include "base/vec.h"

#define CT_CACHE_PAGE 4096u

struct ct_cache_range {
	uint64_t addr;
	uint32_t len, zero;
};

/*
 * Gets n ranges, whole pages all: got[i] is where the bytes of the i-th are, until the next call;
 * NULL: not all of them can be read. False: nothing can be had any more.
 */
typedef bool ct_cache_fetch(
	void *arg, const struct ct_cache_range *ranges, size_t n, const uint8_t **got);

struct ct_cache {
	ct_cache_fetch *fetch;
	void *arg;
	uint32_t block; /* the most bytes of one fetch: a multiple of CT_CACHE_PAGE */
	CT_VEC(struct ct_cache_page) pages;
	struct ct_hash by_number;
	uint32_t last;      /* the page of the last read, or CT_NONE */
	uint64_t next, run; /* the page behind the last fetch, and how many that had */
};

struct ct_cache_page {
	uint64_t number; /* its address / CT_CACHE_PAGE */
	uint8_t *bytes;  /* NULL: cannot be read */
};

/* block: bytes; 0: the default of 64 KiB. */
void ct_cache_init(struct ct_cache *cache, ct_cache_fetch *fetch, void *arg, uint64_t block);
void ct_cache_free(struct ct_cache *cache);

/* All, or CT_FAULT. */
CT_WARN_UNUSED enum ct_status ct_cache_read(
	struct ct_cache *cache, uint64_t addr, void *buf, size_t len);
/* Sorts the addresses and fetches those of their pages that are not here yet, in as few turns as
 * possible. */
void ct_cache_prefetch(struct ct_cache *cache, uint64_t *addrs, size_t n);

#endif
