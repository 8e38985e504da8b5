/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors are read from a buffer that is not aligned for them. */
#include "crash.h"

typedef float four_floats __attribute__((vector_size(16)));

static char g_samples[64] __attribute__((aligned(16)));
static const char *volatile g_from = g_samples + 4;

SAMPLE_FRAME static float first_of(const char *from)
{
	four_floats v = *(const four_floats *)(const void *)from;

	return (v + v)[0];
}

static void *mixer(void *arg)
{
	crash_await();
	return first_of(g_from) > 0 ? arg : NULL;
}

int main(void)
{
	struct sample_thread t = {.name = "mixer", .run = mixer};

	crash_start(&t);
	truth_crash_at(&t, SIGSEGV, "unaligned", "first_of", (uintptr_t)g_from);
	crash_go(2);
}
