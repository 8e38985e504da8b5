/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Near miss: threads that do nothing but lock and unlock, so that a core catches some of them
 * between the lock word's change and the owner's, asleep or just woken. Always in one order, so
 * no deadlock can be.
 */
#include "sample.h"

enum { THREADS = 16, LOCKS = 7, WARM_UP_MS = 50 };

static const struct {
	int type, robust, protocol;
} g_kinds[LOCKS] = {
	{PTHREAD_MUTEX_NORMAL, 0, 0},
	{PTHREAD_MUTEX_RECURSIVE, 0, 0},
	{PTHREAD_MUTEX_ERRORCHECK, 0, 0},
	{PTHREAD_MUTEX_ADAPTIVE_NP, 0, 0},
	{PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, 0},
	{PTHREAD_MUTEX_NORMAL, 0, PTHREAD_PRIO_INHERIT},
	{PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_INHERIT},
};

static pthread_mutex_t g_locks[LOCKS];
static unsigned long g_counts[LOCKS];

static void *hammer(void *arg)
{
	unsigned first = (unsigned)(long)arg;

	for (;; first++) {
		unsigned low = first % LOCKS, high = first * 5 % LOCKS;

		if (low > high) {
			unsigned swap = low;

			low = high;
			high = swap;
		}
		pthread_mutex_lock(&g_locks[low]);
		g_counts[low]++;
		if (high != low) {
			pthread_mutex_lock(&g_locks[high]);
			g_counts[high]++;
			pthread_mutex_unlock(&g_locks[high]);
		}
		pthread_mutex_unlock(&g_locks[low]);
	}
	return NULL;
}

int main(void)
{
	static struct sample_thread t[THREADS];

	for (int i = 0; i < LOCKS; i++) {
		pthread_mutexattr_t attr;

		pthread_mutexattr_init(&attr);
		pthread_mutexattr_settype(&attr, g_kinds[i].type);
		pthread_mutexattr_setrobust(&attr, g_kinds[i].robust);
		pthread_mutexattr_setprotocol(&attr, g_kinds[i].protocol);
		sample_must(pthread_mutex_init(&g_locks[i], &attr), "pthread_mutex_init");
	}
	for (long i = 0; i < THREADS; i++) {
		t[i].name = "hammer";
		t[i].run = hammer;
		t[i].arg = (void *)i;
	}
	sample_start_all(t, THREADS);
	sample_sleep_ms(WARM_UP_MS);
	truth_is("moving", "true");
	truth_is("quiet", "true");
	truth_verdict("clean");
	sample_rest(1 + THREADS);
}
