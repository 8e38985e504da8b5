/* SPDX-License-Identifier: Apache-2.0 */
/*
 * _Fork() while a thread of the parent has stderr: then the C library makes nothing new in the
 * child, which would say something.
 */
#include "forked.h"
#include "journal.h"

static void *reporter(void *arg)
{
	flockfile(stderr);
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	funlockfile(stderr);
	return arg;
}

SAMPLE_FRAME static void run_helper(void)
{
	fputs("ready\n", stderr);
	SAMPLE_AFTER();
}

int main(void)
{
	struct sample_thread owner = {.name = "reporter", .run = reporter};
	struct sample_thread helper = {.name = "helper"};

	sample_start(&owner);
	sample_await(owner.tid, SAMPLE_SLEEP, SAMPLE_ANY);
	forked_start(&helper, _Fork, run_helper);
	expect_wait(&helper, "libc-lock", journal_lock(stderr), NULL, NULL, NULL, false);
	truth_function(&helper, "run_helper");
	forked_end(&helper, "\"proven\"");
}
