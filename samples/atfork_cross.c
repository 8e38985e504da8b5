/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork() takes the locks of a library one after the other, in a handler of pthread_atfork, and so
 * does the program itself, in the other order.
 */
#include "gate.h"

static pthread_mutex_t g_cache_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_config_lock = PTHREAD_MUTEX_INITIALIZER;
static struct gate g_gate;

SAMPLE_FRAME static void before_fork(void)
{
	pthread_mutex_lock(&g_config_lock);
	pthread_mutex_lock(&g_cache_lock);
	SAMPLE_AFTER();
}

static void after_fork(void)
{
	pthread_mutex_unlock(&g_cache_lock);
	pthread_mutex_unlock(&g_config_lock);
}

SAMPLE_FRAME static void run_helper(void)
{
	if (fork() == 0)
		_exit(0);
	SAMPLE_AFTER();
}

static void *spawner(void *arg)
{
	run_helper();
	return arg;
}

SAMPLE_FRAME static void reload(void)
{
	pthread_mutex_lock(&g_cache_lock);
	gate_pass(&g_gate);
	pthread_mutex_lock(&g_config_lock);
	SAMPLE_AFTER();
}

static void *reloader(void *arg)
{
	reload();
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "reloader", .run = reloader},
		{.name = "spawner", .run = spawner},
	};

	gate_init(&g_gate);
	pthread_atfork(before_fork, after_fork, after_fork);
	sample_start(&t[0]);
	gate_await(&g_gate, &t[0]);
	sample_start(&t[1]);
	expect_mutex(&t[1], &g_cache_lock, "g_cache_lock", &t[0], false);
	gate_open(&g_gate);
	expect_mutex(&t[0], &g_config_lock, "g_config_lock", &t[1], false);
	truth_function(&t[1], "before_fork");
	truth_function(&t[1], "run_helper");
	truth_function(&t[0], "reload");
	truth_deadlock(t, 2);
	sample_rest(3);
}
