/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An importer ended without giving back what it had locked: a recursive mutex that a reader waits
 * for, one that checks errors, which nobody has asked for yet, and a robust one, whose next user
 * would be told: that is no harm.
 */
#include "held.h"

static pthread_mutex_t g_index_lock, g_audit_lock, g_cache_lock;

static void init(pthread_mutex_t *lock, int type, int robust)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, type);
	pthread_mutexattr_setrobust(&attr, robust);
	sample_must(pthread_mutex_init(lock, &attr), "pthread_mutex_init");
}

static void *import(void *arg)
{
	pthread_mutex_lock(&g_index_lock);
	pthread_mutex_lock(&g_index_lock);
	pthread_mutex_lock(&g_audit_lock);
	pthread_mutex_lock(&g_cache_lock);
	sample_await_known();
	return arg;
}

SAMPLE_FRAME static void look_up(void)
{
	pthread_mutex_lock(&g_index_lock);
	SAMPLE_AFTER();
}

static void *reader(void *arg)
{
	look_up();
	return arg;
}

int main(void)
{
	struct sample_thread owner = {.name = "import", .run = import};
	struct sample_thread t = {.name = "reader", .run = reader};

	init(&g_index_lock, PTHREAD_MUTEX_RECURSIVE, 0);
	init(&g_audit_lock, PTHREAD_MUTEX_ERRORCHECK, 0);
	init(&g_cache_lock, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST);
	sample_start(&owner);
	pthread_join(owner.handle, NULL);
	sample_start(&t);
	expect_mutex(&t, &g_index_lock, "g_index_lock", NULL, false);
	truth_owner_gone(&t, owner.tid, &g_index_lock);
	truth_function(&t, "look_up");
	truth_left_held(SAMPLE_MUSL ? 0 : owner.tid, &g_audit_lock, "g_audit_lock");
	truth_finding("CT103", "P0", "\"proven\"", &t, 1);
	truth_verdict("deadlock");
	sample_rest(2);
}
