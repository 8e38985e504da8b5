/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Near miss: the thread that ran an initialiser was cancelled in it. pthread_once begins anew with
 * the next caller, who is at work; the others wait for that one.
 */
#include "sample.h"

static pthread_once_t g_tables_once = PTHREAD_ONCE_INIT;

static void build_tables(void)
{
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	SAMPLE_AFTER();
}

static void *user(void *arg)
{
	pthread_once(&g_tables_once, build_tables);
	return arg;
}

int main(void)
{
	struct sample_thread first = {.name = "first", .run = user};
	struct sample_thread t[2] = {
		{.name = "second", .run = user}, {.name = "third", .run = user}};

	sample_start(&first);
	sample_await(first.tid, SYS_clock_nanosleep, SAMPLE_ANY);
	pthread_cancel(first.handle);
	pthread_join(first.handle, NULL);
	sample_start(&t[0]);
	expect_syscall(&t[0], SYS_clock_nanosleep);
	sample_start(&t[1]);
	expect_wait(&t[1], "once", &g_tables_once, NULL, "g_tables_once", &t[0], false);
	truth_is("absent", "[\"CT103\",\"CT110\"]");
	sample_rest(3);
}
