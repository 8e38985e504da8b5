/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: locks in shared memory, held by another process; their owner is no thread of ours. */
#include "sample.h"
#include <signal.h>
#include <sys/mman.h>

enum { LOCKS = 2 };

struct shared {
	pthread_mutex_t lock[LOCKS];
};

static struct shared *g_shared;

static void init(pthread_mutex_t *lock, int robust)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, robust);
	sample_must(pthread_mutex_init(lock, &attr), "pthread_mutex_init");
}

/* The other process; returns its id when it holds the locks. */
static pid_t start_holder(void)
{
	int held[2];
	char c;
	pid_t pid;

	sample_must(pipe(held), "pipe");
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int i = 0; i < LOCKS; i++)
			pthread_mutex_lock(&g_shared->lock[i]);
		close(held[0]);
		close(held[1]);
		for (;;)
			pause();
	}
	close(held[1]);
	if (pid < 0 || read(held[0], &c, 1) != 0)
		sample_fail("the other process", pid);
	return pid;
}

SAMPLE_FRAME static void use_shared(pthread_mutex_t *lock)
{
	pthread_mutex_lock(lock);
	SAMPLE_AFTER();
	pthread_mutex_unlock(lock);
}

static void *waiter(void *arg)
{
	use_shared((pthread_mutex_t *)arg);
	return NULL;
}

int main(void)
{
	struct sample_thread t[LOCKS] = {};
	pid_t owner;

	g_shared = (struct shared *)mmap(
		NULL, sizeof(*g_shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	init(&g_shared->lock[0], PTHREAD_MUTEX_STALLED);
	init(&g_shared->lock[1], PTHREAD_MUTEX_ROBUST);
	owner = start_holder();
	for (int i = 0; i < LOCKS; i++) {
		t[i].name = "waiter";
		t[i].run = waiter;
		t[i].arg = &g_shared->lock[i];
		sample_start(&t[i]);
		expect_mutex(&t[i], &g_shared->lock[i], NULL, NULL, false);
		truth_outside(&t[i], owner, &g_shared->lock[i]);
		truth_function(&t[i], "use_shared");
	}
	truth_is("verdict", "[\"clean\",\"stuck\"]");
	sample_rest(1 + LOCKS);
}
