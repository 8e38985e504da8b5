/* SPDX-License-Identifier: Apache-2.0 */
/* A fault's signal that a program sends to itself: there is no fault to explain. */
#include "crash.h"

SAMPLE_FRAME static void dump_core(void)
{
	raise(SIGSEGV);
	SAMPLE_AFTER();
}

static void *console(void *arg)
{
	crash_await();
	dump_core();
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "console", .run = console};

	crash_start(&t);
	truth_crash(&t, SIGSEGV, "raised", "dump_core", "");
	crash_go(2);
}
