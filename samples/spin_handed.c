/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lock is handed over: one thread has taken it and gone on to the next order, the other will give
 * it back. The code of both speaks for having it, and only one can: nobody is named.
 */
#include "spin.h"

static pthread_spinlock_t g_order_lock;
static struct gate g_next, g_done;

SAMPLE_FRAME static void take_order(void)
{
	pthread_spin_lock(&g_order_lock);
	gate_pass(&g_next);
}

SAMPLE_FRAME static void finish_order(void)
{
	gate_pass(&g_done);
	pthread_spin_unlock(&g_order_lock);
}

static void *waiter(void *arg)
{
	take_order();
	return arg;
}

static void *cook(void *arg)
{
	finish_order();
	return arg;
}

SAMPLE_FRAME static void change_order(void)
{
	pthread_spin_lock(&g_order_lock);
	pthread_spin_unlock(&g_order_lock);
}

static void *guest(void *arg)
{
	change_order();
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "waiter", .run = waiter},
		{.name = "cook", .run = cook},
		{.name = "guest", .run = guest},
	};

	gate_init(&g_next);
	gate_init(&g_done);
	pthread_spin_init(&g_order_lock, PTHREAD_PROCESS_PRIVATE);
	for (int i = 0; i < 3; i++) {
		sample_start(&t[i]);
		if (i < 2)
			gate_await(i ? &g_done : &g_next, &t[i]);
	}
	sample_await_spinning(&t[2]);
	truth_running(&t[2]);
	truth_wait(&t[2], "spin", (const void *)&g_order_lock, "g_order_lock", NULL, false);
	for (int i = 0; i < 3; i++)
		truth_free_of(&t[i], (const void *)&g_order_lock);
	truth_function(&t[2], "change_order");
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\",\"CT104\"]");
	sample_rest(4);
}
