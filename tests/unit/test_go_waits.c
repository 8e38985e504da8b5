/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goroutines wait for, from the bytes of channels, sudogs, semaphores and timers as
 * Go 1.19, 1.24 and 1.27 lay them out; and from bytes that no Go program has.
 */
#include "go_wait_scene.h"

static void full_channel(void **state)
{
	struct scene s;

	EACH_VERSION(&s, state)
	{
		uint64_t waiter = sudog(&s, 0, CHAN);

		channel(&s, CHAN, 3, 3);
		enqueue(&s, CHAN, true, waiter);
		s.g.waiting = waiter;
		const struct ct_wait *wait = observe(&s, v_ ? DURABLE : SEND);
		assert_int_equal(wait->kind, CT_WAIT_SEND);
		assert_int_equal(wait->trust, CT_TRUST_EXACT);
		assert_int_equal(s.facts->resources[wait->resource].address, CHAN);
		assert_null(s.facts->resources[wait->resource].corrupt);
		assert_int_equal(value(&s, wait, "cap"), 3);
		assert_int_equal(s.n_unread, 0);
		assert_non_null(strstr(wait->why, "full (3 of 3)"));
		assert_false(wait->any_of || wait->timed || wait->never);
	}
}

static void impossible_channels(void **state)
{
	static const struct {
		uint64_t len, cap, sendx;
		uint32_t closed;
		uint64_t lock;
		const char *corrupt;
	} rows[] = {
		{4, 3, 0, 0, 0, "more elements than room"},
		{0, 3, 3, 0, 0, "outside of its buffer"},
		{0, 3, 0, 1, 0, "closed"},
		{2, 3, 0, 0, 0, "though it has elements"},
		{2, 3, 0, 0, 1, NULL}, /* somebody was just changing it */
		{0, 3, 2, 0, 0, NULL},
		{UINT64_MAX, UINT64_MAX, 5, 0, 1, NULL},
	};
	struct scene s;

	for (size_t i = 0; i < CT_COUNT(rows); i++)
		EACH_VERSION(&s, state)
		{
			uint64_t waiter = sudog(&s, 0, CHAN);

			channel(&s, CHAN, rows[i].len, rows[i].cap);
			SET(&s, CHAN, HCHAN_SENDX, rows[i].sendx);
			put(CHAN + ct_go_at(&s.go, HCHAN_CLOSED), &rows[i].closed, 4);
			put(CHAN + ct_go_at(&s.go, HCHAN_SIZE) - 8, &rows[i].lock, 8);
			enqueue(&s, CHAN, false, waiter);
			s.g.waiting = waiter;
			const struct ct_wait *wait = observe(&s, RECEIVE);
			const char *corrupt = s.facts->resources[wait->resource].corrupt;
			if (rows[i].corrupt)
				assert_non_null(strstr(corrupt, rows[i].corrupt));
			else
				assert_null(corrupt);
		}
}

static void nobody_else(void **state)
{
	struct scene s;

	EACH_VERSION(&s, state)
	{
		const struct ct_wait *wait = observe(&s, v_ ? NIL_RECEIVE : NO_CASES);

		assert_int_equal(wait->kind, v_ ? CT_WAIT_RECV : CT_WAIT_SELECT);
		assert_true(wait->never);
		assert_int_equal(wait->resource, CT_NONE);
	}
	EACH_VERSION(&s, state) /* all cases nil */
	{
		assert_true(observe(&s, SELECT)->never);
		assert_int_equal(s.facts->waits[0].kind, CT_WAIT_SELECT);
	}
	EACH_VERSION(&s, state)
	{
		const struct ct_wait *wait = observe(&s, IDLE);

		assert_int_equal(wait->kind, CT_WAIT_OTHER);
		assert_non_null(strstr(wait->why, "GC worker (idle)"));
	}
}

static void select_of_two(void **state)
{
	struct scene s;

	EACH_VERSION(&s, state)
	{
		uint64_t first = sudog(&s, 0, CHAN), second = sudog(&s, 1, OBJECT);

		channel(&s, CHAN, 1, 1);
		enqueue(&s, CHAN, true, first);
		channel(&s, OBJECT, 0, 0);
		enqueue(&s, OBJECT, false, second);
		SET(&s, first, SUDOG_WAITLINK, second);
		s.g.waiting = first;
		const struct ct_wait *wait = observe(&s, SELECT);
		assert_int_equal(s.facts->n_waits, 2);
		assert_int_equal(wait[0].kind, CT_WAIT_SEND);
		assert_int_equal(wait[1].kind, CT_WAIT_RECV);
		assert_int_equal(s.facts->resources[wait[1].resource].address, OBJECT);
		assert_true(wait[0].any_of && wait[1].any_of);
		assert_string_equal(wait[0].why, "select on 2 channels: no timeout, no Done case");
	}
}

/* It goes round, to another goroutine's, into nothing: it ends, and is not trusted. */
static void broken_select(void **state)
{
	struct scene s;

	for (unsigned i = 0; i < 3; i++)
		EACH_VERSION(&s, state)
		{
			uint64_t first = sudog(&s, 0, CHAN), second = sudog(&s, 1, CHAN);
			const uint64_t next[] = {second, SUDOG + 2 * STEP, NOWHERE};

			channel(&s, CHAN, 0, 0);
			enqueue(&s, CHAN, false, first);
			SET(&s, CHAN, HCHAN_RECVQ_LAST, second);
			SET(&s, first, SUDOG_NEXT, second);
			SET(&s, second, SUDOG_PREV, first);
			SET(&s, first, SUDOG_WAITLINK, second);
			SET(&s, second, SUDOG_WAITLINK, next[i]);
			SET(&s, SUDOG + 2 * STEP, SUDOG_G, G + 8);
			s.g.waiting = first;
			const struct ct_wait *wait = observe(&s, SELECT);
			assert_in_range(s.facts->n_waits, 2, 8);
			assert_int_equal(wait->trust, CT_TRUST_GUESS);
			assert_int_equal(s.n_unread, 1);
		}
}

/* The channel has let go of it, it is somebody else's, or nothing is there. */
static void not_linked(void **state)
{
	struct scene s;

	for (unsigned i = 0; i < 3; i++)
		EACH_VERSION(&s, state)
		{
			uint64_t waiter = sudog(&s, 0, i == 2 ? NOWHERE : CHAN);

			channel(&s, CHAN, 0, 0);
			if (i == 1)
				SET(&s, waiter, SUDOG_G, G + 8);
			s.g.waiting = waiter;
			const struct ct_wait *wait = observe(&s, RECEIVE);
			assert_int_equal(wait->kind, CT_WAIT_OTHER);
			assert_int_equal(wait->resource, CT_NONE);
			assert_false(wait->never);
			assert_int_equal(s.n_unread, i == 2);
		}
}

static void locked_mutex(void **state)
{
	static const char *const in[] = {
		"sync.runtime_SemacquireMutex", "sync.(*Mutex).lockSlow", "main.pay"};
	struct scene s;

	EACH_VERSION(&s, state)
	{
		const uint32_t word = 2 << 3 | 4 | 1;

		put(OBJECT, &word, sizeof(word));
		sleep_at(&s, OBJECT + 4);
		be_in(&s, in, 3);
		const struct ct_wait *wait = observe(&s, v_ ? LOCK : SEMACQUIRE);
		assert_int_equal(wait->kind, CT_WAIT_MUTEX);
		assert_string_equal(s.facts->resources[wait->resource].kind, "go_mutex");
		assert_int_equal(s.facts->resources[wait->resource].address, OBJECT);
		assert_int_equal(value(&s, wait, "waiters"), 2);
		assert_true(value(&s, wait, "locked") && value(&s, wait, "starving"));
	}
}

/* What lies around the semaphore is told by the functions. */
static void around_a_mutex(void **state)
{
	static const struct {
		const char *in[4];
		const char *kind;
		enum ct_wait_kind wait;
		uint64_t at;
	} rows[] = {
		{{"sync.(*Mutex).Lock", "sync.(*RWMutex).Lock", "main.pay"}, "go_rwmutex",
			CT_WAIT_RWLOCK_WRITE, OBJECT + 4},
		{{"sync.(*Mutex).lockSlow", "sync.(*Once).doSlow", "main.pay"}, "go_once",
			CT_WAIT_ONCE, OBJECT},
		/* The Once is that of who called: another package's function is between. */
		{{"sync.(*Mutex).lockSlow", "net.ready", "sync.(*Once).doSlow"}, "go_mutex",
			CT_WAIT_MUTEX, OBJECT + 4},
		{{"sync.(*Mutex).lockSlow", "main.pay", "sync.(*Once).doSlow"}, "go_mutex",
			CT_WAIT_MUTEX, OBJECT + 4},
		{{"sync.(*RWMutex).RLock", "main.pay"}, "go_rwmutex", CT_WAIT_RWLOCK_READ,
			OBJECT - 4},
		{{"sync.(*RWMutex).Lock", "main.pay"}, "go_rwmutex", CT_WAIT_RWLOCK_WRITE, OBJECT},
		{{"sync.(*WaitGroup).Wait", "main.pay"}, "go_waitgroup", CT_WAIT_WAITGROUP, OBJECT},
		{{"internal/poll.runtime_Semacquire", "main.pay"}, "go_sema", CT_WAIT_SEM,
			OBJECT + 8},
		{{"runtime.semacquire", "runtime.stopTheWorld", "main.pay"}, "go_runtime_sema",
			CT_WAIT_SEM, OBJECT + 8},
		/* Who waits for the runtime's is none of who called. */
		{{"runtime.semacquire1", "sync.runtime_Semacquire", "main.pay"}, "go_sema",
			CT_WAIT_SEM, OBJECT + 8},
	};
	struct scene s;

	for (size_t i = 0; i < CT_COUNT(rows); i++)
		EACH_VERSION(&s, state)
		{
			uint32_t n = 0;

			while (n < 4 && rows[i].in[n])
				n++;
			sleep_at(&s, OBJECT + 8);
			be_in(&s, rows[i].in, n);
			const struct ct_wait *wait = observe(&s, SEMACQUIRE);
			const struct ct_resource *r = &s.facts->resources[wait->resource];
			assert_string_equal(r->kind, rows[i].kind);
			assert_int_equal(wait->kind, rows[i].wait);
			assert_int_equal(r->address, rows[i].at);
		}
}

/* Counter above, waiters below, and since 1.25 a flag among the waiters. */
static void waitgroups(void **state)
{
	struct scene s;

	EACH_VERSION(&s, state)
	{
		const uint64_t word =
			UINT64_C(5) << 32 | 2 | (s.go.version.minor >= 25 ? UINT32_C(1) << 31 : 0);
		const char *in[] = {"sync.(*WaitGroup).Wait"};

		put(OBJECT, &word, sizeof(word));
		sleep_at(&s, OBJECT + 8);
		be_in(&s, in, 1);
		const struct ct_wait *wait = observe(&s, v_ ? GROUP : SEMACQUIRE);
		assert_int_equal(wait->kind, CT_WAIT_WAITGROUP);
		assert_int_equal(value(&s, wait, "counter"), 5);
		assert_int_equal(value(&s, wait, "waiters"), 2);
	}
}

/* Trees and lists that come back to themselves, or lead nowhere, end. */
static void broken_tree(void **state)
{
	struct scene s;

	begin(&s, state, 24);
	uint64_t waiter = sleep_at(&s, OBJECT + 4), other = sudog(&s, 1, 0);

	SET(&s, other, SUDOG_G, G + 8);
	SET(&s, other, SUDOG_PREV, other);
	SET(&s, other, SUDOG_NEXT, waiter);
	SET(&s, other, SUDOG_WAITLINK, other);
	set_pair(&s, other, CT_GO_SUDOG_ELEM, OBJECT + 12);
	SET(&s, waiter, SUDOG_WAITLINK, other);
	SET(&s, waiter, SUDOG_PREV, other);
	SET(&s, waiter, SUDOG_NEXT, NOWHERE);
	const struct ct_wait *wait = observe(&s, LOCK);
	assert_int_equal(s.facts->resources[wait->resource].address, OBJECT);
	ct_facts_free(s.facts);

	begin(&s, state, 24); /* it is in no tree */
	sleep_at(&s, OBJECT + 4);
	SET(&s, TABLE, SEMAROOT_TREAP, NOWHERE);
	assert_int_equal(observe(&s, LOCK)->kind, CT_WAIT_OTHER);
	ct_facts_free(s.facts);
}

#define NOW    INT64_C(50000000000)
#define SECOND INT64_C(1000000000)

static void sleeping(void **state)
{
	struct scene s;

	EACH_VERSION(&s, state)
	{
		s.go.globals.sched = SCHED;
		SET(&s, SCHED, SCHED_LASTPOLL, NOW);
		if (ct_go_at(&s.go, G_SLEEPWHEN) != CT_GO_ABSENT) {
			SET(&s, G, G_SLEEPWHEN, NOW + 3 * SECOND - 1);
		} else {
			SET(&s, G, G_TIMER, OBJECT);
			SET(&s, OBJECT, TIMER_WHEN, NOW + 3 * SECOND - 1);
		}
		s.g.since = NOW - SECOND;
		const struct ct_wait *wait = observe(&s, SLEEP);
		assert_int_equal(wait->kind, CT_WAIT_SLEEP);
		assert_true(wait->timed && wait->has_since);
		assert_int_equal(wait->since_ns, SECOND);
		assert_string_equal(wait->why, "its timer fires in at most 3 s");
	}
	EACH_VERSION(&s, state) /* no clock, no claims */
	{
		s.g.since = NOW;
		const struct ct_wait *wait = observe(&s, SLEEP);
		assert_true(wait->timed);
		assert_false(wait->has_since);
	}
}

/* Also when the same is said again, and something else in between. */
static void durations(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} rows[] = {{1, "1 ms"}, {1999000000, "2000 ms"}, {2 * SECOND, "2 s"}, {2 * SECOND, "2 s"},
		{119 * SECOND, "120 s"}, {2 * SECOND, "2 s"}, {120 * 60 * SECOND, "2 h"},
		{24 * 3600 * SECOND - 1, "24 h"}, {INT64_MAX, "110000 days"}};
	struct ct_go_observation o = {.sink = ct_sink_new(0)};
	struct ct_go_waits *waits = calloc(1, sizeof(*waits));
	struct ct_go_waiter w = {.o = &o, .waits = waits};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		const char *text = ct_go_fires(&w, rows[i].ns);

		assert_memory_equal(text, "its timer fires in at most ", 27);
		assert_string_equal(text + 27, rows[i].text);
	}
	free(waits);
	ct_sink_free(o.sink);
}

/* Two labels, and a count that nobody can have. */
static void labels(void **state)
{
	static const char text[] = "tenantredidx17";
	struct scene s;

	begin(&s, state, 27);
	put(SCHED, text, sizeof(text));
	put_pair(OBJECT, (int64_t)(OBJECT + 0x20), INT64_MAX);
	put_pair(OBJECT + 0x20, (int64_t)SCHED, 6);
	put_pair(OBJECT + 0x30, (int64_t)(SCHED + 6), 3);
	put_pair(OBJECT + 0x40, (int64_t)(SCHED + 9), 3);
	put_pair(OBJECT + 0x50, (int64_t)(SCHED + 12), 2);
	s.g.labels = OBJECT;
	observe(&s, IDLE);
	assert_non_null(
		strstr(s.facts->label_sets[s.facts->actors[0].labels], "idx=17, tenant=red"));
	ct_facts_free(s.facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(full_channel),
		TEST(impossible_channels),
		TEST(nobody_else),
		TEST(select_of_two),
		TEST(broken_select),
		TEST(not_linked),
		TEST(locked_mutex),
		TEST(around_a_mutex),
		TEST(waitgroups),
		TEST(broken_tree),
		TEST(sleeping),
		TEST(durations),
		TEST(labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
