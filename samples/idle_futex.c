/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: one thread sleeps on a futex of the program's own, of which nothing is known. */
#include "idle.h"

#include <linux/futex.h>

enum { WORKERS = 2 };

static int g_bell;

static void *watchman(void *arg)
{
	syscall(SYS_futex, &g_bell, FUTEX_WAIT_PRIVATE, 0, NULL);
	pthread_cond_broadcast(&g_jobs_cond);
	return arg;
}

int main(void)
{
	struct sample_thread t[WORKERS] = {};
	struct sample_thread own = {.name = "watchman", .run = watchman};

	idle_start(t, WORKERS);
	sample_start(&own);
	expect_syscall(&own, SYS_futex);
	idle_rest(t, 2 + WORKERS);
}
