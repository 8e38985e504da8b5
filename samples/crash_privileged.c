/* SPDX-License-Identifier: Apache-2.0 */
/* An instruction that only the kernel may use. */
#include "crash.h"

SAMPLE_FRAME static void halt(void)
{
	__asm__ volatile("hlt");
}

static void *power(void *arg)
{
	crash_await();
	halt();
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "power", .run = power};

	crash_start(&t);
	truth_crash(&t, SIGSEGV, "privileged-instruction", "halt", "");
	crash_go(2);
}
