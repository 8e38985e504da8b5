/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that blocks on a lock 20,000 frames deep. */
#include "sample.h"

enum { DEPTH = 20000, STACK_BYTES = 16 << 20 };

static pthread_mutex_t g_leaf_lock = PTHREAD_MUTEX_INITIALIZER;
static volatile long g_visited;

SAMPLE_FRAME static void visit_leaf(void)
{
	pthread_mutex_lock(&g_leaf_lock);
	g_visited++;
	pthread_mutex_unlock(&g_leaf_lock);
}

SAMPLE_FRAME static void walk_tree(int depth)
{
	if (depth == 0)
		visit_leaf();
	else
		walk_tree(depth - 1);
	g_visited++;
}

SAMPLE_FRAME static void start_walk(void)
{
	walk_tree(DEPTH);
	SAMPLE_AFTER();
}

static void *walker(void *arg)
{
	start_walk();
	return arg;
}

static void *holder(void *arg)
{
	pthread_mutex_lock(&g_leaf_lock);
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "walker", .run = walker};
	struct sample_thread owner = {.name = "holder", .run = holder};
	pthread_attr_t attr;

	sample_start(&owner);
	expect_syscall(&owner, SAMPLE_SLEEP);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	sample_start_with(&t, &attr);
	expect_mutex(&t, &g_leaf_lock, "g_leaf_lock", &owner, false);
	truth_function(&t, "visit_leaf");
	truth_function(&t, "walk_tree");
	truth_function(&t, "start_walk");
	truth_root(&t, &owner);
	truth_verdict("stuck");
	sample_rest(3);
}
