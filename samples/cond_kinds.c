/* SPDX-License-Identifier: Apache-2.0 */
/* Every way to wait for a condition variable: without end, by both clocks, and of shared memory. */
#include "shared.h"

static struct queue {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	int orders;
} g_plain, g_timed, g_clocked, g_monotonic, *g_shared;

static int wait_for_ever(struct queue *q)
{
	return pthread_cond_wait(&q->filled, &q->lock);
}

static int wait_until(struct queue *q)
{
	struct timespec end = sample_tomorrow(CLOCK_REALTIME);

	return pthread_cond_timedwait(&q->filled, &q->lock, &end);
}

/* Of one whose attribute says by which clock. */
static int wait_until_monotonic(struct queue *q)
{
	struct timespec end = sample_tomorrow(CLOCK_MONOTONIC);

	return pthread_cond_timedwait(&q->filled, &q->lock, &end);
}

static int wait_by_clock(struct queue *q)
{
	struct timespec end = sample_tomorrow(CLOCK_MONOTONIC);

	return pthread_cond_clockwait(&q->filled, &q->lock, CLOCK_MONOTONIC, &end);
}

static const struct way {
	const char *name;
	int (*wait)(struct queue *q);
	bool timed;
	struct queue *queue; /* NULL: the shared one */
	const char *object;
} g_ways[] = {
	{"for_ever", wait_for_ever, false, &g_plain, "g_plain.filled"},
	{"too", wait_for_ever, false, &g_plain, "g_plain.filled"},
	{"until", wait_until, true, &g_timed, "g_timed.filled"},
	{"by_clock", wait_by_clock, true, &g_clocked, "g_clocked.filled"},
	{"until_monotonic", wait_until_monotonic, true, &g_monotonic, "g_monotonic.filled"},
	{"of_shared", wait_for_ever, false, NULL, NULL},
	{"of_shared_until", wait_until, true, NULL, NULL},
};

enum { WAYS = sizeof(g_ways) / sizeof(g_ways[0]) };

static struct queue *queue_of(const struct way *way)
{
	return way->queue ? way->queue : g_shared;
}

SAMPLE_FRAME static void take_order(const struct way *way)
{
	struct queue *q = queue_of(way);

	pthread_mutex_lock(&q->lock);
	while (!q->orders)
		way->wait(q);
	q->orders--;
	pthread_mutex_unlock(&q->lock);
}

static void *cook(void *arg)
{
	take_order(arg);
	return arg;
}

static void init(struct queue *q, int shared, clockid_t clock)
{
	pthread_mutexattr_t lock;
	pthread_condattr_t cond;

	pthread_mutexattr_init(&lock);
	pthread_mutexattr_setpshared(&lock, shared);
	pthread_mutex_init(&q->lock, &lock);
	pthread_condattr_init(&cond);
	pthread_condattr_setpshared(&cond, shared);
	pthread_condattr_setclock(&cond, clock);
	pthread_cond_init(&q->filled, &cond);
}

int main(void)
{
	static struct sample_thread t[WAYS];

	g_shared = shared_memory(sizeof(*g_shared));
	init(&g_plain, PTHREAD_PROCESS_PRIVATE, CLOCK_REALTIME);
	init(&g_timed, PTHREAD_PROCESS_PRIVATE, CLOCK_REALTIME);
	init(&g_clocked, PTHREAD_PROCESS_PRIVATE, CLOCK_REALTIME);
	init(&g_monotonic, PTHREAD_PROCESS_PRIVATE, CLOCK_MONOTONIC);
	init(g_shared, PTHREAD_PROCESS_SHARED, CLOCK_REALTIME);
	for (int i = 0; i < WAYS; i++) {
		const struct way *way = &g_ways[i];

		t[i] = (struct sample_thread){.name = way->name, .run = cook, .arg = (void *)way};
		sample_start(&t[i]);
		expect_wait(
			&t[i], "cond", &queue_of(way)->filled, NULL, way->object, NULL, way->timed);
		truth_function(&t[i], "take_order");
	}
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\",\"CT104\",\"CT112\"]");
	sample_rest(1 + WAYS);
}
