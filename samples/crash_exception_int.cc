/* SPDX-License-Identifier: Apache-2.0 */
/* A number is thrown. */
#include "crash.h"

SAMPLE_FRAME static void connect_database(int error)
{
	throw error;
}

static void *database(void *arg)
{
	crash_await();
	connect_database(42);
	return arg;
}

int main()
{
	static sample_thread t = {"database", database, nullptr, 0, 0};

	crash_start(&t);
	truth_crash(&t, SIGABRT, "uncaught-exception", "connect_database",
		",\"exception\":\"int\",\"what\":\"42\"");
	crash_go(2);
}
