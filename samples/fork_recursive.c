/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork() while a thread of the parent holds a recursive lock: the child inherits it and not the
 * thread, whose id is in the lock.
 */
#include "forked.h"

static pthread_mutex_t g_cache_lock;

SAMPLE_FRAME static void fill_cache(long ms)
{
	pthread_mutex_lock(&g_cache_lock);
	sample_sleep_ms(ms);
	pthread_mutex_unlock(&g_cache_lock);
}

static void *filler(void *arg)
{
	fill_cache(24 * 60 * 60 * 1000L);
	return arg;
}

SAMPLE_FRAME static void run_helper(void)
{
	fill_cache(0);
	SAMPLE_AFTER();
}

int main(void)
{
	struct sample_thread owner = {.name = "filler", .run = filler}, helper = {.name = "helper"};
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	sample_must(pthread_mutex_init(&g_cache_lock, &attr), "pthread_mutex_init");
	sample_start(&owner);
	sample_await(owner.tid, SAMPLE_SLEEP, SAMPLE_ANY);
	forked_start(&helper, fork, run_helper);
	expect_mutex(&helper, &g_cache_lock, "g_cache_lock", NULL, false);
	truth_owner_gone(&helper, owner.tid, &g_cache_lock);
	truth_function(&helper, "fill_cache");
	truth_function(&helper, "run_helper");
	forked_end(&helper, "\"proven\",\"likely\"");
}
