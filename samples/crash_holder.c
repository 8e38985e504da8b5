/* SPDX-License-Identifier: Apache-2.0 */
/* A thread crashes with a lock that two others wait for: the crash is the cause, not the locks. */
#include "crash.h"

struct stock {
	long shelf, count;
};

static pthread_mutex_t g_stock_lock = PTHREAD_MUTEX_INITIALIZER;
static struct stock *volatile g_stock;

SAMPLE_FRAME static void take_one(struct stock *stock)
{
	stock->count--;
	SAMPLE_AFTER();
}

static void *seller(void *arg)
{
	pthread_mutex_lock(&g_stock_lock);
	crash_await();
	take_one(g_stock);
	pthread_mutex_unlock(&g_stock_lock);
	return arg;
}

static void *buyer(void *arg)
{
	pthread_mutex_lock(&g_stock_lock);
	pthread_mutex_unlock(&g_stock_lock);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "seller", .run = seller};
	struct sample_thread buyers[] = {
		{.name = "buyer 1", .run = buyer}, {.name = "buyer 2", .run = buyer}};

	crash_start(&t);
	sample_start_all(buyers, 2);
	expect_mutex(&buyers[0], &g_stock_lock, "g_stock_lock", &t, false);
	expect_mutex(&buyers[1], &g_stock_lock, "g_stock_lock", &t, false);
	truth_crash_at(&t, SIGSEGV, "null-pointer", "take_one", 8);
	printf("{\"crash_holds\":{\"resource\":\"%p\"}}\n", (void *)&g_stock_lock);
	crash_go(4);
}
