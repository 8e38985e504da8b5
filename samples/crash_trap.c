/* SPDX-License-Identifier: Apache-2.0 */
/* A check that ends in the compiler's trap, as many large programs have them. */
#include "crash.h"

static volatile int g_state = 7;

SAMPLE_FRAME static void enter_state(int state)
{
	if (state > 3)
		__builtin_trap();
	SAMPLE_AFTER();
}

static void *machine(void *arg)
{
	crash_await();
	enter_state(g_state);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "machine", .run = machine};

	crash_start(&t);
	truth_crash(&t, SIGILL, "trap", "enter_state", "");
	crash_go(2);
}
