/* SPDX-License-Identifier: Apache-2.0 */
/* Which pages the cache asks for, and what it says of those that cannot be had. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "source/block_cache.h"

#define PAGE  ((uint64_t)CT_CACHE_PAGE)
#define START (UINT64_C(0x7f0000000) * PAGE)
#define PAGES 64

/* Memory from START on, but for one page; what was asked for. */
struct far {
	uint8_t bytes[PAGES * CT_CACHE_PAGE];
	uint64_t hole; /* its number from START; PAGES: none */
	bool dead;
	unsigned turns, ranges;
	uint64_t longest;
};

static bool fetch(void *arg, const struct ct_cache_range *ranges, size_t n, const uint8_t **got)
{
	struct far *far = arg;

	far->turns++;
	far->ranges += (unsigned)n;
	for (size_t i = 0; i < n; i++) {
		uint64_t at = ranges[i].addr - START, end = at + ranges[i].len;
		uint64_t hole = far->hole * PAGE;

		assert_int_equal(ranges[i].addr % PAGE, 0);
		assert_int_equal(ranges[i].len % PAGE, 0);
		assert_int_equal(ranges[i].zero, 0);
		far->longest = CT_MAX(far->longest, ranges[i].len / PAGE);
		bool there = ct_within(at, ranges[i].len, sizeof(far->bytes)) &&
			     (end <= hole || at > hole);
		got[i] = there ? far->bytes + at : NULL;
	}
	return !far->dead;
}

static struct far *far_new(struct ct_cache *cache, uint64_t block)
{
	struct far *far = calloc(1, sizeof(*far));

	for (size_t i = 0; i < sizeof(far->bytes); i++)
		far->bytes[i] = (uint8_t)(i * 7 + i / PAGE);
	far->hole = PAGES;
	ct_cache_init(cache, fetch, far, block);
	return far;
}

static void far_free(struct ct_cache *cache, struct far *far)
{
	ct_cache_free(cache);
	free(far);
}

static void assert_reads(struct ct_cache *cache, struct far *far, uint64_t at, size_t len)
{
	uint8_t buf[3 * CT_CACHE_PAGE];

	assert_int_equal(ct_cache_read(cache, START + at, buf, len), CT_OK);
	assert_memory_equal(buf, far->bytes + at, len);
}

static void a_page_is_fetched_once(void **state)
{
	struct ct_cache cache;
	struct far *far = far_new(&cache, 0);

	(void)state;
	assert_reads(&cache, far, 10 * PAGE + 5, 8);
	assert_reads(&cache, far, 10 * PAGE, PAGE);
	assert_reads(&cache, far, 10 * PAGE + PAGE - 1, 1);
	assert_int_equal(far->turns, 1);
	assert_int_equal(far->longest, 1);
	/* Far from it, again one page. */
	assert_reads(&cache, far, 40 * PAGE + PAGE - 4, 4);
	assert_int_equal(far->turns, 2);
	assert_int_equal(far->longest, 1);
	far_free(&cache, far);
}

static void who_reads_on_is_met_with_longer_fetches(void **state)
{
	static const struct {
		uint64_t block;
		unsigned turns;
		uint64_t longest;
	} cases[] = {
		{0, 7, 16},                                     /* 1 2 4 8 16 16 16 */
		{4 * PAGE, 17, 4}, {PAGE, 63, 1}, {100, 63, 1}, /* at least a page */
		{UINT64_MAX, 6, 32},                            /* bounded; 1 2 4 8 16 32 */
		{5 * PAGE + 100, 16, 5}, /* whole pages; the last one goes beyond the end */
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		struct ct_cache cache;
		struct far *far = far_new(&cache, cases[i].block);

		for (uint64_t at = 0; at < 63 * PAGE; at += 512)
			assert_reads(&cache, far, at, 512);
		assert_int_equal(far->turns, cases[i].turns);
		assert_int_equal(far->longest, cases[i].longest);
		far_free(&cache, far);
	}
}

static void what_cannot_be_read_is_a_fault_and_no_more(void **state)
{
	struct ct_cache cache;
	struct far *far = far_new(&cache, 0);
	uint8_t buf[2 * CT_CACHE_PAGE];

	(void)state;
	far->hole = 8;
	for (uint64_t at = 0; at < 8 * PAGE; at += 64)
		assert_reads(&cache, far, at, 64);
	assert_int_equal(ct_cache_read(&cache, START + 8 * PAGE, buf, 1), CT_FAULT);
	unsigned turns = far->turns;
	/* It is known now, and so is a range that touches it. */
	assert_int_equal(ct_cache_read(&cache, START + 8 * PAGE + 100, buf, 1), CT_FAULT);
	assert_int_equal(ct_cache_read(&cache, START + 8 * PAGE - 8, buf, 16), CT_FAULT);
	assert_int_equal(far->turns, turns);
	assert_reads(&cache, far, 9 * PAGE, PAGE);
	assert_int_equal(ct_cache_read(&cache, UINT64_MAX - 3, buf, 4), CT_FAULT);
	assert_int_equal(ct_cache_read(&cache, UINT64_MAX - 3, buf, 5), CT_FAULT);
	assert_int_equal(ct_cache_read(&cache, 0, buf, 8), CT_FAULT);
	far_free(&cache, far);
}

static void a_prefetch_is_one_turn(void **state)
{
	struct ct_cache cache;
	struct far *far = far_new(&cache, 8 * PAGE);
	uint64_t addrs[4 * PAGES];
	uint8_t byte;

	(void)state;
	/* Each page twice, the last first; and as many again of which nothing is there. */
	for (uint64_t i = 0; i < CT_COUNT(addrs); i++)
		addrs[i] = START + (2 * PAGES - 1 - i / 2) * PAGE + i % 2 * 100;
	ct_cache_prefetch(&cache, addrs, CT_COUNT(addrs));
	assert_int_equal(far->turns, 1);
	assert_int_equal(far->ranges, 2 * PAGES / 8);
	assert_int_equal(far->longest, 8);
	for (uint64_t page = 0; page + 3 <= PAGES; page += 3)
		assert_reads(&cache, far, page * PAGE, 3 * PAGE);
	assert_int_equal(far->turns, 1);
	ct_cache_prefetch(&cache, addrs, PAGES);
	assert_int_equal(far->turns, 1);
	assert_int_equal(ct_cache_read(&cache, START + PAGES * PAGE, &byte, 1), CT_FAULT);
	far_free(&cache, far);
}

/* More pages than the cache keeps: what is read is there all the same, also at the turn. */
static bool fetch_any(void *arg, const struct ct_cache_range *ranges, size_t n, const uint8_t **got)
{
	static uint8_t bytes[1 << 20];

	(void)arg;
	for (size_t i = 0; i < n; i++) {
		assert_true(ranges[i].len <= sizeof(bytes));
		got[i] = bytes;
	}
	return true;
}

static void no_page_is_lost_when_room_is_made(void **state)
{
	struct ct_cache cache;
	uint8_t byte;

	(void)state;
	ct_cache_init(&cache, fetch_any, NULL, 0);
	for (uint64_t page = 0; page < (1u << 16) + 100; page++)
		assert_int_equal(ct_cache_read(&cache, START + page * PAGE, &byte, 1), CT_OK);
	assert_true(cache.pages.n < 1u << 16);
	ct_cache_free(&cache);
}

/* One page that is missing spoils neither its neighbours nor what is said of it. */
static void a_prefetch_over_a_hole_loses_nothing(void **state)
{
	struct ct_cache cache;
	struct far *far = far_new(&cache, 0);
	uint64_t addrs[] = {START + 2 * PAGE, START + 3 * PAGE, START + 4 * PAGE, START + 9 * PAGE};
	uint8_t byte;

	(void)state;
	far->hole = 3;
	ct_cache_prefetch(&cache, addrs, CT_COUNT(addrs));
	assert_int_equal(far->turns, 1);
	assert_reads(&cache, far, 9 * PAGE, PAGE);
	assert_int_equal(far->turns, 1);
	assert_reads(&cache, far, 2 * PAGE, PAGE);
	assert_reads(&cache, far, 4 * PAGE, PAGE);
	assert_int_equal(ct_cache_read(&cache, START + 3 * PAGE, &byte, 1), CT_FAULT);
	far_free(&cache, far);
}

static void when_the_other_side_is_gone_nothing_is_kept(void **state)
{
	struct ct_cache cache;
	struct far *far = far_new(&cache, 0);
	uint64_t addr = START;
	uint8_t byte;

	(void)state;
	far->dead = true;
	ct_cache_prefetch(&cache, &addr, 1);
	assert_int_equal(ct_cache_read(&cache, START, &byte, 1), CT_FAULT);
	far->dead = false;
	assert_reads(&cache, far, 0, 1);
	far_free(&cache, far);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_is_fetched_once),
		cmocka_unit_test(who_reads_on_is_met_with_longer_fetches),
		cmocka_unit_test(what_cannot_be_read_is_a_fault_and_no_more),
		cmocka_unit_test(a_prefetch_is_one_turn),
		cmocka_unit_test(no_page_is_lost_when_room_is_made),
		cmocka_unit_test(a_prefetch_over_a_hole_loses_nothing),
		cmocka_unit_test(when_the_other_side_is_gone_nothing_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
