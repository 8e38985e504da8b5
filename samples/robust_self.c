/* SPDX-License-Identifier: Apache-2.0 */
/* A robust lock, and a robust process-shared one, taken twice by the same thread. */
#include "sample.h"

static pthread_mutex_t g_journal_lock, g_shared_lock;

SAMPLE_FRAME static void write_record(pthread_mutex_t *lock)
{
	pthread_mutex_lock(lock);
	SAMPLE_AFTER();
	pthread_mutex_unlock(lock);
}

static void *worker(void *arg)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)arg;

	pthread_mutex_lock(lock);
	write_record(lock);
	pthread_mutex_unlock(lock);
	return NULL;
}

static void init(pthread_mutex_t *lock, int shared)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&attr, shared);
	sample_must(pthread_mutex_init(lock, &attr), "pthread_mutex_init");
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "journal", .run = worker, .arg = &g_journal_lock},
		{.name = "shared", .run = worker, .arg = &g_shared_lock},
	};

	init(&g_journal_lock, PTHREAD_PROCESS_PRIVATE);
	init(&g_shared_lock, PTHREAD_PROCESS_SHARED);
	sample_start_all(t, 2);
	expect_mutex(&t[0], &g_journal_lock, "g_journal_lock", &t[0], false);
	expect_mutex(&t[1], &g_shared_lock, "g_shared_lock", &t[1], false);
	truth_self_deadlock(&t[0]);
	truth_self_deadlock(&t[1]);
	sample_rest(3);
}
