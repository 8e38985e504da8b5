/* SPDX-License-Identifier: Apache-2.0 */
/* Whether goroutines go on, on facts told by hand: who is known to wait for ever, and who is not.
 */
#include "story.h"

#include "facts/go_context.h"
#include "rules/progress.h"

#define GOROUTINES 6

struct scene {
	struct story story;
	uint32_t actors[GOROUTINES];
	struct ct_facts *facts;
};

/* All run until they are told to wait. */
static struct scene begin(void)
{
	struct scene s = {.story = story_begin(CT_WANT_GOROUTINES | CT_WANT_CONTEXTS)};

	for (uint32_t i = 0; i < GOROUTINES; i++)
		s.actors[i] = story_goroutine(&s.story, 18 + i, CT_STATE_RUNNING);
	return s;
}

static uint32_t channel(struct scene *s, uint64_t address)
{
	bool fresh;

	return ct_sink_resource(s->story.sink, "go_chan", address, &fresh);
}

/* For something that nobody is known to do. */
static struct ct_wait *receives(struct scene *s, uint32_t i)
{
	struct ct_wait *wait =
		story_waits(&s->story, s->actors[i], channel(s, 0xc000 + 16u * i), CT_TRUST_EXACT);

	wait->kind = CT_WAIT_RECV;
	return wait;
}

static uint32_t locks(struct scene *s, uint32_t i, enum ct_wait_kind kind)
{
	uint32_t lock = story_mutex(&s->story, 0xd000 + 16u * i, NULL);

	story_waits(&s->story, s->actors[i], lock, CT_TRUST_EXACT)->kind = (uint8_t)kind;
	return lock;
}

static bool first_goes_on(struct scene *s)
{
	s->facts = story_end(&s->story);
	const struct ct_actor *a = &s->facts->actors[s->actors[0]];
	const struct ct_wait *wait = a->n_waits ? &s->facts->waits[a->first_wait] : NULL;
	bool may = ct_may_go_on(s->facts, s->actors[0]);

	/* Both ask the same of its only wait. */
	if (wait && a->state == CT_STATE_WAITING && !wait->timed && !wait->outside)
		assert_int_equal(ct_wait_may_end(s->facts, wait), may);
	ct_facts_free(s->facts);
	return may;
}

static void by_itself(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		struct scene s = begin();

		if (i) {
			struct ct_wait *wait = receives(&s, 0);

			wait->timed = i == 1;
			wait->outside = i == 2;
			if (i == 3)
				ct_sink_get_actor(s.story.sink, s.actors[0])->state =
					CT_STATE_SYSCALL;
		}
		assert_int_equal(first_goes_on(&s), i != 4);
	}
}

/* It is said to wait, but not for what. */
static void for_what_is_not_known(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct scene s = begin();

		if (i)
			receives(&s, 0)->resource = CT_NONE;
		else
			ct_sink_get_actor(s.story.sink, s.actors[0])->state = CT_STATE_WAITING;
		assert_int_equal(first_goes_on(&s), !i);
	}
}

/* It waits for a lock: that nobody is known to have, that one has who runs or waits for ever. */
static void behind_a_lock(void **state)
{
	static const enum ct_wait_kind kinds[] = {CT_WAIT_MUTEX, CT_WAIT_RWLOCK_READ,
		CT_WAIT_RWLOCK_WRITE, CT_WAIT_RWLOCK, CT_WAIT_RECV};
	static const struct {
		bool held, stuck;
		enum ct_trust trust;
		bool goes_on;
	} cases[] = {
		{false, false, 0, true}, {true, false, CT_TRUST_INFERRED, true},
		{true, true, CT_TRUST_INFERRED, false},
		{true, true, CT_TRUST_GUESS, true}, /* another may have it */
	};

	(void)state;
	for (size_t k = 0; k < CT_COUNT(kinds); k++)
		for (size_t i = 0; i < CT_COUNT(cases); i++) {
			struct scene s = begin();
			uint32_t lock = locks(&s, 0, kinds[k]);
			bool is_lock = kinds[k] != CT_WAIT_RECV;

			if (cases[i].held)
				story_holds(&s.story, s.actors[1], lock, cases[i].trust);
			if (cases[i].stuck)
				receives(&s, 1);
			/* A channel that nobody is known to serve is no lock. */
			assert_int_equal(first_goes_on(&s),
				is_lock ? cases[i].goes_on : cases[i].held && !cases[i].stuck);
		}
}

/* Who would end the wait may be in what is missing. */
static void where_memory_is_missing(void **state)
{
	static const enum ct_wait_kind kinds[] = {CT_WAIT_RECV, CT_WAIT_MUTEX};

	(void)state;
	for (size_t k = 0; k < CT_COUNT(kinds); k++)
		for (uint32_t partial = 0; partial < 2; partial++) {
			struct scene s = begin();
			uint32_t lock = locks(&s, 0, kinds[k]);

			ct_sink_target(s.story.sink)->n_partial = partial;
			story_holds(&s.story, s.actors[1], lock, CT_TRUST_INFERRED);
			receives(&s, 1);
			assert_int_equal(first_goes_on(&s), partial);
		}
}

/* Of several who may have it one that goes on is enough, wherever it stands. */
static void one_of_several(void **state)
{
	(void)state;
	for (uint32_t runs = 0; runs < 4; runs++) {
		struct scene s = begin();
		uint32_t lock = locks(&s, 0, CT_WAIT_MUTEX);

		for (uint32_t i = 1; i < 4; i++) {
			story_holds(&s.story, s.actors[i], lock, CT_TRUST_INFERRED);
			if (i != runs)
				receives(&s, i);
		}
		assert_int_equal(first_goes_on(&s), runs != 0);
	}
}

/* Who reads is not in the way of one who waits for the writers before it. */
static void beside_a_reader(void **state)
{
	(void)state;
	for (int behind = 0; behind < 2; behind++) {
		struct scene s = begin();
		uint32_t lock = locks(&s, 0, CT_WAIT_RWLOCK_READ);

		s.story.waits[0].behind_writers = behind;
		ct_sink_hold(s.story.sink, &(struct ct_hold){.actor = s.actors[1],
						   .resource = lock,
						   .mode = CT_HOLD_SHARED,
						   .trust = CT_TRUST_INFERRED,
						   .took_frame = CT_NONE,
						   .why = "told by hand"});
		receives(&s, 1);
		assert_int_equal(first_goes_on(&s), behind);
	}
}

/* A row, at the end of which one runs, waits for ever, or waits for one in it: a circle. */
static void behind_others(void **state)
{
	enum { LAST = GOROUTINES - 1 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct scene s = begin();

		for (uint32_t k = 0; k < LAST; k++)
			story_holds(&s.story, s.actors[k + 1], locks(&s, k, CT_WAIT_MUTEX),
				CT_TRUST_INFERRED);
		if (i == 1)
			receives(&s, LAST);
		if (i == 2)
			story_holds(&s.story, s.actors[1], locks(&s, LAST, CT_WAIT_MUTEX),
				CT_TRUST_INFERRED);
		assert_int_equal(first_goes_on(&s), i == 0);
	}
}

/* Where a row is longer than it is followed, it is not known. */
static void a_long_row_is_not_known(void **state)
{
	enum { LONG = 40 };
	struct story s = story_begin(CT_WANT_GOROUTINES);
	uint32_t before = CT_NONE;

	(void)state;
	for (uint32_t i = 0; i < LONG; i++) {
		uint32_t actor = story_goroutine(&s, 18 + i, CT_STATE_WAITING);

		if (i)
			story_holds(&s, actor, before, CT_TRUST_INFERRED);
		before = story_mutex(&s, 0x1000 + 16u * i, NULL);
		story_waits(&s, actor, before, CT_TRUST_EXACT)->kind =
			i + 1 == LONG ? CT_WAIT_RECV : CT_WAIT_MUTEX;
	}
	struct ct_facts *facts = story_end(&s);
	assert_true(ct_may_go_on(facts, 0));
	assert_false(ct_may_go_on(facts, LONG - 2));
	ct_facts_free(facts);
}

/* Each of many waits for any of the others: there are more ways through them than anybody goes. */
static void a_crowd_is_not_known(void **state)
{
	enum { CROWD = 14 };
	struct story s = story_begin(CT_WANT_GOROUTINES);
	bool fresh;

	(void)state;
	for (uint32_t i = 0; i < CROWD; i++)
		(void)story_goroutine(&s, 18 + i, CT_STATE_WAITING);
	for (uint32_t i = 0; i < CROWD; i++) {
		uint32_t wait =
			ct_sink_wait(s.sink, &(struct ct_wait){.kind = CT_WAIT_RECV,
						     .actor = i,
						     .resource = ct_sink_resource(s.sink, "go_chan",
							     0xc000 + 16u * i, &fresh),
						     .why = "told by hand"});

		for (uint32_t k = 0; k < CROWD; k++)
			if (k != i)
				ct_sink_peer(s.sink, wait,
					&(struct ct_peer){.actor = k,
						.trust = CT_TRUST_INFERRED,
						.why = "told by hand"});
	}
	struct ct_facts *facts = story_end(&s);
	assert_true(ct_may_go_on(facts, 0));
	ct_facts_free(facts);
}

static void peers_that_go_on(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct scene s = begin();
		struct ct_sink *sink = s.story.sink;
		uint32_t wait = ct_sink_wait(sink, &(struct ct_wait){.kind = CT_WAIT_RECV,
							   .trust = CT_TRUST_EXACT,
							   .actor = s.actors[0],
							   .resource = channel(&s, 0xc000),
							   .why = "told by hand"});
		ct_sink_get_actor(sink, s.actors[0])->state = CT_STATE_WAITING;
		for (uint32_t k = 1; k < 3; k++) {
			ct_sink_peer(sink, wait,
				&(struct ct_peer){.actor = s.actors[k],
					.trust = CT_TRUST_INFERRED,
					.why = "told by hand"});
			if (i != k)
				receives(&s, k);
		}
		/* The second of them waits for one who goes on. */
		if (i == 3) {
			s.story.n_waits--;
			story_holds(&s.story, s.actors[4], locks(&s, 2, CT_WAIT_MUTEX),
				CT_TRUST_INFERRED);
		}
		assert_int_equal(first_goes_on(&s), i != 0);
	}
}

/* A wait for the end of a context ends with it, when it, or one above it, has a deadline. */
static void a_context_with_a_deadline(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct scene s = begin();
		struct ct_go_context contexts[2] = {
			{.type = "context.timerCtx", .parent = CT_NONE, .done = CT_NONE},
			{.type = "context.cancelCtx",
				.parent = 0,
				.done = receives(&s, 0)->resource}};

		if (i < 2)
			contexts[i].deadline = "2026-01-02T03:04:05Z";
		if (i == 2) {
			contexts[0].deadline = "2026-01-02T03:04:05Z";
			contexts[1].parent = CT_NONE;
		}
		ct_sink_go_contexts(s.story.sink,
			&(struct ct_fact_go_contexts){.contexts = contexts, .n_contexts = 2});
		assert_int_equal(first_goes_on(&s), i < 2);
	}
}

/* Of contexts derived from each other more than are followed: a deadline may be above. What has
 * another element is no Done(). */
static void a_long_row_of_contexts(void **state)
{
	enum { LONG = 100, FOLLOWED = 64 };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct scene s = begin();
		struct ct_go_context contexts[LONG];
		uint32_t done = receives(&s, 0)->resource, n = i == 1 ? FOLLOWED : LONG;

		for (uint32_t k = 0; k < n; k++)
			contexts[k] = (struct ct_go_context){.type = "context.cancelCtx",
				.parent = k ? k - 1 : CT_NONE,
				.done = k + 1 == n ? done : CT_NONE};
		if (i > 1)
			ct_sink_value_text(
				s.story.sink, done, "elem", i == 2 ? "struct {}" : "main.order");
		ct_sink_go_contexts(s.story.sink,
			&(struct ct_fact_go_contexts){.contexts = contexts, .n_contexts = n});
		assert_int_equal(first_goes_on(&s), i % 2 == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_itself),
		cmocka_unit_test(for_what_is_not_known),
		cmocka_unit_test(where_memory_is_missing),
		cmocka_unit_test(behind_a_lock),
		cmocka_unit_test(one_of_several),
		cmocka_unit_test(beside_a_reader),
		cmocka_unit_test(behind_others),
		cmocka_unit_test(a_long_row_is_not_known),
		cmocka_unit_test(a_crowd_is_not_known),
		cmocka_unit_test(peers_that_go_on),
		cmocka_unit_test(a_context_with_a_deadline),
		cmocka_unit_test(a_long_row_of_contexts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
