/* SPDX-License-Identifier: Apache-2.0 */
/* A tree that has become a ring is walked to its end. */
#include "crash.h"

struct category {
	struct category *parent;
	long items;
};

static struct category g_shoes, g_clothes = {&g_shoes, 1}, g_shoes = {&g_clothes, 2};

SAMPLE_FRAME static long count_items(const struct category *category)
{
	long n = category->items;

	if (category->parent)
		n += count_items(category->parent);
	SAMPLE_AFTER();
	return n;
}

static void *counter(void *arg)
{
	crash_await();
	return count_items(&g_shoes) ? arg : NULL;
}

int main(void)
{
	struct sample_thread t = {.name = "counter", .run = counter};

	crash_start(&t);
	truth_crash(
		&t, SIGSEGV, "stack-overflow", "count_items", ",\"recursion\":[\"count_items\"]");
	crash_go(2);
}
