/* SPDX-License-Identifier: Apache-2.0 */
/* A cycle of waits with a timeout: it ends by itself, a day later. */
#include "sample.h"

static pthread_mutex_t g_left_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_right_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t g_both_hold_one;

SAMPLE_FRAME static void try_right(void)
{
	struct timespec deadline = sample_tomorrow(CLOCK_REALTIME);

	if (pthread_mutex_timedlock(&g_right_lock, &deadline) == 0)
		pthread_mutex_unlock(&g_right_lock);
}

SAMPLE_FRAME static void try_left(void)
{
	struct timespec deadline = sample_tomorrow(CLOCK_MONOTONIC);

	if (pthread_mutex_clocklock(&g_left_lock, CLOCK_MONOTONIC, &deadline) == 0)
		pthread_mutex_unlock(&g_left_lock);
}

static void *left(void *arg)
{
	pthread_mutex_lock(&g_left_lock);
	pthread_barrier_wait(&g_both_hold_one);
	try_right();
	pthread_mutex_unlock(&g_left_lock);
	return arg;
}

static void *right(void *arg)
{
	pthread_mutex_lock(&g_right_lock);
	pthread_barrier_wait(&g_both_hold_one);
	try_left();
	pthread_mutex_unlock(&g_right_lock);
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "left", .run = left},
		{.name = "right", .run = right},
	};

	pthread_barrier_init(&g_both_hold_one, NULL, 2);
	sample_start_all(t, 2);
	expect_mutex(&t[0], &g_right_lock, "g_right_lock", &t[1], true);
	expect_mutex(&t[1], &g_left_lock, "g_left_lock", &t[0], true);
	truth_function(&t[0], "try_right");
	truth_function(&t[1], "try_left");
	truth_cycle(t, 2, true);
	truth_finding("CT101", "P1", "\"proven\"", t, 2);
	truth_is("verdict", "[\"deadlock\",\"stuck\"]");
	sample_rest(3);
}
