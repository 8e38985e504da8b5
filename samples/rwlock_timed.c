/* SPDX-License-Identifier: Apache-2.0 */
/* Waits for a rwlock that end by themselves, by both clocks, behind one who writes. */
#include "gate.h"

static pthread_rwlock_t g_prices_lock = PTHREAD_RWLOCK_INITIALIZER;
static struct gate g_supplier;
static long g_price = 100;

static int read_until(void)
{
	struct timespec end = sample_tomorrow(CLOCK_REALTIME);

	return pthread_rwlock_timedrdlock(&g_prices_lock, &end);
}

static int write_until(void)
{
	struct timespec end = sample_tomorrow(CLOCK_REALTIME);

	return pthread_rwlock_timedwrlock(&g_prices_lock, &end);
}

static int read_until_monotonic(void)
{
	struct timespec end = sample_tomorrow(CLOCK_MONOTONIC);

	return pthread_rwlock_clockrdlock(&g_prices_lock, CLOCK_MONOTONIC, &end);
}

static int write_until_monotonic(void)
{
	struct timespec end = sample_tomorrow(CLOCK_MONOTONIC);

	return pthread_rwlock_clockwrlock(&g_prices_lock, CLOCK_MONOTONIC, &end);
}

static const struct way {
	const char *name, *kind;
	int (*lock)(void);
} g_ways[] = {
	{"read_until", "rwlock-read", read_until},
	{"write_until", "rwlock-write", write_until},
	{"read_monotonic", "rwlock-read", read_until_monotonic},
	{"write_monotonic", "rwlock-write", write_until_monotonic},
};

enum { WAYS = sizeof(g_ways) / sizeof(g_ways[0]) };

SAMPLE_FRAME static void ask_price(const struct way *way)
{
	if (!way->lock()) {
		g_price++;
		pthread_rwlock_unlock(&g_prices_lock);
	}
}

SAMPLE_FRAME static void load_prices(void)
{
	pthread_rwlock_wrlock(&g_prices_lock);
	gate_pass(&g_supplier);
	g_price = 200;
	pthread_rwlock_unlock(&g_prices_lock);
}

static void *asker(void *arg)
{
	ask_price(arg);
	return arg;
}

static void *loader(void *arg)
{
	load_prices();
	return arg;
}

int main(void)
{
	struct sample_thread writer = {.name = "loader", .run = loader};
	static struct sample_thread t[WAYS];

	gate_init(&g_supplier);
	sample_start(&writer);
	gate_await(&g_supplier, &writer);
	for (int i = 0; i < WAYS; i++) {
		t[i] = (struct sample_thread){
			.name = g_ways[i].name, .run = asker, .arg = (void *)&g_ways[i]};
		sample_start(&t[i]);
		expect_wait(&t[i], g_ways[i].kind, &g_prices_lock, NULL, "g_prices_lock", &writer,
			true);
		truth_root(&t[i], &writer);
		truth_function(&t[i], "ask_price");
	}
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\",\"CT104\"]");
	sample_rest(2 + WAYS);
}
