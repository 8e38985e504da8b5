/* SPDX-License-Identifier: Apache-2.0 */
#include "source/block_cache.h"

#define DEFAULT_BLOCK (64u << 10)
#define MAX_BLOCK     (1u << 20)
#define MAX_PAGES     (1u << 16) /* 256 MiB: when there are more, all are forgotten */
#define MAX_RANGES    256        /* of one prefetch, and pages: 1 MiB */

void ct_cache_init(struct ct_cache *cache, ct_cache_fetch *fetch, void *arg, uint64_t block)
{
	block = CT_MIN(block ? block : DEFAULT_BLOCK, MAX_BLOCK) & ~(uint64_t)(CT_CACHE_PAGE - 1);
	*cache = (struct ct_cache){.fetch = fetch,
		.arg = arg,
		.block = (uint32_t)CT_MAX(block, CT_CACHE_PAGE),
		.last = CT_NONE};
}

static void forget(struct ct_cache *cache)
{
	for (uint32_t i = 0; i < cache->pages.n; i++)
		free(cache->pages.items[i].bytes);
	ct_vec_free(&cache->pages);
	ct_hash_free(&cache->by_number);
	cache->by_number = (struct ct_hash){0};
	cache->last = CT_NONE;
}

void ct_cache_free(struct ct_cache *cache)
{
	forget(cache);
}

static struct ct_cache_page *find(struct ct_cache *cache, uint64_t number)
{
	struct ct_hash_it it;
	uint32_t i;

	if (cache->last != CT_NONE && cache->pages.items[cache->last].number == number)
		return &cache->pages.items[cache->last];
	it = ct_hash_find(&cache->by_number, ct_hash_u64(number));
	while (ct_hash_next(&cache->by_number, &it, &i)) {
		if (cache->pages.items[i].number != number)
			continue;
		cache->last = i;
		return &cache->pages.items[i];
	}
	return NULL;
}

/* Before n pages come that are looked for afterwards: none of them may push out another. */
static void make_room(struct ct_cache *cache, uint64_t n)
{
	if (cache->pages.n + n > MAX_PAGES)
		forget(cache);
}

/* bytes NULL: the page cannot be read. False: out of memory. */
static bool keep(struct ct_cache *cache, uint64_t number, const uint8_t *bytes)
{
	uint8_t *copy = bytes ? malloc(CT_CACHE_PAGE) : NULL;

	if (bytes && !copy)
		return false;
	struct ct_cache_page *page = ct_vec_push(&cache->pages);
	if (!page || !ct_hash_insert(&cache->by_number, ct_hash_u64(number), cache->pages.n - 1)) {
		cache->pages.n -= page != NULL;
		free(copy);
		return false;
	}
	if (copy)
		memcpy(copy, bytes, CT_CACHE_PAGE);
	*page = (struct ct_cache_page){number, copy};
	return true;
}

/* How many pages from number on to fetch: none of them is here yet. */
static uint64_t length_of_run(struct ct_cache *cache, uint64_t number)
{
	uint64_t most = cache->block / CT_CACHE_PAGE, n = 1;

	if (number == cache->next)
		most = CT_MIN(most, 2 * cache->run);
	else
		most = 1;
	while (n < most && number + n <= UINT64_MAX / CT_CACHE_PAGE && !find(cache, number + n))
		n++;
	return n;
}

/* False: it cannot be had now; nothing is kept. */
static bool fetch_run(struct ct_cache *cache, uint64_t number, uint64_t n)
{
	const struct ct_cache_range range = {
		number * CT_CACHE_PAGE, (uint32_t)(n * CT_CACHE_PAGE), 0};
	const uint8_t *bytes;

	if (!cache->fetch(cache->arg, &range, 1, &bytes))
		return false;
	/* Where a run crosses an edge the first page may do. */
	if (!bytes && n > 1)
		return fetch_run(cache, number, 1);
	make_room(cache, n);
	for (uint64_t i = 0; i < n; i++)
		if (!keep(cache, number + i, bytes ? bytes + i * CT_CACHE_PAGE : NULL))
			return false;
	cache->next = number + n;
	cache->run = n;
	return true;
}

enum ct_status ct_cache_read(struct ct_cache *cache, uint64_t addr, void *buf, size_t len)
{
	uint8_t *to = buf;
	uint64_t end;

	if (!ct_add(addr, (uint64_t)len, &end))
		return CT_FAULT;
	while (len) {
		uint64_t number = addr / CT_CACHE_PAGE, skip = addr % CT_CACHE_PAGE;
		size_t n = (size_t)CT_MIN((uint64_t)len, CT_CACHE_PAGE - skip);
		struct ct_cache_page *page = find(cache, number);

		if (!page && fetch_run(cache, number, length_of_run(cache, number)))
			page = find(cache, number);
		if (!page || !page->bytes)
			return CT_FAULT;
		memcpy(to, page->bytes + skip, n);
		addr += n;
		to += n;
		len -= n;
	}
	return CT_OK;
}

/* Pages next to one another come together. What cannot be had so is left to who wants it. */
static bool fetch_ranges(struct ct_cache *cache, const struct ct_cache_range *ranges, size_t n)
{
	const uint8_t *got[MAX_RANGES];

	if (!cache->fetch(cache->arg, ranges, n, got))
		return false;
	make_room(cache, MAX_RANGES);
	for (size_t i = 0; i < n; i++) {
		uint64_t number = ranges[i].addr / CT_CACHE_PAGE;
		uint32_t pages = ranges[i].len / CT_CACHE_PAGE;

		if (!got[i] && pages > 1)
			continue;
		for (uint32_t k = 0; k < pages; k++)
			if (!keep(cache, number + k, got[i] ? got[i] + k * CT_CACHE_PAGE : NULL))
				return false;
	}
	return true;
}

static int by_address(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void ct_cache_prefetch(struct ct_cache *cache, uint64_t *addrs, size_t n)
{
	struct ct_cache_range ranges[MAX_RANGES];
	size_t n_ranges = 0, n_pages = 0;

	if (n)
		qsort(addrs, n, sizeof(*addrs), by_address);
	for (size_t i = 0; i < n; i++) {
		uint64_t page = addrs[i] & ~(uint64_t)(CT_CACHE_PAGE - 1);
		struct ct_cache_range *last = n_ranges ? &ranges[n_ranges - 1] : NULL;

		if ((last && page < last->addr + last->len) || find(cache, page / CT_CACHE_PAGE))
			continue;
		if (n_pages == MAX_RANGES) {
			if (!fetch_ranges(cache, ranges, n_ranges))
				return;
			n_ranges = n_pages = 0;
			last = NULL;
		}
		if (last && page == last->addr + last->len && last->len < cache->block)
			last->len += CT_CACHE_PAGE;
		else
			ranges[n_ranges++] = (struct ct_cache_range){page, CT_CACHE_PAGE, 0};
		n_pages++;
	}
	if (n_ranges)
		(void)fetch_ranges(cache, ranges, n_ranges);
}
