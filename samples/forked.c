/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork() while a thread of the parent logs: the child inherits the locked lock and not the thread.
 */
#include "forked.h"

static pthread_mutex_t g_log_lock = PTHREAD_MUTEX_INITIALIZER;

SAMPLE_FRAME static void log_line(long ms)
{
	pthread_mutex_lock(&g_log_lock);
	sample_sleep_ms(ms);
	pthread_mutex_unlock(&g_log_lock);
}

static void *logger(void *arg)
{
	log_line(24 * 60 * 60 * 1000L);
	return arg;
}

SAMPLE_FRAME static void run_helper(void)
{
	log_line(0);
	SAMPLE_AFTER();
}

int main(void)
{
	struct sample_thread owner = {.name = "logger", .run = logger}, helper = {.name = "helper"};

	sample_start(&owner);
	sample_await(owner.tid, SAMPLE_SLEEP, SAMPLE_ANY);
	forked_start(&helper, fork, run_helper);
	expect_mutex(&helper, &g_log_lock, "g_log_lock", NULL, false);
	truth_owner_gone(&helper, owner.tid, &g_log_lock);
	truth_function(&helper, "log_line");
	truth_function(&helper, "run_helper");
	forked_end(&helper, "\"proven\"");
}
