/* SPDX-License-Identifier: Apache-2.0 */
/* A handler on a stack of its own writes a last line and aborts: the fault before it is the cause.
 */
#include "crash.h"

struct job {
	long id, priority;
};

static struct job *volatile g_job;

SAMPLE_FRAME static void raise_priority(struct job *job)
{
	job->priority++;
	SAMPLE_AFTER();
}

SAMPLE_FRAME static void last_words(int number)
{
	static const char text[] = "fatal error\n";

	(void)number;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		sample_fail("write", 0);
	abort();
}

static void *scheduler(void *arg)
{
	static char memory[64 << 10];
	stack_t stack = {.ss_sp = memory, .ss_size = sizeof(memory)};

	sigaltstack(&stack, NULL);
	crash_await();
	raise_priority(g_job);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "scheduler", .run = scheduler};
	struct sigaction action = {.sa_handler = last_words, .sa_flags = SA_ONSTACK};

	sigaction(SIGSEGV, &action, NULL);
	crash_start(&t);
	printf("{\"signal\":{\"number\":%d,\"tid\":%d}}\n", SIGABRT, t.tid);
	printf("{\"crash\":{\"tid\":%d,\"class\":[\"null-pointer\"],\"function\":\"raise_"
	       "priority\","
	       "\"address\":\"0x8\"}}\n",
		t.tid);
	truth_function(&t, "raise_priority");
	truth_verdict("crash");
	crash_go(2);
}
