/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: taking what one holds is legal for a recursive lock, an error for errorcheck. */
#include "sample.h"
#include <errno.h>

enum { RECURSIONS = 3 };

static pthread_mutex_t g_tree_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t g_checked_lock = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;

static void *relocker(void *arg)
{
	for (int i = 0; i < RECURSIONS; i++)
		sample_must(pthread_mutex_lock(&g_tree_lock), "relock");
	sample_must(pthread_mutex_lock(&g_checked_lock), "lock");
	if (pthread_mutex_lock(&g_checked_lock) != EDEADLK)
		sample_fail("no EDEADLK", 0);
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	return arg;
}

SAMPLE_FRAME static void take(pthread_mutex_t *lock)
{
	pthread_mutex_lock(lock);
	SAMPLE_AFTER();
	pthread_mutex_unlock(lock);
}

static void *waiter(void *arg)
{
	take((pthread_mutex_t *)arg);
	return NULL;
}

int main(void)
{
	struct sample_thread owner = {.name = "relocker", .run = relocker};
	struct sample_thread t[] = {
		{.name = "tree", .run = waiter, .arg = &g_tree_lock},
		{.name = "checked", .run = waiter, .arg = &g_checked_lock},
	};

	sample_start(&owner);
	expect_syscall(&owner, SAMPLE_SLEEP);
	sample_start_all(t, 2);
	expect_mutex(&t[0], &g_tree_lock, "g_tree_lock", &owner, false);
	expect_mutex(&t[1], &g_checked_lock, "g_checked_lock", &owner, false);
	truth_root(&t[0], &owner);
	truth_verdict("stuck");
	sample_rest(4);
}
