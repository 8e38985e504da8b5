/* SPDX-License-Identifier: Apache-2.0 */
/* Healthy: readers and writers at work on a few locks, caught at any moment. */
#include "holders.h"

enum { READERS = 6, WRITERS = 2, SHARDS = 3, WORK = 3000, WARM_UP_MS = 50 };

static struct shard {
	pthread_rwlock_t lock;
	unsigned long sum;
} g_shards[SHARDS];

static unsigned long read_shard(struct shard *shard)
{
	volatile unsigned long sum = 0;

	pthread_rwlock_rdlock(&shard->lock);
	for (int i = 0; i < WORK; i++)
		sum += shard->sum;
	pthread_rwlock_unlock(&shard->lock);
	return sum;
}

static void write_shard(struct shard *shard, unsigned long value)
{
	pthread_rwlock_wrlock(&shard->lock);
	for (int i = 0; i < WORK; i++)
		shard->sum = shard->sum * 31 + value;
	pthread_rwlock_unlock(&shard->lock);
}

static void *reader(void *arg)
{
	for (unsigned i = 0;; i++)
		if (read_shard(&g_shards[i % SHARDS]) == 1)
			return arg;
}

static void *writer(void *arg)
{
	for (unsigned i = 0;; i++)
		write_shard(&g_shards[i % SHARDS], i);
	return arg;
}

int main(void)
{
	static struct sample_thread t[READERS + WRITERS];

	for (int i = 0; i < SHARDS; i++)
		pthread_rwlock_init(&g_shards[i].lock, NULL);
	for (int i = 0; i < READERS + WRITERS; i++) {
		t[i].name = i < READERS ? "reader" : "writer";
		t[i].run = i < READERS ? reader : writer;
	}
	sample_start_all(t, READERS + WRITERS);
	sample_sleep_ms(WARM_UP_MS);
	truth_is("moving", "true");
	truth_is("quiet", "true");
	truth_verdict("clean");
	sample_rest(1 + READERS + WRITERS);
}
