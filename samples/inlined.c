/* SPDX-License-Identifier: Apache-2.0 */
/* Lock wrappers that the compiler has inlined: the frames are in DWARF alone. */
#include "sample.h"

#define INLINED static inline __attribute__((always_inline))

struct table {
	pthread_mutex_t lock;
	long rows;
};

static struct table g_users = {PTHREAD_MUTEX_INITIALIZER, 0};
static struct table g_groups = {PTHREAD_MUTEX_INITIALIZER, 0};
static pthread_barrier_t g_both_hold_one;

INLINED void table_lock(struct table *table)
{
	pthread_mutex_lock(&table->lock);
}

INLINED void table_unlock(struct table *table)
{
	pthread_mutex_unlock(&table->lock);
}

INLINED void table_append(struct table *table)
{
	table_lock(table);
	table->rows++;
	table_unlock(table);
}

SAMPLE_FRAME static void add_member(struct table *to, struct table *also)
{
	table_lock(to);
	pthread_barrier_wait(&g_both_hold_one);
	table_append(also);
	to->rows++;
	table_unlock(to);
}

static void *add_user(void *arg)
{
	add_member(&g_users, &g_groups);
	return arg;
}

static void *add_group(void *arg)
{
	add_member(&g_groups, &g_users);
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "add_user", .run = add_user},
		{.name = "add_group", .run = add_group},
	};

	pthread_barrier_init(&g_both_hold_one, NULL, 2);
	sample_start_all(t, 2);
	expect_mutex(&t[0], &g_groups, "g_groups.lock", &t[1], false);
	expect_mutex(&t[1], &g_users, "g_users.lock", &t[0], false);
	for (int i = 0; i < 2; i++) {
		truth_function(&t[i], "add_member");
		truth_inlined(&t[i], "table_append");
		truth_inlined(&t[i], "table_lock");
	}
	truth_deadlock(t, 2);
	sample_rest(3);
}
