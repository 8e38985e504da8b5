/* SPDX-License-Identifier: Apache-2.0 */
/* The classic: two threads take the same two locks in opposite order. */
#include "sample.h"

static pthread_mutex_t g_orders_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_stock_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t g_both_hold_one;
static int g_orders, g_stock = 100;

SAMPLE_FRAME static void reserve_stock(int items)
{
	pthread_mutex_lock(&g_stock_lock);
	g_stock -= items;
	pthread_mutex_unlock(&g_stock_lock);
}

SAMPLE_FRAME static void place_order(int items)
{
	pthread_mutex_lock(&g_orders_lock);
	pthread_barrier_wait(&g_both_hold_one);
	reserve_stock(items);
	g_orders++;
	pthread_mutex_unlock(&g_orders_lock);
}

SAMPLE_FRAME static void close_orders(int items)
{
	pthread_mutex_lock(&g_orders_lock);
	g_orders -= items;
	pthread_mutex_unlock(&g_orders_lock);
}

SAMPLE_FRAME static void count_stock(void)
{
	pthread_mutex_lock(&g_stock_lock);
	pthread_barrier_wait(&g_both_hold_one);
	close_orders(g_stock);
	g_stock = 0;
	pthread_mutex_unlock(&g_stock_lock);
}

static void *order_worker(void *arg)
{
	place_order(3);
	return arg;
}

static void *stock_worker(void *arg)
{
	count_stock();
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "order_worker", .run = order_worker},
		{.name = "stock_worker", .run = stock_worker},
	};

	pthread_barrier_init(&g_both_hold_one, NULL, 2);
	sample_start_all(t, 2);
	expect_mutex(&t[0], &g_stock_lock, "g_stock_lock", &t[1], false);
	expect_mutex(&t[1], &g_orders_lock, "g_orders_lock", &t[0], false);
	truth_function(&t[0], "reserve_stock");
	truth_function(&t[0], "place_order");
	truth_function(&t[1], "close_orders");
	truth_function(&t[1], "count_stock");
	truth_function(&t[1], "stock_worker");
	truth_deadlock(t, 2);
	sample_rest(3);
}
