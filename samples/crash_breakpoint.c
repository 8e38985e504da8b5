/* SPDX-License-Identifier: Apache-2.0 */
/* A breakpoint that was left in the program. */
#include "crash.h"

SAMPLE_FRAME static void step_here(void)
{
	__asm__ volatile("int3");
}

static void *loop(void *arg)
{
	crash_await();
	step_here();
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "loop", .run = loop};

	crash_start(&t);
	truth_crash(&t, SIGTRAP, "breakpoint", "step_here", "");
	crash_go(2);
}
