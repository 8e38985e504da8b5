/* SPDX-License-Identifier: Apache-2.0 */
#include "story.h"

#include "graph/graph.h"

static struct ct_graph *graph_of(const struct ct_facts *facts)
{
	struct ct_graph *graph = NULL;
	struct ct_error err;

	assert_int_equal(ct_graph_build(facts, &graph, &err), CT_OK);
	return graph;
}

/* n threads; thread i waits for mutex (i + 1) % ring and holds mutex i; those behind the ring wait
 * for i - 1. */
static struct ct_facts *ring_with_tail(uint32_t ring, uint32_t tail)
{
	struct story s = story_begin(0);

	for (uint32_t i = 0; i < ring + tail; i++)
		story_thread(&s, i + 1, NULL);
	for (uint32_t i = 0; i < ring + tail; i++) {
		uint32_t mutex = story_mutex(&s, 0x1000 + i * 64, NULL);

		story_holds(&s, i, mutex, CT_TRUST_EXACT);
	}
	for (uint32_t i = 0; i < ring + tail; i++)
		story_waits(&s, i, i < ring ? (i + 1) % ring : i - 1, CT_TRUST_EXACT);
	return story_end(&s);
}

static void a_ring_is_one_cycle_in_order(void **state)
{
	(void)state;
	for (uint32_t n = 2; n <= 5; n++) {
		struct ct_facts *facts = ring_with_tail(n, 0);
		struct ct_graph *g = graph_of(facts);

		assert_int_equal(g->n_cycles, 1);
		assert_int_equal(g->cycles[0].kind, CT_CYCLE_LOOP);
		assert_int_equal(g->cycles[0].n_edges, n);
		for (uint32_t i = 0; i < n; i++)
			assert_int_equal(g->cycles[0].edges[i].holder,
				g->cycles[0].edges[(i + 1) % n].waiter);
		for (uint32_t a = 0; a < n; a++) {
			assert_int_equal(g->root[a], CT_NONE);
			assert_int_equal(g->behind[a], n - 1);
			assert_int_equal(g->cycle_of[a], 0);
		}
		ct_graph_free(g);
		ct_facts_free(facts);
	}
}

static void a_tail_is_behind_the_cycle_but_not_in_it(void **state)
{
	struct ct_facts *facts = ring_with_tail(3, 4);
	struct ct_graph *g = graph_of(facts);

	(void)state;
	assert_int_equal(g->n_cycles, 1);
	assert_int_equal(g->cycles[0].n_edges, 3);
	for (uint32_t a = 3; a < 7; a++) {
		assert_int_equal(g->cycle_of[a], 0);
		assert_int_equal(g->root[a], CT_NONE);
		assert_int_equal(g->behind[a], 6 - a);
	}
	assert_int_equal(g->behind[0], 6);
	ct_graph_free(g);
	ct_facts_free(facts);
}

static void waiting_for_oneself_is_a_cycle_of_one(void **state)
{
	struct ct_facts *facts = ring_with_tail(1, 0);
	struct ct_graph *g = graph_of(facts);

	(void)state;
	assert_int_equal(g->n_cycles, 1);
	assert_int_equal(g->cycles[0].kind, CT_CYCLE_SELF);
	ct_graph_free(g);
	ct_facts_free(facts);
}

/* 10,000 threads, each waiting for the next: no recursion, no cycle, one root. */
static void a_long_chain_has_a_root_and_no_cycle(void **state)
{
	const uint32_t n = 10000;
	struct story s = story_begin(0);

	(void)state;
	for (uint32_t i = 0; i < n; i++)
		story_thread(&s, i + 1, NULL);
	for (uint32_t i = 0; i < n; i++)
		story_holds(&s, i, story_mutex(&s, 0x1000 + i * 64, NULL), CT_TRUST_EXACT);
	for (uint32_t i = 0; i + 1 < n; i++)
		ct_sink_wait(s.sink,
			&(struct ct_wait){
				.kind = CT_WAIT_MUTEX, .actor = i, .resource = i + 1, .why = ""});
	struct ct_facts *facts = story_end(&s);
	struct ct_graph *g = graph_of(facts);
	assert_int_equal(g->n_cycles, 0);
	assert_int_equal(g->root[0], n - 1);
	assert_int_equal(g->root[n - 1], n - 1);
	assert_int_equal(g->behind[n - 1], n - 1);
	ct_graph_free(g);
	ct_facts_free(facts);
}

/* Two wait for one lock each of a thread that waits for a third: a diamond, all behind the last. */
static void a_diamond_is_no_cycle(void **state)
{
	struct story s = story_begin(0);

	(void)state;
	for (uint64_t i = 1; i <= 4; i++)
		story_thread(&s, i, NULL);
	uint32_t left = story_mutex(&s, 0x1000, "left"), right = story_mutex(&s, 0x2000, "right");
	uint32_t last = story_mutex(&s, 0x3000, "last"), top = story_mutex(&s, 0x4000, "top");
	story_holds(&s, 1, left, CT_TRUST_EXACT);
	story_holds(&s, 2, right, CT_TRUST_EXACT);
	story_holds(&s, 3, last, CT_TRUST_EXACT);
	story_holds(&s, 0, top, CT_TRUST_EXACT);
	story_waits(&s, 0, left, CT_TRUST_EXACT);
	story_waits(&s, 1, last, CT_TRUST_EXACT);
	story_waits(&s, 2, last, CT_TRUST_EXACT);
	struct ct_facts *facts = story_end(&s);
	struct ct_graph *g = graph_of(facts);
	assert_int_equal(g->n_cycles, 0);
	assert_int_equal(g->root[0], 3);
	assert_int_equal(g->behind[3], 3);
	ct_graph_free(g);
	ct_facts_free(facts);
}

/* Shared holders: a waiter needs both; the cycle goes through the one that waits back. */
static void a_cycle_through_one_of_two_holders(void **state)
{
	struct story s = story_begin(0);

	(void)state;
	for (uint64_t i = 1; i <= 3; i++)
		story_thread(&s, i, NULL);
	uint32_t shared = story_mutex(&s, 0x1000, "shared"),
		 other = story_mutex(&s, 0x2000, "other");
	story_holds(&s, 1, shared, CT_TRUST_INFERRED);
	story_holds(&s, 2, shared, CT_TRUST_INFERRED);
	story_holds(&s, 0, other, CT_TRUST_EXACT);
	story_waits(&s, 0, shared, CT_TRUST_EXACT);
	story_waits(&s, 2, other, CT_TRUST_EXACT)->timed = true;
	struct ct_facts *facts = story_end(&s);
	struct ct_graph *g = graph_of(facts);
	assert_int_equal(g->n_cycles, 1);
	assert_int_equal(g->cycles[0].n_edges, 2);
	assert_int_equal(g->cycles[0].trust, CT_TRUST_INFERRED);
	assert_true(g->cycles[0].timed);
	assert_int_equal(g->cycle_of[1], CT_NONE);
	ct_graph_free(g);
	ct_facts_free(facts);
}

static void two_rings_are_two_cycles(void **state)
{
	struct story s = story_begin(0);

	(void)state;
	for (uint64_t i = 1; i <= 4; i++)
		story_thread(&s, i, NULL);
	for (uint32_t i = 0; i < 4; i++)
		story_holds(&s, i, story_mutex(&s, 0x1000 + i * 64, NULL), CT_TRUST_EXACT);
	for (uint32_t i = 0; i < 4; i++)
		story_waits(&s, i, i ^ 1, CT_TRUST_EXACT);
	struct ct_facts *facts = story_end(&s);
	struct ct_graph *g = graph_of(facts);
	assert_int_equal(g->n_cycles, 2);
	assert_int_not_equal(g->cycle_of[0], g->cycle_of[2]);
	ct_graph_free(g);
	ct_facts_free(facts);
}

static void an_owner_that_is_gone_ends_the_chain_without_a_root(void **state)
{
	struct story s = story_begin(0);

	(void)state;
	story_thread(&s, 1, NULL);
	story_thread(&s, 2, NULL);
	uint32_t lost = story_mutex(&s, 0x1000, "lost"), mine = story_mutex(&s, 0x2000, "mine");
	ct_sink_get_resource(s.sink, lost)->owner_gone = 99;
	story_holds(&s, 0, mine, CT_TRUST_EXACT);
	story_waits(&s, 0, lost, CT_TRUST_LAYOUT)->owner_gone = 99;
	story_waits(&s, 1, mine, CT_TRUST_EXACT);
	struct ct_facts *facts = story_end(&s);
	struct ct_graph *g = graph_of(facts);
	assert_int_equal(g->n_cycles, 0);
	assert_int_equal(g->root[0], CT_NONE);
	assert_int_equal(g->root[1], CT_NONE);
	ct_graph_free(g);
	ct_facts_free(facts);
}

/*
 * Two threads of C that goroutines have called: goroutine a holds a lock of Go and waits in C for a
 * native one; its holder, a thread, runs goroutine b, which waits for the first.
 */
static struct ct_facts *through_c(bool pairs)
{
	struct story s = story_begin(0);
	uint32_t thread_a = story_thread(&s, 11, NULL), thread_b = story_thread(&s, 12, NULL);
	uint32_t a = story_thread(&s, 1, "a"), b = story_thread(&s, 2, "b");
	const uint32_t pair[][2] = {{thread_a, a}, {thread_b, b}};

	story_thread(&s, 13, "runs");
	for (size_t i = 0; i < CT_COUNT(pair); i++) {
		ct_sink_get_actor(s.sink, pair[i][1])->kind = CT_ACTOR_GOROUTINE;
		if (!pairs)
			continue;
		ct_sink_get_actor(s.sink, pair[i][0])->runs = pair[i][1];
		ct_sink_get_actor(s.sink, pair[i][1])->carrier = pair[i][0];
	}
	uint32_t native = story_mutex(&s, 0x1000, NULL), go = story_mutex(&s, 0x2000, NULL);
	story_holds(&s, a, go, CT_TRUST_INFERRED);
	story_holds(&s, thread_b, native, CT_TRUST_EXACT);
	story_waits(&s, thread_a, native, CT_TRUST_EXACT);
	story_waits(&s, b, go, CT_TRUST_EXACT);
	return story_end(&s);
}

static void a_goroutine_and_its_thread_are_one(void **state)
{
	struct ct_facts *facts = through_c(true);
	struct ct_graph *g = graph_of(facts);

	(void)state;
	assert_int_equal(g->n_cycles, 1);
	assert_int_equal(g->cycles[0].n_edges, 2);
	assert_int_equal(g->cycles[0].edges[0].waiter, 2);
	assert_int_equal(g->cycles[0].edges[0].holder, 3);
	assert_int_equal(g->cycles[0].trust, CT_TRUST_INFERRED);
	assert_int_equal(g->orphan[2], CT_TRUST_INFERRED);
	assert_int_equal(g->orphan[3], CT_TRUST_INFERRED);
	assert_int_equal(g->orphan[0], CT_NO_ORPHAN);
	ct_graph_free(g);
	ct_facts_free(facts);
	facts = through_c(false); /* others run there: each can go on */
	g = graph_of(facts);
	assert_int_equal(g->n_cycles, 0);
	for (uint32_t i = 0; i < facts->n_actors; i++)
		assert_int_equal(g->orphan[i], CT_NO_ORPHAN);
	ct_graph_free(g);
	ct_facts_free(facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_goroutine_and_its_thread_are_one),
		cmocka_unit_test(a_ring_is_one_cycle_in_order),
		cmocka_unit_test(a_tail_is_behind_the_cycle_but_not_in_it),
		cmocka_unit_test(waiting_for_oneself_is_a_cycle_of_one),
		cmocka_unit_test(a_long_chain_has_a_root_and_no_cycle),
		cmocka_unit_test(a_diamond_is_no_cycle),
		cmocka_unit_test(a_cycle_through_one_of_two_holders),
		cmocka_unit_test(two_rings_are_two_cycles),
		cmocka_unit_test(an_owner_that_is_gone_ends_the_chain_without_a_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
