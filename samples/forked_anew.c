/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork() while a thread of the parent has a journal, whose lock the child does not use: it has
 * another, that one of its own threads holds and another waits for.
 */
#include "journal.h"

static FILE *g_old, *g_new;

SAMPLE_FRAME static void keep(FILE *journal)
{
	flockfile(journal);
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	funlockfile(journal);
}

static void *clerk(void *arg)
{
	keep(*(FILE **)arg);
	return NULL;
}

SAMPLE_FRAME static void note(FILE *journal)
{
	fputc('x', journal);
	SAMPLE_AFTER();
}

static void *seller(void *arg)
{
	note(*(FILE **)arg);
	return NULL;
}

int main(void)
{
	struct sample_thread before = {.name = "clerk", .run = clerk, .arg = &g_old};
	struct sample_thread owner = {.name = "clerk", .run = clerk, .arg = &g_new};
	struct sample_thread waiter = {.name = "seller", .run = seller, .arg = &g_new};

	g_old = fopen("/dev/null", "w");
	g_new = fopen("/dev/null", "w");
	sample_start(&before);
	sample_await(before.tid, SAMPLE_SLEEP, SAMPLE_ANY);
	sample_become_child();
	sample_start(&owner);
	expect_syscall(&owner, SAMPLE_SLEEP);
	sample_start(&waiter);
	expect_wait(&waiter, "libc-lock", journal_lock(g_new), NULL, NULL, &owner, false);
	truth_function(&owner, "keep");
	truth_function(&waiter, "note");
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\"]");
	truth_is("verdict", "[\"stuck\"]");
	sample_rest(3);
}
