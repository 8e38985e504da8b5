/* SPDX-License-Identifier: Apache-2.0 */
/* The documents that the goldens show, each of one process called "orders". */
#ifndef CT_TESTS_REPORT_ORDERS_H
#define CT_TESTS_REPORT_ORDERS_H

#include "documents.h"

#define LIBC_LOCK_WAIT                                                                             \
	{                                                                                          \
		0x7f0000089c20, NULL, NULL, 0                                                      \
	}
#define LIBC_LOCK                                                                                  \
	{                                                                                          \
		0x7f0000090112, "pthread_mutex_lock", NULL, 0                                      \
	}
#define LIBC_START                                                                                 \
	{                                                                                          \
		0x7f0000088fd4, "start_thread", NULL, 0                                            \
	}
#define LIBC_CLONE                                                                                 \
	{                                                                                          \
		0x7f00001095bc, "clone3", NULL, 0                                                  \
	}
#define STACK(d, ...)                                                                              \
	doc_stack(d, (const struct doc_frame[]){__VA_ARGS__},                                      \
		CT_COUNT(((const struct doc_frame[]){__VA_ARGS__})))

/* n threads from first_id on, all of which wait for resource below take_order(). */
static inline void orders_takers(struct doc *d, uint64_t first_id, uint32_t n, uint32_t resource)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t stack = STACK(d, LIBC_LOCK_WAIT, LIBC_LOCK,
			{0x402100, "take_order", "/src/orders/orders.c", 77},
			{0x402400, "intake_main", "/src/orders/orders.c", 190}, LIBC_START,
			LIBC_CLONE);

		doc_wait(d, doc_thread(d, first_id + i, NULL, stack), resource);
	}
}

/* Three that wait for events, one that computes. */
static inline void orders_bystanders(struct doc *d)
{
	for (uint64_t id = 19; id < 22; id++) {
		uint32_t loop = STACK(d, {0x7f0000108f66, "epoll_wait", NULL, 0},
			{0x403100, "event_loop", "/src/orders/loop.c", 88}, LIBC_START, LIBC_CLONE);

		doc_call(d, doc_thread(d, id, NULL, loop), CT_STATE_SYSCALL, 232, "epoll_wait",
			"epoll_wait(7, 0x7ffc01234560, 64, -1)");
	}
	doc_thread(d, 22, "pricing",
		STACK(d, {0x403900, "price_all", "/src/orders/price.c", 12},
			{0x403a00, "pricing_main", "/src/orders/price.c", 40}, LIBC_START,
			LIBC_CLONE));
}

static inline void orders_hints(struct doc *d)
{
	static const char *const hints[] = {
		"coretool explain core.4711 0x4060c0", "coretool threads core.4711"};

	d->document.hints = hints;
	d->document.n_hints = CT_COUNT(hints);
}

/* The finding on the one cycle of the graph, which is the document's first finding. */
static inline struct ct_finding *orders_cycle(
	struct doc *d, const char *rule, const char *name, const char *title)
{
	static const uint32_t first[] = {0};
	struct ct_finding *f = doc_finding(d, rule, name, title, d->document.summary.headline);

	assert_int_equal(d->graph->n_cycles, 1);
	f->cycles = first;
	f->n_cycles = 1;
	d->document.finding_of_cycle = first;
	return f;
}

/* Two threads and two locks: the case that everybody knows. quick: registers and lock words alone.
 */
static inline struct doc *doc_orders(unsigned sections, bool quick)
{
	static const uint32_t stuck[] = {0, 1, 2, 3, 4, 5, 6}, locks[] = {0, 1};
	static const struct ct_step steps[] = {
		{"thread 12 (billing) waits for g_stock_lock, held by thread 13 (shipping)", 0, 0,
			2},
		{"thread 13 (shipping) waits for g_orders_lock, held by thread 12 (billing)", 1, 1,
			2}};
	struct doc *d = doc_new(sections);
	uint32_t billing = doc_thread(d, 12, "billing",
		STACK(d, LIBC_LOCK_WAIT, LIBC_LOCK,
			{0x401200, "ship_order", "/src/orders/orders.c", 41},
			{0x401300, "bill_order", "/src/orders/orders.c", 30},
			{0x401400, "billing_main", "/src/orders/orders.c", 102}, LIBC_START,
			LIBC_CLONE));
	uint32_t stock = doc_mutex(d, 0x4060c0, quick ? NULL : "g_stock_lock", 13);
	doc_wait(d, billing, stock);
	uint32_t shipping = doc_thread(d, 13, "shipping",
		STACK(d, LIBC_LOCK_WAIT, LIBC_LOCK,
			{0x401500, "cancel_order", "/src/orders/orders.c", 63},
			{0x401600, "restock", "/src/orders/orders.c", 58},
			{0x401700, "shipping_main", "/src/orders/orders.c", 131}, LIBC_START,
			LIBC_CLONE));
	uint32_t orders = doc_mutex(d, 0x406100, quick ? NULL : "g_orders_lock", 12);
	doc_wait(d, shipping, orders);
	doc_hold(d, billing, orders, quick ? CT_NONE : 3);
	doc_hold(d, shipping, stock, quick ? CT_NONE : 3);
	orders_takers(d, 14, 5, stock);
	orders_bystanders(d);
	for (uint32_t i = 0; quick && i < ct_sink_n_actors(d->sink); i++)
		ct_sink_get_actor(d->sink, i)->stack = CT_NONE;
	ct_sink_note(d->sink, 902, "/lib/x86_64-linux-gnu/libc.so.6",
		"no debug symbols: install libc6-dbg");
	ct_sink_note(d->sink, 907, "held", "locks that nobody waits for were not looked for");
	ct_sink_target(d->sink)->signal = (struct ct_fact_signal){
		.number = 6, .name = "SIGABRT", .code = "SI_USER", .actor = 0, .sender_pid = 1};
	doc_finish(d, CT_VERDICT_DEADLOCK,
		"thread 12 (billing) and thread 13 (shipping) wait for each other over "
		"g_stock_lock, "
		"g_orders_lock: none of them can ever go on; 5 more wait behind them");
	struct ct_finding *f = orders_cycle(d, "CT101", "lock-cycle",
		"thread 12 (billing) and thread 13 (shipping) wait for each other");
	f->hint = "Take these locks in one order everywhere. This process does not recover: "
		  "restart it.";
	f->actors = stuck;
	f->n_actors = CT_COUNT(stuck);
	f->resources = locks;
	f->n_resources = CT_COUNT(locks);
	f->steps = steps;
	f->n_steps = CT_COUNT(steps);
	f->fingerprint = "CT101:bill_order|ship_order|cancel_order|restock";
	orders_hints(d);
	return d;
}

/* One thread takes its own lock again, in a C++ program with inlined calls and no debug info in
 * between. */
static inline struct doc *doc_relock(unsigned sections)
{
	struct doc *d = doc_new(sections);
	const char *outer = "shop::Ledger::close";
	uint32_t stack = STACK(d, LIBC_LOCK_WAIT, LIBC_LOCK,
		{0x401800, "shop::Ledger::total", "/src/shop/ledger.cc", 19},
		{0x401900, outer, "/src/shop/ledger.cc", 52}, {0x401a00, NULL, NULL, 0},
		LIBC_START);
	doc_inline(d, doc_site(d, 0x401900, NULL, NULL, 0), "shop::Ledger::sum_up",
		"/src/shop/ledger.h", 7);
	uint32_t thread = doc_thread(d, 31, NULL, stack);
	uint32_t lock = doc_mutex(d, 0x7f2000000010, NULL, 31);
	ct_sink_get_actor(d->sink, thread)->lwp = 90031;
	ct_sink_get_resource(d->sink, lock)->where = "heap";
	doc_wait(d, thread, lock);
	doc_hold(d, thread, lock, 3);
	doc_finish(d, CT_VERDICT_DEADLOCK,
		"thread 31 waits for the mutex at 0x7f2000000010 (heap), which it holds itself: "
		"it can never go on");
	struct ct_finding *f = orders_cycle(d, "CT102", "self-deadlock",
		"thread 31 waits for the mutex at 0x7f2000000010 (heap), which it holds itself");
	f->hint = "Release the lock before the call that takes it again.";
	return d;
}

/* Three wait for a lock whose owner has exited; one of them, with a timeout, for another such lock.
 */
static inline struct doc *doc_owner_gone(unsigned sections)
{
	static const uint32_t stuck[] = {0, 1, 2}, locks[] = {0};
	struct doc *d = doc_new(sections);
	uint32_t lock = doc_mutex(d, 0x4060c0, "g_stock_lock", 99);
	ct_sink_get_resource(d->sink, lock)->owner_gone = 99;
	for (uint64_t id = 12; id < 15; id++) {
		uint32_t thread = doc_thread(d, id, NULL,
			STACK(d, LIBC_LOCK_WAIT, LIBC_LOCK, {0x402100, "take_order", NULL, 0},
				LIBC_START, LIBC_CLONE));

		doc_call(d, thread, CT_STATE_WAITING, 202, "futex", "futex(0x4060c0, …)");
		ct_sink_wait(d->sink, &(struct ct_wait){.kind = CT_WAIT_MUTEX,
					      .actor = thread,
					      .resource = lock,
					      .owner_gone = 99,
					      .has_since = id == 12,
					      .since_ns = 1500000000,
					      .why = "the owner field names thread 99, which is "
						     "not in this process"});
	}
	ct_sink_note(d->sink, 905, "core", "an example of a note");
	doc_finish(d, CT_VERDICT_DEADLOCK,
		"g_stock_lock is held by thread 99, which is gone: nobody will release it, and 3 "
		"threads "
		"wait for good; and 1 more finding");
	struct ct_finding *f = doc_finding(d, "CT103", "dead-owner",
		"g_stock_lock is held by thread 99, which is gone",
		"g_stock_lock is held by thread 99, which is gone: nobody will release it, and 3 "
		"threads "
		"wait for good");
	f->actors = stuck;
	f->n_actors = CT_COUNT(stuck);
	f->resources = locks;
	f->n_resources = CT_COUNT(locks);
	f = doc_finding(d, "CT103", "dead-owner", "another finding",
		"another finding: with a message of its own");
	f->level = CT_P1;
	f->confidence = CT_LIKELY;
	f = doc_finding(d, "CT120", "blocked-behind", "what nobody wants to hear of", "");
	f->ignored_by = "--ignore-top-function";
	d->document.summary.n_findings[CT_P0] = 1;
	d->document.summary.n_findings[CT_P1] = 1;
	d->document.summary.n_ignored = 1;
	return d;
}

/* A convoy: one sleeps in a read with the lock, four want it, two more want what one of the four
 * holds, main joins. */
static inline struct doc *doc_convoy(unsigned sections)
{
	static const uint32_t stuck[] = {0, 2, 3, 4, 5, 6, 7}, locks[] = {0};
	static const struct ct_step steps[] = {
		{"thread 14 waits for g_cache_lock, held by thread 20 (reader)", 2, 0, 2},
		{"thread 20 (reader) is asleep in read", 1, CT_NONE, 1}};
	struct doc *d = doc_new(sections);
	uint32_t main_thread = doc_thread(d, 4711, "orders",
		STACK(d, {0x7f0000089d00, NULL, NULL, 0}, {0x7f000008b000, "pthread_join", NULL, 0},
			{0x403000, "main", "/src/orders/main.c", 20}));
	uint32_t reader = doc_thread(d, 20, "reader",
		STACK(d, {0x7f0000100000, "read", NULL, 0},
			{0x403200, "fill_cache", "/src/orders/cache.c", 33}, LIBC_START,
			LIBC_CLONE));
	uint32_t cache = doc_mutex(d, 0x4060c0, "g_cache_lock", 20);
	doc_join(d, main_thread, reader);
	doc_call(d, reader, CT_STATE_WAITING, 0, "read", "read(5, 0x7f0011223344, 4096)");
	ct_sink_wait(d->sink, &(struct ct_wait){.kind = CT_WAIT_IO,
				      .actor = reader,
				      .resource = CT_NONE,
				      .outside = true,
				      .why = "blocked in read"});
	doc_hold(d, reader, cache, CT_NONE);
	orders_takers(d, 14, 4, cache);
	uint32_t log = doc_mutex(d, 0x406200, NULL, 14);
	doc_hold(d, 2, log, CT_NONE);
	for (uint64_t id = 30; id < 32; id++)
		doc_wait(d,
			doc_thread(d, id, NULL,
				STACK(d, LIBC_LOCK_WAIT, LIBC_LOCK,
					{0x403300, "write_log", "/src/orders/log.c", 9}, LIBC_START,
					LIBC_CLONE)),
			log);
	doc_finish(d, CT_VERDICT_STUCK,
		"7 threads wait behind thread 20 (reader), which is asleep in read at fill_cache() "
		"cache.c:33 and holds g_cache_lock");
	struct ct_finding *f = doc_finding(d, "CT120", "blocked-behind",
		"7 threads wait behind thread 20 (reader), which is asleep in read",
		d->document.summary.headline);
	f->level = CT_P2;
	f->hint = "Do not sleep or do I/O while holding a lock that others need.";
	f->actors = stuck;
	f->n_actors = CT_COUNT(stuck);
	f->resources = locks;
	f->n_resources = CT_COUNT(locks);
	f->steps = steps;
	f->n_steps = CT_COUNT(steps);
	d->document.summary.n_findings[CT_P0] = 0;
	d->document.summary.n_findings[CT_P2] = 1;
	orders_hints(d);
	return d;
}

/* A damaged core of a healthy program: stacks that end early, were cut, guessed, or interrupted by
 * a signal. */
static inline struct doc *doc_damaged(unsigned sections)
{
	static const char *const partial[] = {"core truncated at 3,145,728 of 9,437,184 bytes"};
	struct doc *d = doc_new(sections);
	struct ct_frame frames[12] = {0};
	uint32_t recurse = doc_site(d, 0x404000, "walk", "/src/orders/tree.c", 14);

	frames[0].site = doc_site(d, 0x404100, "on_alarm", "/src/orders/main.c", 70);
	frames[1].site = doc_site(d, 0x7f0000042520, "__restore_rt", NULL, 0);
	frames[1].is_signal = true;
	for (uint32_t i = 2; i < 11; i++)
		frames[i].site = recurse;
	frames[11].site = doc_site(d, 0x404200, NULL, NULL, 0);
	frames[11].trust = CT_SITE_SCAN;
	struct ct_stack stack = {.frames = frames,
		.n_frames = 12,
		.n_total = 1012,
		.skipped_at = 8,
		.why = "the stack's memory is not in the core"};
	doc_thread(d, 40, "walker", ct_sink_stack(d->sink, &stack));
	uint32_t sleeper = doc_thread(d, 41, NULL, CT_NONE);
	doc_call(d, sleeper, CT_STATE_WAITING, 230, "clock_nanosleep",
		"clock_nanosleep(CLOCK_REALTIME, …)");
	ct_sink_wait(d->sink, &(struct ct_wait){.kind = CT_WAIT_SLEEP,
				      .actor = sleeper,
				      .resource = CT_NONE,
				      .timed = true,
				      .why = "asleep"});
	uint32_t zombie = doc_thread(d, 0, NULL, CT_NONE);
	ct_sink_get_actor(d->sink, zombie)->state = CT_STATE_ZOMBIE;
	ct_sink_get_actor(d->sink, zombie)->object = 0x7f1000000000;
	ct_sink_target(d->sink)->partial = partial;
	ct_sink_target(d->sink)->n_partial = 1;
	ct_sink_target(d->sink)->still = false;
	ct_sink_target(d->sink)->exe = NULL;
	ct_sink_note(d->sink, 901, "core.4711", "core truncated at 3,145,728 of 9,437,184 bytes");
	doc_finish(d, CT_VERDICT_CLEAN, "no deadlock: 3 threads, 1 of them asleep");
	return d;
}

#endif
