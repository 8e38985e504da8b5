/* SPDX-License-Identifier: Apache-2.0 */
/* A local array that is larger than the stack. */
#include "crash.h"

static volatile size_t g_size = (8 << 20) + 4096;

SAMPLE_FRAME static void fill(char *buffer, size_t size)
{
	memset(buffer, 1, size);
	SAMPLE_AFTER();
}

SAMPLE_FRAME static void load_image(size_t size)
{
	char *pixels = __builtin_alloca(size);

	fill(pixels, size);
	SAMPLE_AFTER();
}

static void *thumbnails(void *arg)
{
	crash_await();
	load_image(g_size);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "thumbnails", .run = thumbnails};
	pthread_attr_t attr;

	sample_must(pipe(crash_order), "pipe");
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 8 << 20);
	/* What is below the stack must not be another thread's. */
	pthread_attr_setguardsize(&attr, 16 << 20);
	sample_start_with(&t, &attr);
	sample_await(t.tid, SYS_read, crash_order[0]);
	truth_crash(&t, SIGSEGV, "stack-overflow", "load_image", "");
	crash_go(2);
}
