/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waits with a timeout that the kernel goes on with as restart_syscall after a stop and a
 * continue, which the driver sends before it makes the core.
 */
#include "sample.h"
#include <poll.h>
#include <semaphore.h>

static pthread_mutex_t g_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t g_cond = PTHREAD_COND_INITIALIZER;
static pthread_mutex_t g_cond_lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t g_sem;
static int g_pipe[2];

static void *sleeper(void *arg)
{
	struct timespec ts = {24 * 60 * 60, 0};

	pthread_mutex_lock(&g_lock);
	nanosleep(&ts, NULL);
	return arg;
}

static void *poller(void *arg)
{
	struct pollfd fd = {.fd = g_pipe[0], .events = POLLIN};

	poll(&fd, 1, 24 * 60 * 60 * 1000);
	return arg;
}

SAMPLE_FRAME static void try_lock(void)
{
	struct timespec deadline = sample_tomorrow(CLOCK_REALTIME);

	pthread_mutex_timedlock(&g_lock, &deadline);
	SAMPLE_AFTER();
}

static void *timed_locker(void *arg)
{
	try_lock();
	return arg;
}

static void *plain_locker(void *arg)
{
	pthread_mutex_lock(&g_lock);
	return arg;
}

static void *sem_waiter(void *arg)
{
	struct timespec ts = sample_tomorrow(CLOCK_REALTIME);

	while (sem_timedwait(&g_sem, &ts))
		continue;
	return arg;
}

static void *cond_waiter(void *arg)
{
	struct timespec ts = sample_tomorrow(CLOCK_REALTIME);

	pthread_mutex_lock(&g_cond_lock);
	pthread_cond_timedwait(&g_cond, &g_cond_lock, &ts);
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "sleeper", .run = sleeper},
		{.name = "poller", .run = poller},
		{.name = "timed_locker", .run = timed_locker},
		{.name = "plain_locker", .run = plain_locker},
		{.name = "sem_waiter", .run = sem_waiter},
		{.name = "cond_waiter", .run = cond_waiter},
	};

	sample_must(pipe(g_pipe), "pipe");
	sem_init(&g_sem, 0, 0);
	sample_start(&t[0]);
	expect_syscall(&t[0], SAMPLE_SLEEP);
	sample_start_all(t + 1, 5);
	expect_syscall(&t[1], SYS_poll);
	expect_mutex(&t[2], &g_lock, "g_lock", &t[0], true);
	expect_mutex(&t[3], &g_lock, "g_lock", &t[0], false);
	expect_wait(&t[4], "sem", &g_sem, NULL, "g_sem", NULL, true);
	expect_wait(&t[5], "cond", &g_cond, NULL, "g_cond", NULL, true);
	truth_function(&t[1], "poller");
	truth_function(&t[2], "try_lock");
	truth_root(&t[2], &t[0]);
	truth_verdict("stuck");
	sample_rest(7);
}
