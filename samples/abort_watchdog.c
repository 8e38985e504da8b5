/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads are deadlocked; a watchdog notices and aborts. The deadlock is the answer. */
#include "sample.h"
#include <signal.h>

static pthread_mutex_t g_session_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_table_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t g_both_hold_one;
static int g_alarm[2];

SAMPLE_FRAME static void take_both(pthread_mutex_t *first, pthread_mutex_t *second)
{
	pthread_mutex_lock(first);
	pthread_barrier_wait(&g_both_hold_one);
	pthread_mutex_lock(second);
	SAMPLE_AFTER();
	pthread_mutex_unlock(second);
	pthread_mutex_unlock(first);
}

static void *log_in(void *arg)
{
	take_both(&g_session_lock, &g_table_lock);
	return arg;
}

static void *expire(void *arg)
{
	take_both(&g_table_lock, &g_session_lock);
	return arg;
}

SAMPLE_FRAME static void report_hang(void)
{
	abort();
}

static void *watchdog(void *arg)
{
	char c;

	if (read(g_alarm[0], &c, 1) == 1)
		report_hang();
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "log_in", .run = log_in},
		{.name = "expire", .run = expire},
		{.name = "watchdog", .run = watchdog},
	};

	sample_must(pipe(g_alarm), "pipe");
	pthread_barrier_init(&g_both_hold_one, NULL, 2);
	sample_start_all(t, 3);
	expect_mutex(&t[0], &g_table_lock, "g_table_lock", &t[1], false);
	expect_mutex(&t[1], &g_session_lock, "g_session_lock", &t[0], false);
	sample_await(t[2].tid, SYS_read, g_alarm[0]);
	printf("{\"signal\":{\"number\":%d,\"tid\":%d}}\n", SIGABRT, t[2].tid);
	printf("{\"crash\":{\"tid\":%d,\"class\":[\"abort\"]}}\n", t[2].tid);
	truth_function(&t[2], "watchdog");
	truth_deadlock(t, 2);
	truth_threads(4);
	sample_await_end_of_input();
	if (write(g_alarm[1], "x", 1) < 0)
		sample_fail("write", 0);
	for (;;)
		pause();
}
