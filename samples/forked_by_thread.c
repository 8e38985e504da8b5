/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main has a journal while another thread forks. In the child that other thread is the first, and
 * main's descriptor is left as it was, with its number.
 */
#include "forked.h"
#include "journal.h"

#include <stdio_ext.h>

static FILE *g_journal;
static struct sample_thread g_helper = {.name = "helper"};

SAMPLE_FRAME static void note(void)
{
	flockfile(g_journal);
	fputc('x', g_journal);
	funlockfile(g_journal);
}

SAMPLE_FRAME static void run_helper(void)
{
	note();
	SAMPLE_AFTER();
}

static void *dispatcher(void *arg)
{
	forked_start(&g_helper, fork, run_helper);
	waitpid(g_helper.tid, NULL, 0);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "dispatcher", .run = dispatcher};

	g_journal = fopen("/dev/null", "w");
	__fsetlocking(g_journal, FSETLOCKING_BYCALLER);
	flockfile(g_journal);
	sample_start(&t);
	sample_await(t.tid, SYS_wait4, SAMPLE_ANY);
	expect_wait(&g_helper, "libc-lock", journal_lock(g_journal), NULL, NULL, NULL, false);
	truth_function(&g_helper, "note");
	truth_function(&g_helper, "run_helper");
	forked_end(&g_helper, "\"proven\"");
}
