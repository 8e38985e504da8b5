/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: a healthy pool of workers under load, caught at any moment. */
#include "sample.h"

enum { WORKERS = 8, PRODUCERS = 2, CAPACITY = 16, WORK = 20000, WARM_UP_MS = 50 };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t not_empty, not_full;
	int jobs[CAPACITY];
	unsigned head, tail;
} g_queue = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.not_empty = PTHREAD_COND_INITIALIZER,
	.not_full = PTHREAD_COND_INITIALIZER,
};

static pthread_mutex_t g_stats_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long g_done, g_sum;

static void put_job(int job)
{
	pthread_mutex_lock(&g_queue.lock);
	while (g_queue.head - g_queue.tail == CAPACITY)
		pthread_cond_wait(&g_queue.not_full, &g_queue.lock);
	g_queue.jobs[g_queue.head++ % CAPACITY] = job;
	pthread_cond_signal(&g_queue.not_empty);
	pthread_mutex_unlock(&g_queue.lock);
}

static int take_job(void)
{
	int job;

	pthread_mutex_lock(&g_queue.lock);
	while (g_queue.head == g_queue.tail)
		pthread_cond_wait(&g_queue.not_empty, &g_queue.lock);
	job = g_queue.jobs[g_queue.tail++ % CAPACITY];
	pthread_cond_signal(&g_queue.not_full);
	pthread_mutex_unlock(&g_queue.lock);
	return job;
}

static void count(unsigned long result)
{
	pthread_mutex_lock(&g_stats_lock);
	g_done++;
	g_sum += result;
	pthread_mutex_unlock(&g_stats_lock);
}

static void *worker(void *arg)
{
	for (;;) {
		volatile unsigned long result = take_job();

		for (int i = 0; i < WORK; i++)
			result = result * 1103515245 + 12345;
		count(result);
	}
	return arg;
}

static void *producer(void *arg)
{
	for (int job = 0;; job++)
		put_job(job);
	return arg;
}

int main(void)
{
	static struct sample_thread t[WORKERS + PRODUCERS];

	for (int i = 0; i < WORKERS + PRODUCERS; i++) {
		t[i].name = i < WORKERS ? "worker" : "producer";
		t[i].run = i < WORKERS ? worker : producer;
	}
	sample_start_all(t, WORKERS + PRODUCERS);
	sample_sleep_ms(WARM_UP_MS);
	truth_is("moving", "true");
	truth_is("quiet", "true");
	truth_verdict("clean");
	sample_rest(1 + WORKERS + PRODUCERS);
}
