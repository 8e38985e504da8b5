/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork() while a thread of the parent has a journal by flockfile(). glibc's fork() makes the locks
 * of FILEs new in the child, but not of those that the program says it locks itself.
 */
#include "forked.h"
#include "journal.h"

#include <stdio_ext.h>

static FILE *g_journal;

SAMPLE_FRAME static void note(long ms)
{
	flockfile(g_journal);
	fputc('x', g_journal);
	sample_sleep_ms(ms);
	funlockfile(g_journal);
}

static void *clerk(void *arg)
{
	note(24 * 60 * 60 * 1000L);
	return arg;
}

SAMPLE_FRAME static void run_helper(void)
{
	note(0);
	SAMPLE_AFTER();
}

int main(void)
{
	struct sample_thread owner = {.name = "clerk", .run = clerk}, helper = {.name = "helper"};

	g_journal = fopen("/dev/null", "w");
	__fsetlocking(g_journal, FSETLOCKING_BYCALLER);
	sample_start(&owner);
	sample_await(owner.tid, SAMPLE_SLEEP, SAMPLE_ANY);
	forked_start(&helper, fork, run_helper);
	expect_wait(&helper, "libc-lock", journal_lock(g_journal), NULL, NULL, NULL, false);
	truth_function(&helper, "note");
	truth_function(&helper, "run_helper");
	forked_end(&helper, "\"proven\"");
}
