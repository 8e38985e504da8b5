/* SPDX-License-Identifier: Apache-2.0 */
/* A write behind the end of a block damages the size of the next one. */
#include "crash.h"

static volatile size_t g_length = 40;

SAMPLE_FRAME static void store_label(volatile char *to, size_t length)
{
	for (size_t i = 0; i < length; i++)
		to[i] = 'x';
}

SAMPLE_FRAME static void drop_label(void *label)
{
	free(label);
	SAMPLE_AFTER();
}

static void *labels(void *arg)
{
	char *volatile first, *volatile second;

	crash_await();
	first = malloc(24);
	second = malloc(24);
	store_label(first, g_length);
	drop_label(second);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "labels", .run = labels};

	crash_start(&t);
	truth_crash(&t, SAMPLE_MUSL ? SIGSEGV : SIGABRT, "heap-corruption", "drop_label",
		SAMPLE_MUSL ? "" : ",\"message\":\"free(): invalid\"");
	crash_go(2);
}
