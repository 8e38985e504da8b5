/* SPDX-License-Identifier: Apache-2.0 */
/* A hook is to be patched into a function, whose code is read-only. */
#include "crash.h"

static void *volatile g_target;

SAMPLE_FRAME static void checkout(void)
{
	SAMPLE_AFTER();
}

SAMPLE_FRAME static void install_hook(unsigned char *code)
{
	*code = 0xcc;
	SAMPLE_AFTER();
}

static void *patcher(void *arg)
{
	crash_await();
	checkout();
	install_hook(g_target);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "patcher", .run = patcher};

	g_target = (void *)checkout;
	crash_start(&t);
	truth_crash_at(&t, SIGSEGV, "write-to-read-only", "install_hook", (uintptr_t)checkout);
	crash_go(2);
}
