/* SPDX-License-Identifier: Apache-2.0 */
/* A write to a member of an order that is null: the address is the member's offset. */
#include "crash.h"
#include <stddef.h>

struct order {
	long id;
	const char *item;
	struct order *next;
	int quantity;
};

static struct order *volatile g_last;

SAMPLE_FRAME static void push_order(struct order *order, int quantity)
{
	order->quantity = quantity;
	SAMPLE_AFTER();
}

static void *worker(void *arg)
{
	crash_await();
	push_order(g_last, 12);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "worker", .run = worker};

	crash_start(&t);
	truth_crash_at(&t, SIGSEGV, "null-pointer", "push_order", offsetof(struct order, quantity));
	crash_go(2);
}
