/* SPDX-License-Identifier: Apache-2.0 */
/* The loader says that it is done before the reader waits for it, without a flag: the signal is
 * lost. */
#include "orphan.h"

static pthread_mutex_t g_config_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t g_config_loaded = PTHREAD_COND_INITIALIZER;

static void *loader(void *arg)
{
	pthread_cond_signal(&g_config_loaded);
	return arg;
}

SAMPLE_FRAME static void await_config(void)
{
	pthread_mutex_lock(&g_config_lock);
	pthread_cond_wait(&g_config_loaded, &g_config_lock);
	pthread_mutex_unlock(&g_config_lock);
}

static void *reader(void *arg)
{
	await_config();
	return arg;
}

static void join(void *thread)
{
	pthread_join(*(pthread_t *)thread, NULL);
}

int main(void)
{
	struct sample_thread done = {.name = "loader", .run = loader};
	struct sample_thread t = {.name = "reader", .run = reader};
	struct sample_thread stuck[2] = {{.tid = getpid()}};

	sample_must(pthread_create(&done.handle, NULL, done.run, NULL), "pthread_create");
	pthread_join(done.handle, NULL);
	sample_start(&t);
	expect_wait(&t, "cond", &g_config_loaded, NULL, "g_config_loaded", NULL, false);
	truth_function(&t, "await_config");
	truth_main_joins(&t);
	stuck[1] = t;
	truth_finding("CT110", "P1", "\"proven\"", stuck, 2);
	truth_verdict("stuck");
	sample_rest_in(2, join, &t.handle);
}
