/* SPDX-License-Identifier: Apache-2.0 */
/* An abort in a handler of an ordinary signal, after a fault that was survived: the fault is no
 * cause. */
#include "crash.h"
#include <setjmp.h>

static sigjmp_buf g_back;
static int *volatile g_probe = (int *)0x10;

static void survived(int number)
{
	siglongjmp(g_back, number);
}

SAMPLE_FRAME static bool readable(void)
{
	if (sigsetjmp(g_back, 1))
		return false;
	return *(volatile int *)g_probe || true;
}

SAMPLE_FRAME static void asked_to_die(int number)
{
	(void)number;
	abort();
}

SAMPLE_FRAME static void die(void)
{
	pthread_kill(pthread_self(), SIGUSR1);
	SAMPLE_AFTER();
}

static void *prober(void *arg)
{
	struct sigaction fault = {.sa_handler = survived}, ask = {.sa_handler = asked_to_die};

	sigaction(SIGSEGV, &fault, NULL);
	sigaction(SIGUSR1, &ask, NULL);
	crash_await();
	if (!readable())
		die();
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "prober", .run = prober};

	crash_start(&t);
	printf("{\"signal\":{\"number\":%d,\"tid\":%d}}\n", SIGABRT, t.tid);
	printf("{\"crash\":{\"tid\":%d,\"class\":[\"abort\"]}}\n", t.tid);
	truth_verdict("crash");
	crash_go(2);
}
