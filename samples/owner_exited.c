/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that end with a lock in their hands: joined, never joined, cancelled. */
#include "sample.h"

enum { LOCKS = 3 };

static pthread_mutex_t g_locks[LOCKS] = {
	PTHREAD_MUTEX_INITIALIZER,
	PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP,
	PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP,
};

static void *forgetful(void *arg)
{
	pthread_mutex_lock((pthread_mutex_t *)arg);
	sample_await_known();
	return NULL;
}

static void *cancelled(void *arg)
{
	pthread_mutex_lock((pthread_mutex_t *)arg);
	for (;;)
		pause();
	return NULL;
}

/* Until the kernel has forgotten the thread. */
static void await_end(const struct sample_thread *t)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d", t->tid);
	while (access(path, F_OK) == 0)
		sample_sleep_ms(1);
}

SAMPLE_FRAME static void use_resource(pthread_mutex_t *lock)
{
	pthread_mutex_lock(lock);
	SAMPLE_AFTER();
	pthread_mutex_unlock(lock);
}

static void *waiter(void *arg)
{
	use_resource((pthread_mutex_t *)arg);
	return NULL;
}

static void end_owners(struct sample_thread *owners)
{
	for (int i = 0; i < LOCKS; i++) {
		owners[i].name = "owner";
		owners[i].run = i == 2 ? cancelled : forgetful;
		owners[i].arg = &g_locks[i];
		sample_start(&owners[i]);
	}
	sample_await(owners[2].tid, SYS_pause, SAMPLE_ANY);
	pthread_cancel(owners[2].handle);
	pthread_join(owners[2].handle, NULL);
	pthread_join(owners[0].handle, NULL);
	await_end(&owners[1]);
}

static void start_waiter(struct sample_thread *t, int lock, pid_t owner)
{
	char name[16];

	snprintf(name, sizeof(name), "g_locks[%d]", lock);
	*t = (struct sample_thread){.name = "waiter", .run = waiter, .arg = &g_locks[lock]};
	sample_start(t);
	expect_mutex(t, &g_locks[lock], name, NULL, false);
	truth_owner_gone(t, owner, &g_locks[lock]);
	truth_function(t, "use_resource");
}

int main(void)
{
	struct sample_thread owners[LOCKS] = {}, waiters[LOCKS + 1] = {};

	end_owners(owners);
	for (int i = 0; i < LOCKS + 1; i++)
		start_waiter(&waiters[i], i % LOCKS, owners[i % LOCKS].tid);
	truth_finding("CT103", "P0", "\"proven\"", waiters, LOCKS + 1);
	truth_verdict("deadlock");
	sample_rest(2 + LOCKS);
}
