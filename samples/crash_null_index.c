/* SPDX-License-Identifier: Apache-2.0 */
/* A table that was never allocated: the address is far from null, the pointer is not. */
#include "crash.h"

static long *volatile g_table;
static volatile long g_row = 1234567;

SAMPLE_FRAME static long price_of(const long *table, long row)
{
	return table[row] + 1;
}

static void *quotes(void *arg)
{
	crash_await();
	return price_of(g_table, g_row) ? arg : NULL;
}

int main(void)
{
	struct sample_thread t = {.name = "quotes", .run = quotes};

	crash_start(&t);
	/* At -O0 the sum is made before the access: nothing shows that the table is null. */
	truth_crash_at(
		&t, SIGSEGV, "null-pointer\",\"unmapped", "price_of", 1234567 * sizeof(long));
	crash_go(2);
}
