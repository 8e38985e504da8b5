/* SPDX-License-Identifier: Apache-2.0 */
/* Pools in memory made by hand: what stands in them, and what only looks so. */
#include "fake_target.h"
#include "runtime/go/pools.h"
#include "target/target.h"

#define LISTS   DATA
#define POOL    (DATA + 0x100)
#define LOCALS  (DATA + 0x200) /* two Ps */
#define VICTIMS (DATA + 0x300)
#define RING    (DATA + 0x400)
#define NEXT    (DATA + 0x480)
#define SLOTS   (DATA + 0x500)
#define MORE    (DATA + 0x600)
#define TYPE    UINT64_C(0x5000)

static struct ct_go go;

struct seen {
	struct ct_go_pool_value values[64];
	uint64_t parts[64];
	uint32_t n, n_parts;
};

static bool see(void *arg, const struct ct_go_pool_value *value)
{
	struct seen *s = arg;

	assert_true(s->n < CT_COUNT(s->values));
	s->values[s->n++] = *value;
	return true;
}

static void see_part(void *arg, uint64_t at)
{
	struct seen *s = arg;

	assert_true(s->n_parts < CT_COUNT(s->parts));
	s->parts[s->n_parts++] = at;
}

static void word(uint64_t at, uint64_t value)
{
	put(at, &value, sizeof(value));
}

static void words(uint64_t at, uint64_t a, uint64_t b)
{
	word(at, a);
	word(at + 8, b);
}

static void ring(
	uint64_t at, uint32_t head, uint32_t tail, uint64_t slots, uint64_t n, uint64_t next)
{
	words(at, (uint64_t)head << 32 | tail, slots);
	words(at + 16, n, n);
	word(at + 32, next);
}

/* One pool with places for two Ps; the first has a private value and a chain. */
static void one_pool(void)
{
	words(LISTS, LISTS + 24, 1);
	word(LISTS + 16, 1);
	word(LISTS + 24, POOL);
	words(POOL, LOCALS, 2);
	words(LOCALS, TYPE, 0x1000);
	words(LOCALS + 16, RING, RING);
	for (uint32_t i = 0; i < 8; i++)
		words(SLOTS + 16 * i, TYPE, 0x2000 + i);
}

static struct seen walk(struct ct_target *target, uint32_t *n_bad, bool *cut)
{
	struct seen s = {.n = 0};
	struct ct_go_pools pools;
	const struct ct_go_pool_visit visit = {&s, see, see_part};

	go = (struct ct_go){.target = target, .globals = {.allpools = LISTS}};
	assert_int_equal(ct_go_pools_find(&go, &pools), CT_OK);
	assert_int_equal(ct_go_pools_walk(&go, &pools, &visit), CT_OK);
	*n_bad = pools.n_bad;
	*cut = pools.cut;
	ct_go_pools_free(&pools);
	return s;
}

static struct seen walk_well(struct ct_target *target)
{
	uint32_t n_bad;
	bool cut;
	struct seen s = walk(target, &n_bad, &cut);

	assert_int_equal(n_bad, 0);
	assert_false(cut);
	return s;
}

static void what_was_put_and_not_taken(void **state)
{
	one_pool();
	ring(RING, 10, 6, SLOTS, 8, 0); /* it goes round: 6, 7, 0, 1 */
	words(LOCALS + 128, TYPE, 0x3000);
	struct seen s = walk_well(*state);

	static const uint64_t expected[] = {0x1000, 0x2006, 0x2007, 0x2000, 0x2001, 0x3000};
	assert_int_equal(s.n, CT_COUNT(expected));
	for (uint32_t i = 0; i < s.n; i++) {
		assert_int_equal(s.values[i].value, expected[i]);
		assert_int_equal(s.values[i].processor, i == 5);
		assert_int_equal(s.values[i].place,
			i == 0 || i == 5 ? CT_GO_POOL_PRIVATE : CT_GO_POOL_SHARED);
	}
	assert_int_equal(s.n_parts, 3); /* Ps, ring, slots */
}

static void an_empty_ring_has_stale_slots(void **state)
{
	one_pool();
	ring(RING, 5, 5, SLOTS, 8, 0);
	assert_int_equal(walk_well(*state).n, 1);
	/* The numbers go round, too. */
	ring(RING, 1, UINT32_MAX, SLOTS, 8, 0);
	assert_int_equal(walk_well(*state).n, 3);
	/* A nil of some type leads to nothing. */
	words(SLOTS, TYPE, 0);
	assert_int_equal(walk_well(*state).n, 2);
}

static void rings_follow_each_other(void **state)
{
	one_pool();
	ring(RING, 2, 0, SLOTS, 8, NEXT);
	ring(NEXT, 1, 0, MORE, 16, 0);
	words(MORE, TYPE, 0x4000);
	struct seen s = walk_well(*state);

	assert_int_equal(s.n, 4);
	assert_int_equal(s.values[3].value, 0x4000);
}

static void victims_are_of_the_last_time(void **state)
{
	one_pool();
	words(POOL + 16, VICTIMS, 1);
	words(VICTIMS, TYPE, 0x6000);
	ring(RING, 0, 0, SLOTS, 8, 0);
	struct seen s = walk_well(*state);

	assert_int_equal(s.n, 2);
	assert_int_equal(s.values[1].place, CT_GO_POOL_VICTIM_PRIVATE);
	/* While a collection moves them both are one, and nothing is there twice. */
	words(POOL + 16, LOCALS, 2);
	assert_int_equal(walk_well(*state).n, 1);
}

static void a_pool_that_both_lists_have(void **state)
{
	one_pool();
	words(LISTS, LISTS + 24, 2);
	word(LISTS + 16, 2);
	word(LISTS + 32, POOL);
	ring(RING, 0, 0, SLOTS, 8, 0);
	assert_int_equal(walk_well(*state).n, 1);
}

static void damaged_pools_end(void **state)
{
	uint32_t n_bad;
	bool cut;

	one_pool();
	ring(RING, 1, 0, SLOTS, 8, RING); /* a ring that follows itself */
	struct seen s = walk(*state, &n_bad, &cut);
	assert_int_equal(s.n, 2);
	assert_int_equal(n_bad, 1);
	ring(RING, 9, 0, SLOTS, 8, 0); /* more than there is room for */
	assert_int_equal(walk(*state, &n_bad, &cut).n, 1);
	assert_int_equal(n_bad, 1);
	ring(RING, 3, 0, SLOTS, 7, 0); /* no power of two */
	assert_int_equal(walk(*state, &n_bad, &cut).n, 1);
	ring(RING, 3, 0, NOWHERE, 8, 0);
	assert_int_equal(walk(*state, &n_bad, &cut).n, 1);
	assert_int_equal(n_bad, 1);
	ring(RING, 0, 0, SLOTS, 8, 0);
	words(POOL, LOCALS, UINT64_MAX); /* more Ps than memory */
	(void)walk(*state, &n_bad, &cut);
	assert_true(n_bad > 0);
	words(LISTS, LISTS + 24, UINT64_MAX);
	(void)walk(*state, &n_bad, &cut);
	assert_true(cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_put_and_not_taken, start, close_target),
		cmocka_unit_test_setup_teardown(an_empty_ring_has_stale_slots, start, close_target),
		cmocka_unit_test_setup_teardown(rings_follow_each_other, start, close_target),
		cmocka_unit_test_setup_teardown(victims_are_of_the_last_time, start, close_target),
		cmocka_unit_test_setup_teardown(a_pool_that_both_lists_have, start, close_target),
		cmocka_unit_test_setup_teardown(damaged_pools_end, start, close_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
