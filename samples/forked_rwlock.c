/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork() while a thread of the parent writes: the child inherits the rwlock as it is, and not the
 * thread. The core is the child's; the parent tells the truth about it.
 */
#include "sample.h"

static pthread_rwlock_t g_table_lock = PTHREAD_RWLOCK_INITIALIZER;

SAMPLE_FRAME static void write_table(void)
{
	pthread_rwlock_wrlock(&g_table_lock);
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	pthread_rwlock_unlock(&g_table_lock);
}

static void *writer(void *arg)
{
	write_table();
	return arg;
}

SAMPLE_FRAME static void read_table(void)
{
	pthread_rwlock_rdlock(&g_table_lock);
	SAMPLE_AFTER();
}

SAMPLE_FRAME static void run_helper(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	read_table();
	_exit(0);
}

int main(void)
{
	struct sample_thread owner = {.name = "writer", .run = writer}, helper = {.name = "helper"};

	sample_start(&owner);
	sample_await(owner.tid, SYS_clock_nanosleep, SAMPLE_ANY);
	helper.tid = fork();
	if (helper.tid == 0)
		run_helper();
	if (helper.tid < 0)
		sample_fail("fork", helper.tid);
	expect_wait(&helper, "rwlock-read", &g_table_lock, NULL, "g_table_lock", NULL, false);
	truth_owner_gone(&helper, owner.tid, &g_table_lock);
	truth_function(&helper, "read_table");
	truth_finding("CT103", "P0", "\"proven\"", &helper, 1);
	truth_verdict("deadlock");
	truth_threads(1);
	sample_ready();
	waitpid(helper.tid, NULL, 0);
	return 0;
}
