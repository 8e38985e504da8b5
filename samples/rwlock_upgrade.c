/* SPDX-License-Identifier: Apache-2.0 */
/* A thread reads a cache, finds nothing, and wants to write without having stopped to read. */
#include "holders.h"

static pthread_rwlock_t g_cache_lock = PTHREAD_RWLOCK_INITIALIZER;
static int g_cache[16];

SAMPLE_FRAME static int fill_cache(int key)
{
	pthread_rwlock_wrlock(&g_cache_lock);
	g_cache[key] = key * key;
	pthread_rwlock_unlock(&g_cache_lock);
	return g_cache[key];
}

SAMPLE_FRAME static int look_up(int key)
{
	int value;

	pthread_rwlock_rdlock(&g_cache_lock);
	value = g_cache[key];
	if (!value)
		value = fill_cache(key);
	pthread_rwlock_unlock(&g_cache_lock);
	return value;
}

static void *looker(void *arg)
{
	return look_up(*(int *)arg) ? arg : NULL;
}

int main(void)
{
	int key = 7;
	struct sample_thread t = {.name = "looker", .run = looker, .arg = &key};

	sample_start(&t);
	expect_wait_on(&t, "rwlock-write", &g_cache_lock, "g_cache_lock", &t, 1);
	truth_inferred(&t, &g_cache_lock, "shared", true);
	truth_cycle(&t, 1, false);
	truth_finding("CT102", "P0", "\"likely\"", &t, 1);
	truth_verdict("deadlock");
	truth_function(&t, "fill_cache");
	sample_rest(2);
}
