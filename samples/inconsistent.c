/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Robust locks whose owner died and whose next owners went on without pthread_mutex_consistent():
 * the owner's field says "inconsistent", the lock word alone says who holds them.
 */
#include "sample.h"
#include <errno.h>

static pthread_mutex_t g_queue_lock, g_index_lock;
static pthread_barrier_t g_both_hold_one;

static void init(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	sample_must(pthread_mutex_init(lock, &attr), "pthread_mutex_init");
}

static void *lost_worker(void *arg)
{
	pthread_mutex_lock(&g_queue_lock);
	pthread_mutex_lock(&g_index_lock);
	sample_await_known();
	return arg;
}

SAMPLE_FRAME static void take_over(pthread_mutex_t *first, pthread_mutex_t *second)
{
	if (pthread_mutex_lock(first) != EOWNERDEAD)
		sample_fail("the owner's death goes unnoticed", 0);
	pthread_barrier_wait(&g_both_hold_one);
	pthread_mutex_lock(second);
	SAMPLE_AFTER();
	pthread_mutex_unlock(second);
	pthread_mutex_unlock(first);
}

static void *queue_worker(void *arg)
{
	take_over(&g_queue_lock, &g_index_lock);
	return arg;
}

static void *index_worker(void *arg)
{
	take_over(&g_index_lock, &g_queue_lock);
	return arg;
}

int main(void)
{
	struct sample_thread lost = {.name = "lost_worker", .run = lost_worker};
	struct sample_thread t[] = {
		{.name = "queue_worker", .run = queue_worker},
		{.name = "index_worker", .run = index_worker},
	};

	init(&g_queue_lock);
	init(&g_index_lock);
	pthread_barrier_init(&g_both_hold_one, NULL, 2);
	sample_start(&lost);
	pthread_join(lost.handle, NULL);
	sample_start_all(t, 2);
	expect_mutex(&t[0], &g_index_lock, "g_index_lock", &t[1], false);
	expect_mutex(&t[1], &g_queue_lock, "g_queue_lock", &t[0], false);
	truth_function(&t[0], "take_over");
	truth_function(&t[1], "take_over");
	truth_deadlock(t, 2);
	sample_rest(3);
}
