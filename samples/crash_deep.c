/* SPDX-License-Identifier: Apache-2.0 */
/* A null pointer at the bottom of a deep recursion, which still has room: no overflow. */
#include "crash.h"
#include <stddef.h>

struct branch {
	struct branch *left;
	long leaves;
};

static struct branch g_branches[200];

SAMPLE_FRAME static long count_leaves(const struct branch *branch)
{
	volatile char room[512];
	long n = branch->leaves;

	room[0] = 1;
	if (n >= 0)
		n += count_leaves(branch->left);
	SAMPLE_AFTER();
	return n + room[0];
}

static void *gardener(void *arg)
{
	crash_await();
	return count_leaves(g_branches) ? arg : NULL;
}

int main(void)
{
	struct sample_thread t = {.name = "gardener", .run = gardener};

	for (int i = 0; i + 1 < 200; i++)
		g_branches[i].left = &g_branches[i + 1];
	crash_start(&t);
	truth_crash_at(
		&t, SIGSEGV, "null-pointer", "count_leaves", offsetof(struct branch, leaves));
	crash_go(2);
}
