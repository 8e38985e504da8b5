/* SPDX-License-Identifier: Apache-2.0 */
/* One thread waits, with a lock held, for the end of another that wants this lock first. */
#include "sample.h"

static pthread_mutex_t g_config_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t g_lock_is_held;
static struct sample_thread g_threads[2];

SAMPLE_FRAME static void stop_worker(void)
{
	pthread_join(g_threads[1].handle, NULL);
	SAMPLE_AFTER();
}

static void *reload(void *arg)
{
	pthread_mutex_lock(&g_config_lock);
	pthread_barrier_wait(&g_lock_is_held);
	stop_worker();
	pthread_mutex_unlock(&g_config_lock);
	return arg;
}

SAMPLE_FRAME static void read_config(void)
{
	pthread_mutex_lock(&g_config_lock);
	SAMPLE_AFTER();
	pthread_mutex_unlock(&g_config_lock);
}

static void *worker(void *arg)
{
	pthread_barrier_wait(&g_lock_is_held);
	read_config();
	return arg;
}

int main(void)
{
	struct sample_thread *t = g_threads;

	pthread_barrier_init(&g_lock_is_held, NULL, 2);
	t[0] = (struct sample_thread){.name = "reload", .run = reload};
	t[1] = (struct sample_thread){.name = "worker", .run = worker};
	sample_start(&t[1]);
	sample_start(&t[0]);
	expect_mutex(&t[1], &g_config_lock, "g_config_lock", &t[0], false);
	expect_join(&t[0], &t[1]);
	truth_function(&t[0], "stop_worker");
	truth_function(&t[1], "read_config");
	truth_deadlock(t, 2);
	sample_rest(3);
}
