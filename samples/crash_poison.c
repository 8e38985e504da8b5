/* SPDX-License-Identifier: Apache-2.0 */
/* An allocator of the program's own fills what is freed with 0x5a; somebody still uses it. */
#include "crash.h"

struct node {
	struct node *next;
	long value;
};

static struct node *volatile g_head;

SAMPLE_FRAME static long sum_nodes(const struct node *node)
{
	return node->next->value + 1;
}

static void *index_worker(void *arg)
{
	crash_await();
	return sum_nodes(g_head) ? arg : NULL;
}

int main(void)
{
	struct sample_thread t = {.name = "index", .run = index_worker};
	struct node *node = malloc(sizeof(*node));

	memset(node, 0x5a, sizeof(*node));
	g_head = node;
	crash_start(&t);
	truth_crash_at(&t, SIGSEGV, "poisoned-pointer", "sum_nodes", 0x5a5a5a5a5a5a5a62);
	crash_go(2);
}
