/* SPDX-License-Identifier: Apache-2.0 */
/* A holder that blocks with a lock in its hands, and the convoy behind it. */
#ifndef CONVOY_H
#define CONVOY_H

#include "sample.h"

enum { CONVOY_WAITERS = 5 };

static pthread_mutex_t g_cache_lock = PTHREAD_MUTEX_INITIALIZER;
static int g_lookups;

/* Defined by the sample: blocks for ever. */
static void wait_for_backend(void);

SAMPLE_FRAME static void refresh_cache(void)
{
	pthread_mutex_lock(&g_cache_lock);
	wait_for_backend();
	pthread_mutex_unlock(&g_cache_lock);
}

SAMPLE_FRAME static void look_up(void)
{
	pthread_mutex_lock(&g_cache_lock);
	g_lookups++;
	pthread_mutex_unlock(&g_cache_lock);
}

static void *refresher(void *arg)
{
	refresh_cache();
	return arg;
}

static void *client(void *arg)
{
	look_up();
	return arg;
}

/* number: of the system call that wait_for_backend() blocks in. */
static inline void convoy(long number)
{
	static struct sample_thread holder = {.name = "refresher", .run = refresher};
	static struct sample_thread waiters[CONVOY_WAITERS];

	sample_start(&holder);
	expect_syscall(&holder, number);
	truth_function(&holder, "refresh_cache");
	truth_function(&holder, "wait_for_backend");
	for (int i = 0; i < CONVOY_WAITERS; i++) {
		waiters[i].name = "client";
		waiters[i].run = client;
		sample_start(&waiters[i]);
		expect_mutex(&waiters[i], &g_cache_lock, "g_cache_lock", &holder, false);
		truth_root(&waiters[i], &holder);
		truth_function(&waiters[i], "look_up");
	}
	truth_finding("CT120", "P2", "\"proven\",\"likely\"", waiters, CONVOY_WAITERS);
	truth_verdict("stuck");
	sample_rest(2 + CONVOY_WAITERS);
}

#endif
