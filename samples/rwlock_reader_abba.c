/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two threads read two tables and write into each other's: each waits for the reader of the table
 * that it wants to write. No word of a rwlock says who reads.
 */
#include "holders.h"

struct table {
	const char *name;
	pthread_rwlock_t lock;
	long rows;
};

static struct table g_orders = {.name = "orders", .lock = PTHREAD_RWLOCK_INITIALIZER, .rows = 3};
static struct table g_stock = {.name = "stock", .lock = PTHREAD_RWLOCK_INITIALIZER, .rows = 4};
static struct gate g_gates[2];

struct copy {
	struct table *from, *to;
	struct gate *gate;
};

SAMPLE_FRAME static void append_rows(struct table *table, long rows)
{
	pthread_rwlock_wrlock(&table->lock);
	table->rows += rows;
	pthread_rwlock_unlock(&table->lock);
}

SAMPLE_FRAME static int copy_table(const struct copy *copy)
{
	if (pthread_rwlock_rdlock(&copy->from->lock))
		return -1;
	gate_pass(copy->gate);
	append_rows(copy->to, copy->from->rows);
	pthread_rwlock_unlock(&copy->from->lock);
	return 0;
}

static void *copier(void *arg)
{
	copy_table(arg);
	return arg;
}

int main(void)
{
	static struct copy copies[] = {
		{&g_orders, &g_stock, &g_gates[0]},
		{&g_stock, &g_orders, &g_gates[1]},
	};
	struct sample_thread t[] = {
		{.name = "copy_orders", .run = copier, .arg = &copies[0]},
		{.name = "copy_stock", .run = copier, .arg = &copies[1]},
	};

	for (int i = 0; i < 2; i++) {
		gate_init(&g_gates[i]);
		sample_start(&t[i]);
		gate_await(&g_gates[i], &t[i]);
	}
	for (int i = 0; i < 2; i++)
		gate_open(&g_gates[i]);
	expect_wait_on(&t[0], "rwlock-write", &g_stock.lock, "g_stock.lock", &t[1], 1);
	expect_wait_on(&t[1], "rwlock-write", &g_orders.lock, "g_orders.lock", &t[0], 1);
	truth_inferred(&t[0], &g_orders.lock, "shared", true);
	truth_inferred(&t[1], &g_stock.lock, "shared", true);
	truth_cycle(t, 2, false);
	truth_finding("CT101", "P0", "\"likely\"", t, 2);
	truth_verdict("deadlock");
	sample_rest(3);
}
