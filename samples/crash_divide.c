/* SPDX-License-Identifier: Apache-2.0 */
/* The average of nothing. */
#include "crash.h"

static volatile int g_sum = 42, g_count;

SAMPLE_FRAME static int average(int sum, int count)
{
	return sum / count;
}

static void *statistics(void *arg)
{
	crash_await();
	return average(g_sum, g_count) ? arg : NULL;
}

int main(void)
{
	struct sample_thread t = {.name = "statistics", .run = statistics};

	crash_start(&t);
	truth_crash(&t, SIGFPE, "divide-by-zero", "average", ",\"cause\":\"divided 42 by zero\"");
	crash_go(2);
}
