/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Healthy: a logger waits for lines; the thread that reads them from outside will signal it.
 * Another thread waits for the same, and will not.
 */
#include "holders.h"

struct log {
	pthread_mutex_t lock;
	pthread_cond_t more;
	int lines;
};

static struct gate g_network;

SAMPLE_FRAME static void add_line(struct log *log)
{
	gate_pass(&g_network);
	pthread_mutex_lock(&log->lock);
	log->lines++;
	pthread_cond_signal(&log->more);
	pthread_mutex_unlock(&log->lock);
}

SAMPLE_FRAME static void write_line(struct log *log)
{
	pthread_mutex_lock(&log->lock);
	while (!log->lines)
		pthread_cond_wait(&log->more, &log->lock);
	log->lines--;
	pthread_mutex_unlock(&log->lock);
}

static void *receiver(void *arg)
{
	add_line(arg);
	return arg;
}

static void *logger(void *arg)
{
	write_line(arg);
	return arg;
}

int main(void)
{
	static struct log log = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
	struct sample_thread source = {.name = "receiver", .run = receiver, .arg = &log};
	struct sample_thread sinks[] = {
		{.name = "logger", .run = logger, .arg = &log},
		{.name = "mirror", .run = logger, .arg = &log},
	};

	gate_init(&g_network);
	sample_start(&source);
	gate_await(&g_network, &source);
	for (int i = 0; i < 2; i++) {
		sample_start(&sinks[i]);
		expect_wait_on(&sinks[i], "cond", &log.more, NULL, NULL, 0);
		truth_peers(&sinks[i], &source, 1);
	}
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\",\"CT104\",\"CT110\"]");
	truth_verdict("clean");
	sample_rest(4);
}
