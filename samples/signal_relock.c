/* SPDX-License-Identifier: Apache-2.0 */
/* A signal handler logs, and so does the code that the signal interrupted: under the same lock. */
#include "sample.h"
#include <signal.h>

static pthread_mutex_t g_log_lock = PTHREAD_MUTEX_INITIALIZER;
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

SAMPLE_FRAME static void write_log(void)
{
	pthread_mutex_lock(&g_log_lock);
	raise(SIGUSR1);
	pthread_mutex_unlock(&g_log_lock);
}

static void *logger(void *arg)
{
	write_log();
	return arg;
}

static void *client(void *arg)
{
	count_line();
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "logger", .run = logger},
		{.name = "client", .run = client},
	};

	signal(SIGUSR1, on_reload);
	sample_start(&t[0]);
	expect_mutex(&t[0], &g_log_lock, "g_log_lock", &t[0], false);
	sample_start(&t[1]);
	expect_mutex(&t[1], &g_log_lock, "g_log_lock", &t[0], false);
	truth_function(&t[0], "on_reload");
	truth_function(&t[0], "write_log");
	truth_cycle(t, 1, false);
	truth_finding("CT104", "P0", "\"proven\"", t, 2);
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\"]");
	truth_verdict("deadlock");
	sample_rest(3);
}
