/* SPDX-License-Identifier: Apache-2.0 */
/* A thread ended with a FILE locked by flockfile(); nobody has joined it. Others would write. */
#include "journal.h"
#include "orphan.h"

enum { STUCK = 2 };

static FILE *g_journal;

static void *archiver(void *arg)
{
	flockfile(g_journal);
	sample_await_known();
	return arg;
}

SAMPLE_FRAME static void note(void)
{
	fputs("sold\n", g_journal);
	SAMPLE_AFTER();
}

static void *seller(void *arg)
{
	note();
	return arg;
}

int main(void)
{
	struct sample_thread owner = {.name = "archiver", .run = archiver};
	struct sample_thread t[STUCK] = {};

	g_journal = fopen("/dev/null", "w");
	sample_start(&owner);
	sample_await_exit(owner.tid);
	for (int i = 0; i < STUCK; i++) {
		t[i] = (struct sample_thread){.name = "seller", .run = seller};
		sample_start(&t[i]);
		expect_wait(&t[i], "libc-lock", journal_lock(g_journal), NULL, NULL, NULL, false);
		truth_function(&t[i], "note");
	}
	/* musl forgets who had it. */
	if (!SAMPLE_MUSL)
		truth_exited(&owner, "archiver", "its result is 0x0");
	truth_is("exited_threads", SAMPLE_MUSL ? "0" : "1");
	truth_finding("CT103", "P0", "\"proven\"", t, STUCK);
	truth_verdict("deadlock");
	sample_rest(1 + STUCK);
}
