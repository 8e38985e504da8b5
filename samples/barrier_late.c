/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: the last one that a barrier needs is still at work, and main joins them all. */
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

static void *straggler(void *arg)
{
	sample_sleep_ms(24 * 60 * 60 * 1000L);
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
	struct sample_thread late = {.name = "straggler", .run = straggler};

	pthread_barrier_init(&g_phase, NULL, WORKERS + 1);
	for (int i = 0; i < WORKERS; i++) {
		t[i] = (struct sample_thread){.name = "worker", .run = worker};
		sample_start(&t[i]);
		expect_wait(&t[i], "barrier", &g_phase, NULL, "g_phase", NULL, false);
	}
	sample_start(&late);
	expect_syscall(&late, SAMPLE_SLEEP);
	truth_main_joins(t);
	truth_is("absent", "[\"CT111\",\"CT101\",\"CT103\"]");
	truth_verdict("clean");
	sample_rest_in(2 + WORKERS, join, &t[0].handle);
}
