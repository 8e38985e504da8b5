/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork() while a thread of the parent writes: the child inherits the rwlock as it is, and not the
 * thread.
 */
#include "forked.h"

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
	read_table();
	SAMPLE_AFTER();
}

int main(void)
{
	struct sample_thread owner = {.name = "writer", .run = writer}, helper = {.name = "helper"};

	sample_start(&owner);
	sample_await(owner.tid, SYS_clock_nanosleep, SAMPLE_ANY);
	forked_start(&helper, fork, run_helper);
	expect_wait(&helper, "rwlock-read", &g_table_lock, NULL, "g_table_lock", NULL, false);
	truth_owner_gone(&helper, owner.tid, &g_table_lock);
	truth_function(&helper, "read_table");
	forked_end(&helper, "\"proven\"");
}
