/* SPDX-License-Identifier: Apache-2.0 */
/* A function takes a lock that its caller holds: a normal lock and, where there is
 * one, an adaptive one. */
#include "sample.h"

static pthread_mutex_t g_ledger_lock = PTHREAD_MUTEX_INITIALIZER;
#ifdef PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP
static pthread_mutex_t g_index_lock = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
#else
static pthread_mutex_t g_index_lock = PTHREAD_MUTEX_INITIALIZER;
#endif
static long g_total;

SAMPLE_FRAME static void add_entry(pthread_mutex_t *lock, long amount)
{
	pthread_mutex_lock(lock);
	g_total += amount;
	pthread_mutex_unlock(lock);
}

SAMPLE_FRAME static void update_total(pthread_mutex_t *lock)
{
	pthread_mutex_lock(lock);
	add_entry(lock, 5);
	pthread_mutex_unlock(lock);
}

static void *worker(void *arg)
{
	update_total((pthread_mutex_t *)arg);
	return NULL;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "ledger", .run = worker, .arg = &g_ledger_lock},
		{.name = "index", .run = worker, .arg = &g_index_lock},
	};

	sample_start_all(t, 2);
	expect_mutex(&t[0], &g_ledger_lock, "g_ledger_lock", &t[0], false);
	expect_mutex(&t[1], &g_index_lock, "g_index_lock", &t[1], false);
	for (int i = 0; i < 2; i++) {
		truth_function(&t[i], "add_entry");
		truth_function(&t[i], "update_total");
		truth_self_deadlock(&t[i]);
	}
	sample_rest(3);
}
