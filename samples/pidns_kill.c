/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A deadlock in a PID namespace, as in a container. A core that is made from outside has other
 * thread ids than those in the locks, and a signal from outside comes from process 0.
 */
#include "sample.h"
#include <sched.h>
#include <sys/mount.h>

static pthread_mutex_t g_tenants_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_quota_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t g_both_hold_one;

/* Not as its process 1, which no signal kills; with a /proc of its own, where all can be seen. */
static void enter_namespace(void)
{
	const int spaces = CLONE_NEWPID | CLONE_NEWNS;

	if (unshare(spaces) && unshare(spaces | CLONE_NEWUSER))
		sample_cannot("no PID namespace");
	sample_become_child();
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount("proc", "/proc", "proc", 0, NULL))
		sample_cannot("no /proc in a PID namespace");
	sample_become_child();
}

SAMPLE_FRAME static void charge(pthread_mutex_t *first, pthread_mutex_t *second)
{
	pthread_mutex_lock(first);
	pthread_barrier_wait(&g_both_hold_one);
	pthread_mutex_lock(second);
	SAMPLE_AFTER();
	pthread_mutex_unlock(second);
	pthread_mutex_unlock(first);
}

static void *admit(void *arg)
{
	charge(&g_tenants_lock, &g_quota_lock);
	return arg;
}

static void *bill(void *arg)
{
	charge(&g_quota_lock, &g_tenants_lock);
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "admit", .run = admit},
		{.name = "bill", .run = bill},
	};

	enter_namespace();
	pthread_barrier_init(&g_both_hold_one, NULL, 2);
	sample_start_all(t, 2);
	expect_mutex(&t[0], &g_quota_lock, "g_quota_lock", &t[1], false);
	expect_mutex(&t[1], &g_tenants_lock, "g_tenants_lock", &t[0], false);
	truth_function(&t[0], "charge");
	truth_function(&t[1], "charge");
	truth_deadlock(t, 2);
	sample_rest(3);
}
