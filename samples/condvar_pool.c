/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: an idle pool; the workers wait for jobs, main for a signal. */
#include "sample.h"

enum { WORKERS = 8 };

static pthread_mutex_t g_jobs_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t g_jobs_cond = PTHREAD_COND_INITIALIZER;
static int g_jobs;

SAMPLE_FRAME static void take_job(void)
{
	pthread_mutex_lock(&g_jobs_lock);
	while (g_jobs == 0)
		pthread_cond_wait(&g_jobs_cond, &g_jobs_lock);
	g_jobs--;
	pthread_mutex_unlock(&g_jobs_lock);
}

static void *worker(void *arg)
{
	take_job();
	return arg;
}

int main(void)
{
	struct sample_thread t[WORKERS] = {};

	for (int i = 0; i < WORKERS; i++) {
		t[i].name = "worker";
		t[i].run = worker;
		sample_start(&t[i]);
		expect_wait(&t[i], "cond", &g_jobs_cond, NULL, "g_jobs_cond", NULL, false);
		truth_function(&t[i], "take_job");
	}
	truth_is("absent", "[\"CT110\",\"CT120\",\"CT122\"]");
	truth_verdict("clean");
	sample_rest(1 + WORKERS);
}
