/* SPDX-License-Identifier: Apache-2.0 */
/* An idle pool for near misses: workers that wait for jobs, and main, which joins the first. */
#ifndef IDLE_H
#define IDLE_H

#include "orphan.h"

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

static void *idle_worker(void *arg)
{
	take_job();
	return arg;
}

static void idle_start(struct sample_thread *t, int n)
{
	for (int i = 0; i < n; i++) {
		t[i].name = "worker";
		t[i].run = idle_worker;
		sample_start(&t[i]);
		expect_wait(&t[i], "cond", &g_jobs_cond, NULL, "g_jobs_cond", NULL, false);
	}
}

static void idle_join(void *thread)
{
	pthread_join(*(pthread_t *)thread, NULL);
}

/* Nothing is wrong, since another thread may still give them work. */
__attribute__((noreturn)) static void idle_rest(struct sample_thread *t, int threads)
{
	truth_main_joins(t);
	truth_is("absent", "[\"CT110\",\"CT111\",\"CT120\",\"CT122\"]");
	truth_is("quiet", "true");
	truth_verdict("clean");
	sample_rest_in(threads, idle_join, &t[0].handle);
}

#endif
