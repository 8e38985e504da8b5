/* SPDX-License-Identifier: Apache-2.0 */
/* Two owners of one buffer, and both free it. */
#include "crash.h"

static void *volatile g_buffer;

SAMPLE_FRAME static void release_buffer(void *buffer)
{
	free(buffer);
	SAMPLE_AFTER();
}

static void *closer(void *arg)
{
	crash_await();
	g_buffer = malloc(40);
	release_buffer(g_buffer);
	release_buffer(g_buffer);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "closer", .run = closer};

	crash_start(&t);
	truth_crash(&t, SAMPLE_MUSL ? SIGSEGV : SIGABRT, "heap-corruption", "release_buffer",
		SAMPLE_MUSL ? "" : ",\"message\":\"double free\"");
	crash_go(2);
}
