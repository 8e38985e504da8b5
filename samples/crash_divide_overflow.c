/* SPDX-License-Identifier: Apache-2.0 */
/* The lowest number has no negative: its quotient by -1 does not fit. */
#include "crash.h"
#include <limits.h>

static volatile int g_amount = INT_MIN, g_rate = -1;

SAMPLE_FRAME static int convert(int amount, int rate)
{
	return amount / rate;
}

static void *exchange(void *arg)
{
	crash_await();
	return convert(g_amount, g_rate) ? arg : NULL;
}

int main(void)
{
	struct sample_thread t = {.name = "exchange", .run = exchange};

	crash_start(&t);
	truth_crash(&t, SIGFPE, "divide-overflow", "convert",
		",\"cause\":\"divided -2147483648 by -1\"");
	crash_go(2);
}
