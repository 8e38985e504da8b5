/* SPDX-License-Identifier: Apache-2.0 */
/* A copy to memory that was unmapped: the fault is inside of libc's vector code. */
#include "crash.h"
#include <sys/mman.h>

static char *volatile g_buffer;
static char g_frame[4096];
static volatile size_t g_length = 200;

SAMPLE_FRAME static void store_frame(char *to, size_t length)
{
	memcpy(to, g_frame, length);
	SAMPLE_AFTER();
}

static void *recorder(void *arg)
{
	crash_await();
	store_frame(g_buffer, g_length);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "recorder", .run = recorder};

	/* Where nothing is and nothing gets mapped. */
	g_buffer = (char *)0x4200000000;
	crash_start(&t);
	truth_crash(&t, SIGSEGV, "unmapped", "store_frame", "");
	crash_go(2);
}
