/* SPDX-License-Identifier: Apache-2.0 */
/* A worker gives up before the barrier that the others wait at, and main joins them all. */
#include "orphan.h"

enum { WORKERS = 3 };

static pthread_barrier_t g_phase;

SAMPLE_FRAME static void end_phase(void)
{
	pthread_barrier_wait(&g_phase);
	SAMPLE_AFTER();
}

static void *worker(void *arg)
{
	end_phase();
	return arg;
}

static void join(void *thread)
{
	pthread_join(*(pthread_t *)thread, NULL);
}

int main(void)
{
	struct sample_thread t[WORKERS] = {};
	struct sample_thread stuck[WORKERS + 1] = {{.tid = getpid()}};

	/* The last of those that are counted failed to start. */
	pthread_barrier_init(&g_phase, NULL, WORKERS + 1);
	for (int i = 0; i < WORKERS; i++) {
		t[i] = (struct sample_thread){.name = "worker", .run = worker};
		sample_start(&t[i]);
		expect_wait(&t[i], "barrier", &g_phase, NULL, "g_phase", NULL, false);
		truth_function(&t[i], "end_phase");
		stuck[1 + i] = t[i];
	}
	truth_main_joins(t);
	truth_finding("CT111", "P1", "\"proven\",\"likely\"", stuck, WORKERS + 1);
	truth_verdict("deadlock");
	sample_rest_in(1 + WORKERS, join, &t[0].handle);
}
