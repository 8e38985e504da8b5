/* SPDX-License-Identifier: Apache-2.0 */
/* abort() without a word. */
#include "crash.h"

SAMPLE_FRAME static void give_up(void)
{
	abort();
}

static void *startup(void *arg)
{
	crash_await();
	give_up();
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "startup", .run = startup};

	crash_start(&t);
	printf("{\"signal\":{\"number\":%d,\"tid\":%d}}\n", SIGABRT, t.tid);
	printf("{\"crash\":{\"tid\":%d,\"class\":[\"abort\"]}}\n", t.tid);
	truth_verdict("crash");
	crash_go(2);
}
