/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: workers wait for jobs that come with a signal, for which one thread waits. */
#include "idle.h"

enum { WORKERS = 2 };

static void *signals(void *arg)
{
	sigset_t *set = arg;
	int number;

	while (!sigwait(set, &number))
		pthread_cond_signal(&g_jobs_cond);
	return NULL;
}

int main(void)
{
	static sigset_t set;
	struct sample_thread t[WORKERS] = {};
	struct sample_thread own = {.name = "signals", .run = signals, .arg = &set};

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	idle_start(t, WORKERS);
	sample_start(&own);
	expect_syscall(&own, SYS_rt_sigtimedwait);
	idle_rest(t, 2 + WORKERS);
}
