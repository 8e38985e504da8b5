/* SPDX-License-Identifier: Apache-2.0 */
/* Code is generated into memory of malloc, which is not executable. */
#include "crash.h"

typedef int compiled(int);

static compiled *volatile g_filter;

SAMPLE_FRAME static int run_filter(compiled *filter, int value)
{
	int ret = filter(value);

	SAMPLE_AFTER();
	return ret;
}

static void *filterer(void *arg)
{
	crash_await();
	return run_filter(g_filter, 3) ? arg : NULL;
}

int main(void)
{
	struct sample_thread t = {.name = "filterer", .run = filterer};
	unsigned char *code = malloc(64);

	memset(code, 0xc3, 64);
	g_filter = (compiled *)code;
	crash_start(&t);
	truth_crash_at(&t, SIGSEGV, "no-exec", "run_filter", (uintptr_t)code);
	crash_go(2);
}
