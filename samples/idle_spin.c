/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: workers wait for a thread that computes, here by looking at a flag again and again. */
#include "idle.h"

enum { WORKERS = 2 };

static volatile int g_flag;

static void *solver(void *arg)
{
	while (!g_flag)
		continue;
	pthread_cond_broadcast(&g_jobs_cond);
	return arg;
}

int main(void)
{
	struct sample_thread t[WORKERS] = {};
	struct sample_thread own = {.name = "solver", .run = solver};

	idle_start(t, WORKERS);
	sample_start(&own);
	truth_running(&own);
	idle_rest(t, 2 + WORKERS);
}
