/* SPDX-License-Identifier: Apache-2.0 */
/* An assertion that does not hold. */
#undef NDEBUG
#include "crash.h"
#include <assert.h>

static volatile int g_balance = -3;

SAMPLE_FRAME static void check_balance(int balance)
{
	assert(balance >= 0);
	SAMPLE_AFTER();
}

static void *auditor(void *arg)
{
	crash_await();
	check_balance(g_balance);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "auditor", .run = auditor};

	crash_start(&t);
	truth_crash(&t, SIGABRT, "assert", "check_balance",
		SAMPLE_MUSL
			? ",\"message\":\"Assertion failed: balance >= 0 (samples/crash_assert.c: "
			  "check_balance: 11)\""
			: ",\"message\":\"check_balance: Assertion `balance >= 0' failed.\"");
	crash_go(2);
}
