/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Near misses of threads that race for memory, caught at any moment: they count atomically, or
 * under a lock; only one of them writes, and who reads looks again (a seqlock); all only read; each
 * has bytes of its own beside those of the others; each has a variable of its own.
 */
#include "sample.h"

enum { PAIRS = 4, KINDS = 8, WARM_UP_MS = 50 };

static unsigned long g_orders, g_stock, g_flags;
static pthread_mutex_t g_stock_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	unsigned sequence;
	unsigned bid;
	unsigned long ask;
} g_price;
static unsigned long g_prices[16];
static unsigned char g_busy[PAIRS];
static __thread unsigned long own_rounds;

static void *count_atomically(void *arg)
{
	for (;;)
		__atomic_fetch_add(&g_orders, 1, __ATOMIC_RELAXED);
	return arg;
}

static void *count_locked(void *arg)
{
	for (;;) {
		pthread_mutex_lock(&g_stock_lock);
		g_stock++;
		pthread_mutex_unlock(&g_stock_lock);
	}
	return arg;
}

/* Plain moves, both of them. */
static void *set_flags(void *arg)
{
	for (;;)
		__atomic_store_n(&g_flags, __atomic_load_n(&g_flags, __ATOMIC_RELAXED) ^ 1,
			__ATOMIC_RELAXED);
	return arg;
}

static void *change_price(void *arg)
{
	for (;;) {
		__atomic_store_n(&g_price.sequence, g_price.sequence + 1, __ATOMIC_RELEASE);
		g_price.bid++;
		g_price.ask += 2;
		__atomic_store_n(&g_price.sequence, g_price.sequence + 1, __ATOMIC_RELEASE);
	}
	return arg;
}

static void *read_price(void *arg)
{
	for (;;) {
		unsigned before = __atomic_load_n(&g_price.sequence, __ATOMIC_ACQUIRE);
		unsigned long spread = *(volatile unsigned long *)&g_price.ask;

		spread -= *(volatile unsigned *)&g_price.bid;
		if (before % 2 == 0 &&
			before == __atomic_load_n(&g_price.sequence, __ATOMIC_ACQUIRE) &&
			spread > 1UL << 60)
			sample_fail("the spread is odd", (long)spread);
	}
	return arg;
}

static void *read_all(void *arg)
{
	for (;;)
		for (int i = 0; i < 16; i++)
			if (*(volatile unsigned long *)&g_prices[i])
				sample_fail("nobody has set a price", i);
	return arg;
}

static void *mark_own(void *arg)
{
	for (;;) {
		++*(unsigned char *)arg;
		SAMPLE_AFTER();
	}
	return arg;
}

static void *count_own(void *arg)
{
	for (;;) {
		own_rounds++;
		SAMPLE_AFTER();
	}
	return arg;
}

int main(void)
{
	static void *(*const kinds[KINDS])(void *) = {count_atomically, count_locked, set_flags,
		change_price, read_price, read_all, mark_own, count_own};
	static struct sample_thread t[KINDS * PAIRS];
	int n = 0;

	for (int kind = 0; kind < KINDS; kind++)
		for (int i = 0; i < (kinds[kind] == change_price ? 1 : PAIRS); i++)
			t[n++] = (struct sample_thread){.name = "worker",
				.run = kinds[kind],
				.arg = kinds[kind] == mark_own ? &g_busy[i] : NULL};
	sample_start_all(t, (size_t)n);
	sample_sleep_ms(WARM_UP_MS);
	truth_is("moving", "true");
	truth_is("absent", "[\"CT218\"]");
	truth_is("quiet", "true");
	truth_verdict("clean");
	sample_rest(1 + n);
}
