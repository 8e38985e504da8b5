/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: a thousand idle workers with one stack, who wait for jobs. */
#include "sample.h"

enum { WORKERS = 1000 };

static pthread_mutex_t g_jobs_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t g_jobs_cond = PTHREAD_COND_INITIALIZER;

static void *worker(void *arg)
{
	pthread_mutex_lock(&g_jobs_lock);
	for (;;)
		pthread_cond_wait(&g_jobs_cond, &g_jobs_lock);
	return arg;
}

int main(void)
{
	static struct sample_thread t[WORKERS];
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	for (int i = 0; i < WORKERS; i++) {
		t[i] = (struct sample_thread){.name = "worker", .run = worker};
		sample_start_with(&t[i], &attr);
	}
	for (int i = 0; i < WORKERS; i++)
		expect_wait(&t[i], "cond", &g_jobs_cond, NULL, "g_jobs_cond", NULL, false);
	truth_is("absent", "[\"CT110\",\"CT120\",\"CT122\"]");
	truth_is("quiet", "true");
	truth_verdict("clean");
	sample_rest(1 + WORKERS);
}
