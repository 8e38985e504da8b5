/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The producer ends without a word to the consumers, who wait for orders for ever; main joins them.
 * Nobody has joined the producer.
 */
#include "orphan.h"

enum { CONSUMERS = 4 };

static pthread_mutex_t g_queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t g_queue_ready = PTHREAD_COND_INITIALIZER;
static int g_orders, g_sold;

SAMPLE_FRAME static void take_order(void)
{
	pthread_mutex_lock(&g_queue_lock);
	while (g_orders == g_sold)
		pthread_cond_wait(&g_queue_ready, &g_queue_lock);
	g_sold++;
	pthread_mutex_unlock(&g_queue_lock);
}

static void *consumer(void *arg)
{
	for (;;)
		take_order();
	return arg;
}

static void *producer(void *arg)
{
	sample_await_known();
	for (int i = 0; i < 10; i++) {
		pthread_mutex_lock(&g_queue_lock);
		g_orders++;
		pthread_mutex_unlock(&g_queue_lock);
		pthread_cond_signal(&g_queue_ready);
	}
	return arg;
}

static void join(void *thread)
{
	pthread_join(*(pthread_t *)thread, NULL);
}

int main(void)
{
	struct sample_thread t[CONSUMERS] = {};
	struct sample_thread stuck[CONSUMERS + 1] = {{.tid = getpid()}};
	struct sample_thread source = {.name = "producer", .run = producer};

	for (int i = 0; i < CONSUMERS; i++) {
		t[i] = (struct sample_thread){.name = "consumer", .run = consumer};
		sample_start(&t[i]);
		sample_await(t[i].tid, SYS_futex, SAMPLE_ANY);
	}
	sample_start(&source);
	sample_await_exit(source.tid);
	for (int i = 0; i < CONSUMERS; i++) {
		expect_wait(&t[i], "cond", &g_queue_ready, NULL, "g_queue_ready", NULL, false);
		truth_function(&t[i], "take_order");
		stuck[1 + i] = t[i];
	}
	truth_main_joins(t);
	truth_exited(&source, "producer", "its result is 0x0");
	truth_is("exited_threads", "1");
	truth_finding("CT110", "P1", "\"proven\"", stuck, CONSUMERS + 1);
	truth_is("absent", "[\"CT111\",\"CT120\",\"CT122\"]");
	truth_verdict("stuck");
	sample_rest_in(1 + CONSUMERS, join, &t[0].handle);
}
