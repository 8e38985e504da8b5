/* SPDX-License-Identifier: Apache-2.0 */
/* The return address of a function is overwritten; without a canary nobody notices before. */
#include "crash.h"

#define NOWHERE 0x616161616160

SAMPLE_FRAME static void parse_header(void)
{
	void *volatile *frame = __builtin_frame_address(0);

	frame[1] = (void *)NOWHERE;
	SAMPLE_AFTER();
}

static void *parser(void *arg)
{
	crash_await();
	parse_header();
	SAMPLE_AFTER();
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "parser", .run = parser};

	crash_start(&t);
	printf("{\"signal\":{\"number\":%d,\"tid\":%d}}\n", SIGSEGV, t.tid);
	printf("{\"crash\":{\"tid\":%d,\"class\":[\"bad-return\"],\"address\":\"%#lx\"}}\n", t.tid,
		(unsigned long)NOWHERE);
	truth_verdict("crash");
	crash_go(2);
}
