/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table that is locked through a struct of function pointers, as file systems and drivers do:
 * nobody can say from the code alone what a call through it does. One reader has locked directly
 * and unlocked through the operations, another the other way round, one holds through them.
 */
#include "holders.h"

struct table;

struct operations {
	void (*enter)(struct table *table);
	void (*leave)(struct table *table);
};

struct table {
	const struct operations *operations;
	pthread_rwlock_t lock;
	long rows, visits;
};

static void enter(struct table *table)
{
	pthread_rwlock_rdlock(&table->lock);
	__atomic_fetch_add(&table->visits, 1, __ATOMIC_RELAXED);
}

static void leave(struct table *table)
{
	pthread_rwlock_unlock(&table->lock);
}

static const struct operations g_shared = {enter, leave};
static struct table g_orders = {&g_shared, PTHREAD_RWLOCK_INITIALIZER, 100, 0};
static struct gate g_gate;

/* Has it: takes it by itself, and gives it back through the operations later. */
SAMPLE_FRAME static void export_rows(struct table *table)
{
	pthread_rwlock_rdlock(&table->lock);
	gate_pass(&g_gate);
	table->operations->leave(table);
}

/* Has had it: the same, but has given it back. */
SAMPLE_FRAME static void count_rows(struct table *table)
{
	pthread_rwlock_rdlock(&table->lock);
	table->operations->leave(table);
	gate_pass(&g_gate);
}

/* Has had it, both through the operations. */
SAMPLE_FRAME static void sum_rows(struct table *table)
{
	table->operations->enter(table);
	table->operations->leave(table);
	gate_pass(&g_gate);
}

/* Will have it, and releases it by itself then. */
SAMPLE_FRAME static void print_rows(struct table *table)
{
	gate_pass(&g_gate);
	table->operations->enter(table);
	pthread_rwlock_unlock(&table->lock);
}

#define THREAD(name)                                                                               \
	static void *run_##name(void *arg)                                                         \
	{                                                                                          \
		name(arg);                                                                         \
		return arg;                                                                        \
	}
THREAD(export_rows)
THREAD(count_rows)
THREAD(sum_rows)
THREAD(print_rows)

static void *writer(void *arg)
{
	struct table *table = arg;

	pthread_rwlock_wrlock(&table->lock);
	table->rows++;
	pthread_rwlock_unlock(&table->lock);
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "export", .run = run_export_rows, .arg = &g_orders},
		{.name = "count", .run = run_count_rows, .arg = &g_orders},
		{.name = "sum", .run = run_sum_rows, .arg = &g_orders},
		{.name = "print", .run = run_print_rows, .arg = &g_orders},
	};
	struct sample_thread w = {.name = "writer", .run = writer, .arg = &g_orders};

	gate_init(&g_gate);
	sample_start_all(t, 4);
	for (int i = 0; i < 4; i++)
		gate_await(&g_gate, &t[i]);
	sample_start(&w);
	struct sample_call call = sample_await(w.tid, SYS_futex, SAMPLE_ANY);
	truth_call(&w, &call);
	truth_unsaid(&w, "rwlock-write", &g_orders.lock, "g_orders.lock", &t[0]);
	for (int i = 1; i < 4; i++)
		truth_free_of(&t[i], &g_orders.lock);
	truth_function(&w, "writer");
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\",\"CT104\"]");
	sample_rest(6);
}
