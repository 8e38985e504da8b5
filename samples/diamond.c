/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Near miss: two ways lead from the waiters at the top to one holder at the bottom, which
 * computes. No cycle.
 */
#include "sample.h"

enum { BOTTOM, LEFT, RIGHT, TOP_LEFT, TOP_RIGHT, THREADS };

static pthread_mutex_t g_left_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_right_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_bottom_lock = PTHREAD_MUTEX_INITIALIZER;
static volatile unsigned long g_result;

static void *bottom(void *arg)
{
	pthread_mutex_lock(&g_bottom_lock);
	for (;;)
		g_result = g_result * 1103515245 + 12345;
	return arg;
}

SAMPLE_FRAME static void take(pthread_mutex_t *lock)
{
	pthread_mutex_lock(lock);
	SAMPLE_AFTER();
	pthread_mutex_unlock(lock);
}

static void *side(void *arg)
{
	pthread_mutex_lock((pthread_mutex_t *)arg);
	take(&g_bottom_lock);
	pthread_mutex_unlock((pthread_mutex_t *)arg);
	return NULL;
}

static void *top(void *arg)
{
	take((pthread_mutex_t *)arg);
	return NULL;
}

int main(void)
{
	struct sample_thread t[THREADS] = {
		[BOTTOM] = {.name = "bottom", .run = bottom},
		[LEFT] = {.name = "left", .run = side, .arg = &g_left_lock},
		[RIGHT] = {.name = "right", .run = side, .arg = &g_right_lock},
		[TOP_LEFT] = {.name = "top_left", .run = top, .arg = &g_left_lock},
		[TOP_RIGHT] = {.name = "top_right", .run = top, .arg = &g_right_lock},
	};

	sample_start(&t[BOTTOM]);
	while (!g_result)
		sample_sleep_ms(1);
	truth_running(&t[BOTTOM]);
	sample_start(&t[LEFT]);
	sample_start(&t[RIGHT]);
	expect_mutex(&t[LEFT], &g_bottom_lock, "g_bottom_lock", &t[BOTTOM], false);
	expect_mutex(&t[RIGHT], &g_bottom_lock, "g_bottom_lock", &t[BOTTOM], false);
	sample_start(&t[TOP_LEFT]);
	sample_start(&t[TOP_RIGHT]);
	expect_mutex(&t[TOP_LEFT], &g_left_lock, "g_left_lock", &t[LEFT], false);
	expect_mutex(&t[TOP_RIGHT], &g_right_lock, "g_right_lock", &t[RIGHT], false);
	for (int i = LEFT; i < THREADS; i++)
		truth_root(&t[i], &t[BOTTOM]);
	truth_is("verdict", "[\"stuck\",\"clean\"]");
	sample_rest(1 + THREADS);
}
