/* SPDX-License-Identifier: Apache-2.0 */
/* A lookup finds nothing, and nobody looks: a read through a null pointer. */
#include "crash.h"

struct customer {
	long credit;
	const char *name;
};

static struct customer *volatile g_found;

SAMPLE_FRAME static long credit_of(const volatile struct customer *customer)
{
	return customer->credit + 1;
}

static void *billing(void *arg)
{
	crash_await();
	if (credit_of(g_found) > 10)
		return NULL;
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "billing", .run = billing};

	crash_start(&t);
	truth_crash_at(&t, SIGSEGV, "null-pointer", "credit_of", 0);
	crash_go(2);
}
