/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: a signal handler waits for a lock that another thread holds, which sleeps. */
#include "sample.h"
#include <signal.h>

static pthread_mutex_t g_log_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_stats_lock = PTHREAD_MUTEX_INITIALIZER;
static int g_lines;

SAMPLE_FRAME static void count_line(void)
{
	pthread_mutex_lock(&g_log_lock);
	g_lines++;
	pthread_mutex_unlock(&g_log_lock);
}

static void on_reload(int signal)
{
	(void)signal;
	count_line();
	SAMPLE_AFTER();
}

static void *worker(void *arg)
{
	pthread_mutex_lock(&g_stats_lock);
	raise(SIGUSR1);
	pthread_mutex_unlock(&g_stats_lock);
	return arg;
}

static void *rotator(void *arg)
{
	pthread_mutex_lock(&g_log_lock);
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	pthread_mutex_unlock(&g_log_lock);
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "rotator", .run = rotator},
		{.name = "worker", .run = worker},
	};

	signal(SIGUSR1, on_reload);
	sample_start(&t[0]);
	expect_syscall(&t[0], SAMPLE_SLEEP);
	sample_start(&t[1]);
	expect_mutex(&t[1], &g_log_lock, "g_log_lock", &t[0], false);
	truth_root(&t[1], &t[0]);
	truth_function(&t[1], "on_reload");
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\",\"CT104\"]");
	truth_verdict("stuck");
	sample_rest(3);
}
