/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of which each one joins the next. */
#ifndef JOIN_H
#define JOIN_H

#include "sample.h"

enum { JOINERS = 4 };

static struct sample_thread g_threads[JOINERS];
static pthread_barrier_t g_all_started;

SAMPLE_FRAME static void await_stage(int stage)
{
	pthread_join(g_threads[stage].handle, NULL);
	SAMPLE_AFTER();
}

static void *stage(void *arg)
{
	int next = (int)(long)arg;

	pthread_barrier_wait(&g_all_started);
	if (next < JOINERS)
		await_stage(next);
	else
		sample_sleep_ms(24 * 60 * 60 * 1000L);
	return NULL;
}

/* last: what the last thread joins; JOINERS: it sleeps. */
static inline void start_stages(int last)
{
	pthread_barrier_init(&g_all_started, NULL, JOINERS + 1);
	for (long i = 0; i < JOINERS; i++) {
		g_threads[i].name = "stage";
		g_threads[i].run = stage;
		g_threads[i].arg = (void *)(i + 1 < JOINERS ? i + 1 : last);
	}
	sample_start_all(g_threads, JOINERS);
	pthread_barrier_wait(&g_all_started);
	for (int i = 0; i + 1 < JOINERS; i++)
		expect_join(&g_threads[i], &g_threads[i + 1]);
}

#endif
