/* SPDX-License-Identifier: Apache-2.0 */
/* What goroutines wait for where that, or a part of it, is not in the core. */
#include "go_wait_scene.h"

/* Of a select without a case that can be read it is not known what it is for. */
static void lost_select(void **state)
{
	struct scene s;

	EACH_VERSION(&s, state)
	{
		s.g.waiting = NOWHERE;
		const struct ct_wait *wait = observe(&s, SELECT);
		assert_int_equal(wait->kind, CT_WAIT_SELECT);
		assert_false(wait->never);
		assert_int_equal(s.n_unread, 1);
	}
}

/* Of one with a case that cannot be read, which may be its timeout, not all is known. */
static void half_a_select(void **state)
{
	struct scene s;

	EACH_VERSION(&s, state)
	{
		uint64_t first = sudog(&s, 0, CHAN), second = sudog(&s, 1, NOWHERE);

		channel(&s, CHAN, 0, 0);
		enqueue(&s, CHAN, false, first);
		SET(&s, first, SUDOG_WAITLINK, second);
		s.g.waiting = first;
		const struct ct_wait *wait = observe(&s, SELECT);
		assert_int_equal(s.facts->n_waits, 1);
		assert_int_equal(wait->kind, CT_WAIT_RECV);
		assert_int_equal(wait->trust, CT_TRUST_GUESS);
		assert_true(wait->any_of);
		assert_non_null(strstr(wait->why, "not all cases can be read"));
		assert_int_equal(s.n_unread, 1);
	}
}

/* The channel's timer, since 1.23: one that cannot be read may fire, and was not stopped. */
static void timers_of_channels(void **state)
{
	static const struct {
		uint64_t at, when;
		const char *why;
		bool timed;
	} rows[] = {
		{OBJECT, 5, "its timer will fire", true},
		{OBJECT, 0, "that was stopped", false},
		{NOWHERE, 0, "cannot be read", true},
	};
	struct scene s;

	for (size_t i = 0; i < CT_COUNT(rows); i++)
		EACH_VERSION(&s, state)
		{
			uint64_t waiter = sudog(&s, 0, CHAN);

			channel(&s, CHAN, 0, 1);
			enqueue(&s, CHAN, false, waiter);
			s.g.waiting = waiter;
			bool known = ct_go_has(&s.go, HCHAN_TIMER);
			if (known) {
				SET(&s, CHAN, HCHAN_TIMER, rows[i].at);
				SET(&s, OBJECT, TIMER_WHEN, rows[i].when);
			}
			const struct ct_wait *wait = observe(&s, RECEIVE);
			assert_int_equal(wait->kind, CT_WAIT_RECV);
			assert_int_equal(wait->timed, known && rows[i].timed);
			assert_int_equal(strstr(wait->why, rows[i].why) != NULL, known);
		}
}

/* Up to 1.25 the table of semaphores leads to who sleeps; where that is missing somebody does. */
static void lost_sleepers(void **state)
{
	static const struct {
		bool root; /* else it stands behind another one */
		uint64_t at;
		uint32_t n_unread;
	} rows[] = {{true, NOWHERE, 1}, {true, 0, 0}, {false, NOWHERE, 1}, {false, 0, 0}};

	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		struct scene s;

		begin(&s, state, 24);
		uint64_t waiter = sleep_at(&s, OBJECT + 4);
		if (rows[i].root)
			SET(&s, TABLE, SEMAROOT_TREAP, rows[i].at);
		else
			SET(&s, waiter, SUDOG_WAITLINK, rows[i].at);
		const struct ct_wait *wait = observe(&s, LOCK);
		assert_int_equal(wait->resource == CT_NONE, rows[i].root);
		assert_int_equal(s.n_unread, rows[i].n_unread);
		ct_facts_free(s.facts);
	}
}

/* Its memory is missing, or ends in it: which object it is is known, and nothing of its state. */
static void lost_state(void **state)
{
	static const struct {
		const char *in[2];
		const char *kind;
		uint64_t sema;
	} rows[] = {
		{{"sync.(*Mutex).lockSlow"}, "go_mutex", NOWHERE},
		{{"sync.(*Mutex).lockSlow"}, "go_mutex", DATA_END},
		{{"sync.(*Mutex).lockSlow", "sync.(*RWMutex).Lock"}, "go_rwmutex", NOWHERE},
		{{"sync.(*Mutex).lockSlow", "sync.(*RWMutex).Lock"}, "go_rwmutex", DATA_END - 16},
		{{"sync.(*Mutex).lockSlow", "sync.(*Once).doSlow"}, "go_once", DATA_END},
		{{"sync.(*RWMutex).RLock"}, "go_rwmutex", DATA_END - 8},
		{{"sync.(*RWMutex).Lock"}, "go_rwmutex", DATA_END - 12},
		{{"sync.(*WaitGroup).Wait"}, "go_waitgroup", NOWHERE},
		{{"internal/poll.runtime_Semacquire"}, "go_sema", DATA_END},
		{{"runtime.semacquire", "runtime.stopTheWorld"}, "go_runtime_sema", NOWHERE},
	};
	struct scene s;

	for (size_t i = 0; i < CT_COUNT(rows); i++)
		EACH_VERSION(&s, state)
		{
			sleep_at(&s, rows[i].sema);
			be_in(&s, rows[i].in, rows[i].in[1] ? 2 : 1);
			const struct ct_wait *wait = observe(&s, SEMACQUIRE);
			const struct ct_resource *r = &s.facts->resources[wait->resource];
			assert_string_equal(r->kind, rows[i].kind);
			assert_non_null(strstr(wait->why, "cannot be read"));
			assert_int_equal(r->n_values, 0);
			assert_int_equal(r->holders, CT_HOLDERS_UNKNOWN);
			assert_null(r->corrupt);
			assert_int_equal(s.n_unread, 1);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lost_select),
		TEST(half_a_select),
		TEST(timers_of_channels),
		TEST(lost_sleepers),
		TEST(lost_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
