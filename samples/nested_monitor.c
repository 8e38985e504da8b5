/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A nested monitor: the cashier waits for change with the shop's lock in hand, which the manager
 * needs to bring some. main joins them.
 */
#include "orphan.h"

static pthread_mutex_t g_shop_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_till_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t g_till_filled = PTHREAD_COND_INITIALIZER;
static int g_coins, g_sales;

SAMPLE_FRAME static void give_change(void)
{
	pthread_mutex_lock(&g_till_lock);
	while (g_coins == 0)
		pthread_cond_wait(&g_till_filled, &g_till_lock);
	g_coins--;
	pthread_mutex_unlock(&g_till_lock);
}

SAMPLE_FRAME static void sell(void)
{
	pthread_mutex_lock(&g_shop_lock);
	give_change();
	g_sales++;
	pthread_mutex_unlock(&g_shop_lock);
}

SAMPLE_FRAME static void bring_change(void)
{
	pthread_mutex_lock(&g_shop_lock);
	pthread_mutex_lock(&g_till_lock);
	g_coins += 100;
	pthread_cond_signal(&g_till_filled);
	pthread_mutex_unlock(&g_till_lock);
	pthread_mutex_unlock(&g_shop_lock);
}

static void *cashier(void *arg)
{
	sell();
	return arg;
}

static void *manager(void *arg)
{
	bring_change();
	return arg;
}

static void join(void *thread)
{
	pthread_join(*(pthread_t *)thread, NULL);
}

int main(void)
{
	struct sample_thread t[2] = {
		{.name = "cashier", .run = cashier}, {.name = "manager", .run = manager}};

	sample_start(&t[0]);
	expect_wait(&t[0], "cond", &g_till_filled, NULL, "g_till_filled", NULL, false);
	sample_start(&t[1]);
	expect_mutex(&t[1], &g_shop_lock, "g_shop_lock", &t[0], false);
	truth_function(&t[0], "sell");
	truth_function(&t[1], "bring_change");
	truth_main_joins(t);
	truth_hidden_cycle(t, 2, "stuck");
	sample_rest_in(3, join, &t[0].handle);
}
