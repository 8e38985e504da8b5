/* SPDX-License-Identifier: Apache-2.0 */
/* The search for held locks: what it finds among bytes, and what it does not. */
#include "lock_scene.h"

#include "blocking/mutex_shape.h"
#include "blocking/scan.h"
#include "blocking/scan_words.h"

static const struct ct_mutex held = {.lock = 1, .owner = OWNER, .nusers = 1};

struct rwlock_bytes {
	uint32_t readers, writers, wrphase, writers_futex, pad[2], writer, shared, rest[6];
};

static const struct rwlock_bytes written = {
	.readers = 3, .wrphase = 1, .writers_futex = 1, .writer = OWNER};

static struct ct_scan_found search(struct scene *s)
{
	struct ct_scan_found found;

	ct_scan_memory(&s->ctx, UINT64_MAX, &found);
	assert_false(found.no_memory);
	return found;
}

/* Is there one hit in the heap, at HEAP + at? -1: there is none. */
static void expect(const struct ct_mutex *bytes, uint64_t at, bool hit)
{
	struct scene s;

	begin(&s);
	put(&s, HEAP + at, bytes, sizeof(*bytes));
	struct ct_scan_found found = search(&s);

	assert_int_equal(found.hits.n, hit);
	if (hit) {
		assert_int_equal(found.hits.items[0].addr, HEAP + at);
		assert_string_equal(found.hits.items[0].primitive->name, "pthread_mutex");
		assert_int_equal(found.hits.items[0].actor, OWNER - MAIN);
	}
	ct_vec_free(&found.hits);
	end(&s);
}

static void mutexes_are_found_wherever_they_are(void **state)
{
	(void)state;
	for (uint64_t at = 0; at + sizeof(held) <= IMAGE_PAGE; at += 8)
		if (at % 128 < 40 || at > IMAGE_PAGE - 128)
			expect(&held, at, true);
	expect(&held, 4, false);
}

static void each_kind_has_its_own_way_to_be_held(void **state)
{
	static const struct ct_mutex kinds[] = {
		{.lock = 2, .owner = OWNER, .nusers = 1},
		{.lock = 1, .count = 3, .owner = OWNER, .nusers = 1, .kind = CT_MUTEX_RECURSIVE},
		{.lock = 1, .owner = OWNER, .nusers = 1, .kind = CT_MUTEX_ADAPTIVE, .spins = 40},
		{.lock = OWNER, .count = 1, .owner = OWNER, .nusers = 1, .kind = CT_MUTEX_PI},
		{.lock = OWNER | 0x80000000u,
			.count = 1,
			.owner = OWNER,
			.nusers = 1,
			.kind = CT_MUTEX_PI},
		{.lock = 5u << 19 | 1,
			.count = 1,
			.owner = OWNER,
			.nusers = 1,
			.kind = CT_MUTEX_PP},
		{.lock = 1, .owner = OWNER, .nusers = 3},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(kinds); i++)
		expect(&kinds[i], 1104, true);
}

static void what_no_lock_leaves_behind_is_not_found(void **state)
{
	static const struct ct_mutex others[] = {
		{.lock = 0, .owner = OWNER, .nusers = 1},
		{.lock = 3, .owner = OWNER, .nusers = 1},
		{.lock = 1, .owner = OWNER, .nusers = 0},
		{.lock = 1, .owner = OWNER, .nusers = 70},
		{.lock = 1, .owner = OWNER, .nusers = 1, .kind = 4},
		{.lock = 1, .owner = OWNER, .nusers = 1, .spins = 1},
		{.lock = 1, .owner = OWNER, .nusers = 1, .elision = 1},
		{.lock = 1, .owner = OWNER, .nusers = 1, .next = HEAP},
		{.lock = 1, .count = 1, .owner = OWNER, .nusers = 1},
		{.lock = 1, .owner = OWNER, .nusers = 1, .kind = CT_MUTEX_RECURSIVE},
		{.lock = WAITER, .count = 1, .owner = OWNER, .nusers = 1, .kind = CT_MUTEX_PI},
		{.lock = OWNER, .owner = OWNER, .nusers = 1, .kind = CT_MUTEX_ROBUST},
		{.lock = 1, .owner = NOBODY, .nusers = 1},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(others); i++)
		expect(&others[i], 1104, false);
}

static void an_owner_that_is_gone_may_be_one_of_the_newest(void **state)
{
	const struct ct_mutex left = {.lock = 1, .owner = OWNER + 5, .nusers = 1};
	struct scene s;

	(void)state;
	begin(&s);
	put(&s, HEAP + 80, &left, sizeof(left));
	struct ct_scan_found found = search(&s);
	assert_int_equal(found.hits.n, 1);
	assert_int_equal(found.hits.items[0].actor, CT_NONE);
	assert_int_equal(found.hits.items[0].owner, OWNER + 5);
	ct_vec_free(&found.hits);
	end(&s);
}

static void rwlocks_are_found_when_written(void **state)
{
	struct rwlock_bytes read = written;
	struct scene s;

	(void)state;
	read.readers = 8;
	begin(&s);
	put(&s, HEAP + 256, &written, sizeof(written));
	put(&s, HEAP + 512, &read, sizeof(read));
	struct ct_scan_found found = search(&s);
	assert_int_equal(found.hits.n, 1);
	assert_int_equal(found.hits.items[0].addr, HEAP + 256);
	assert_string_equal(found.hits.items[0].primitive->name, "pthread_rwlock");
	ct_vec_free(&found.hits);
	end(&s);
}

static void users_and_doubts_are_counted(void **state)
{
	struct ct_mutex used = held;
	struct scene s;

	(void)state;
	used.nusers = 3;
	begin(&s);
	put(&s, HEAP + 80, &used, sizeof(used));
	for (uint64_t i = 0; i < 5; i++)
		put(&s, HEAP + 1024 + i * 8, &(uint64_t){WAITER}, 8);
	struct ct_scan_found found = search(&s);
	assert_int_equal(found.hits.n, 1);
	assert_int_equal(found.hits.items[0].users, 2);
	assert_int_equal(found.hits.items[0].alike, 5);
	ct_vec_free(&found.hits);
	end(&s);
}

static void a_limit_is_kept_and_said(void **state)
{
	struct ct_scan_found found;
	struct scene s;

	(void)state;
	begin(&s);
	ct_scan_memory(&s.ctx, IMAGE_PAGE, &found);
	assert_int_equal(found.searched, IMAGE_PAGE);
	assert_true(found.left >= 2 * IMAGE_PAGE);
	ct_vec_free(&found.hits);
	end(&s);
}

/* The fast loop against the plain rule, over words of every sort. */
static void blocks_are_told_apart(void **state)
{
	enum { N = 64 };
	static uint64_t words[N * CT_SCAN_BLOCK];
	static const uint64_t values[] = {0, 99, 100, 110, 111, UINT64_C(1) << 32 | 105,
		UINT64_C(0xffff) << 32 | 105, UINT64_C(0x10000) << 32 | 105, UINT64_C(105) << 32,
		UINT64_MAX, 0x7f0000000069};

	(void)state;
	for (size_t v = 0; v < CT_COUNT(values); v++)
		for (size_t at = 0; at < CT_COUNT(words); at += 7) {
			words[at] = values[v];
			size_t expected =
				ct_scan_is_candidate(values[v], 100, 10) ? at / CT_SCAN_BLOCK : N;
			assert_int_equal(
				ct_scan_next_block((const uint8_t *)words, N, 100, 10), expected);
			words[at] = 0;
		}
}

/* What is searched for hangs on the C library of the row itself, whichever row comes before it. */
static void only_what_this_library_has_is_searched_for(void **state)
{
	static const enum ct_libc_kind kinds[] = {CT_LIBC_GLIBC, CT_LIBC_MUSL};

	(void)state;
	for (size_t k = 0; k < CT_COUNT(kinds); k++) {
		struct scene s;
		uint32_t n = 0;

		begin(&s);
		struct ct_libc libc = *s.ctx.libc;
		libc.kind = kinds[k];
		s.ctx.libc = &libc;
		put(&s, HEAP + 256, &held, sizeof(held));
		put(&s, HEAP + 512, &written, sizeof(written));
		for (size_t i = 0; i < ct_n_primitives; i++)
			n += ct_primitives[i]->scan &&
			     ct_primitive_applies(ct_primitives[i], &libc);
		struct ct_scan_found found = search(&s);
		/* One of each row that applies: no other row can make up for one left out. */
		assert_int_equal(found.hits.n, n);
		for (uint32_t i = 0; i < found.hits.n; i++)
			assert_true(ct_primitive_applies(found.hits.items[i].primitive, &libc));
		assert_int_equal(n, kinds[k] == CT_LIBC_GLIBC ? 2 : 0);
		ct_vec_free(&found.hits);
		end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mutexes_are_found_wherever_they_are),
		cmocka_unit_test(each_kind_has_its_own_way_to_be_held),
		cmocka_unit_test(what_no_lock_leaves_behind_is_not_found),
		cmocka_unit_test(an_owner_that_is_gone_may_be_one_of_the_newest),
		cmocka_unit_test(rwlocks_are_found_when_written),
		cmocka_unit_test(only_what_this_library_has_is_searched_for),
		cmocka_unit_test(users_and_doubts_are_counted),
		cmocka_unit_test(a_limit_is_kept_and_said),
		cmocka_unit_test(blocks_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
