/* SPDX-License-Identifier: Apache-2.0 */
/* A clerk crashes with locks of each kind: of some other processes will never hear again. */
#include "crash.h"

#include <sys/mman.h>

struct entry {
	long amount, tax;
};

static pthread_mutex_t g_ledger, g_queue, *g_index; /* the last in memory that is shared */
static struct entry *volatile g_entry;

static void init(pthread_mutex_t *lock, int robust, int protocol, int shared)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, robust);
	pthread_mutexattr_setprotocol(&attr, protocol);
	pthread_mutexattr_setpshared(&attr, shared);
	sample_must(pthread_mutex_init(lock, &attr), "pthread_mutex_init");
}

SAMPLE_FRAME static void post_entry(struct entry *entry)
{
	entry->tax++;
	SAMPLE_AFTER();
}

static void *clerk(void *arg)
{
	pthread_mutex_lock(&g_ledger);
	pthread_mutex_lock(g_index);
	pthread_mutex_lock(&g_queue);
	crash_await();
	post_entry(g_entry);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "clerk", .run = clerk};
	const pthread_mutex_t *locks[] = {&g_ledger, &g_queue, NULL};

	g_index = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (g_index == MAP_FAILED)
		sample_cannot("mmap");
	locks[2] = g_index;
	init(&g_ledger, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_SHARED);
	init(g_index, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_SHARED);
	init(&g_queue, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT, PTHREAD_PROCESS_PRIVATE);
	crash_start(&t);
	truth_crash_at(&t, SIGSEGV, "null-pointer", "post_entry", 8);
	for (int i = 0; i < 3; i++)
		printf("{\"crash_holds\":{\"resource\":\"%p\"}}\n", (const void *)locks[i]);
	crash_go(2);
}
