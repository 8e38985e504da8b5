/* SPDX-License-Identifier: Apache-2.0 */
/* Two deadlocks that have nothing to do with each other, in one process. */
#include "sample.h"

enum { LOCKS = 4 };

static pthread_mutex_t g_reader_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_writer_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_client_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_server_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t g_all_hold_one;

static const struct pair {
	pthread_mutex_t *first, *second;
	const char *second_name;
} g_pairs[LOCKS] = {
	{&g_reader_lock, &g_writer_lock, "g_writer_lock"},
	{&g_writer_lock, &g_reader_lock, "g_reader_lock"},
	{&g_client_lock, &g_server_lock, "g_server_lock"},
	{&g_server_lock, &g_client_lock, "g_client_lock"},
};

SAMPLE_FRAME static void take_second(pthread_mutex_t *lock)
{
	pthread_mutex_lock(lock);
	SAMPLE_AFTER();
	pthread_mutex_unlock(lock);
}

static void *worker(void *arg)
{
	const struct pair *pair = (const struct pair *)arg;

	pthread_mutex_lock(pair->first);
	pthread_barrier_wait(&g_all_hold_one);
	take_second(pair->second);
	pthread_mutex_unlock(pair->first);
	return NULL;
}

int main(void)
{
	struct sample_thread t[LOCKS] = {};

	pthread_barrier_init(&g_all_hold_one, NULL, LOCKS);
	for (int i = 0; i < LOCKS; i++) {
		t[i].name = i < 2 ? "disk" : "network";
		t[i].run = worker;
		t[i].arg = (void *)&g_pairs[i];
	}
	sample_start_all(t, LOCKS);
	for (int i = 0; i < LOCKS; i++)
		expect_mutex(&t[i], g_pairs[i].second, g_pairs[i].second_name, &t[i ^ 1], false);
	truth_deadlock(t, 2);
	truth_deadlock(t + 2, 2);
	sample_rest(1 + LOCKS);
}
