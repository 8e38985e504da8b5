/* SPDX-License-Identifier: Apache-2.0 */
/* A copy without a limit into a local array; the stack protector notices at the end. */
#include "crash.h"

static volatile size_t g_length = 40;

SAMPLE_FRAME static int read_title(size_t length)
{
	volatile char title[16];

	for (size_t i = 0; i < length; i++)
		title[i] = 't';
	return title[3];
}

static void *titles(void *arg)
{
	crash_await();
	return read_title(g_length) ? arg : NULL;
}

int main(void)
{
	struct sample_thread t = {.name = "titles", .run = titles};

	crash_start(&t);
	printf("{\"signal\":{\"number\":%d,\"tid\":%d}}\n", SAMPLE_MUSL ? SIGSEGV : SIGABRT, t.tid);
	/* The frame that was overwritten may hide who called. */
	printf("{\"crash\":{\"tid\":%d,\"class\":[\"stack-smash\"]%s}}\n", t.tid,
		SAMPLE_MUSL ? "" : ",\"message\":\"stack smashing detected\"");
	truth_verdict("crash");
	crash_go(2);
}
