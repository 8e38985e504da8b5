/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lock that an error path unlocked once too often: from then on its count of users is one too
 * low, 0 while it is held. Two threads deadlock over it.
 */
#include "sample.h"

static pthread_mutex_t g_cache_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_disk_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t g_both_hold_one;

SAMPLE_FRAME static bool load_entry(int key)
{
	pthread_mutex_lock(&g_cache_lock);
	if (key < 0)
		pthread_mutex_unlock(&g_cache_lock);
	pthread_mutex_unlock(&g_cache_lock);
	return key >= 0;
}

SAMPLE_FRAME static void take_both(pthread_mutex_t *first, pthread_mutex_t *second)
{
	pthread_mutex_lock(first);
	pthread_barrier_wait(&g_both_hold_one);
	pthread_mutex_lock(second);
	SAMPLE_AFTER();
	pthread_mutex_unlock(second);
	pthread_mutex_unlock(first);
}

static void *write_back(void *arg)
{
	take_both(&g_cache_lock, &g_disk_lock);
	return arg;
}

static void *read_ahead(void *arg)
{
	take_both(&g_disk_lock, &g_cache_lock);
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "write_back", .run = write_back},
		{.name = "read_ahead", .run = read_ahead},
	};

	if (load_entry(-1) || g_cache_lock.__data.__nusers != -1U)
		sample_fail("the count of users", (long)g_cache_lock.__data.__nusers);
	pthread_barrier_init(&g_both_hold_one, NULL, 2);
	sample_start_all(t, 2);
	expect_mutex(&t[0], &g_disk_lock, "g_disk_lock", &t[1], false);
	expect_mutex(&t[1], &g_cache_lock, "g_cache_lock", &t[0], false);
	truth_function(&t[0], "take_both");
	truth_function(&t[1], "take_both");
	truth_cycle(t, 2, false);
	truth_finding("CT101", "P0", "\"proven\",\"likely\"", t, 2);
	truth_verdict("deadlock");
	sample_rest(3);
}
