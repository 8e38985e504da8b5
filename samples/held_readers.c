/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks that record no owner, held by threads that do something else, and nobody waits for any:
 * coretool locks shows them. Beside them one that a reader has left for good, and free ones.
 */
#include "holders.h"

static pthread_rwlock_t g_prices = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t g_left = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t g_free = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t g_queue, g_idle_queue;
static struct gate g_gate;

SAMPLE_FRAME static void print_prices(void)
{
	pthread_rwlock_rdlock(&g_prices);
	gate_pass(&g_gate);
	pthread_rwlock_unlock(&g_prices);
}

static void *printer(void *arg)
{
	print_prices();
	return arg;
}

SAMPLE_FRAME static void drain_queue(void)
{
	pthread_spin_lock(&g_queue);
	gate_pass(&g_gate);
	pthread_spin_unlock(&g_queue);
}

static void *drainer(void *arg)
{
	drain_queue();
	return arg;
}

/* Forgets to unlock. */
SAMPLE_FRAME static void look_up(void)
{
	pthread_rwlock_rdlock(&g_left);
	SAMPLE_AFTER();
}

static void *forgetful(void *arg)
{
	look_up();
	pthread_rwlock_rdlock(&g_free);
	pthread_rwlock_unlock(&g_free);
	pthread_spin_lock(&g_idle_queue);
	pthread_spin_unlock(&g_idle_queue);
	gate_pass(&g_gate);
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "printer", .run = printer},
		{.name = "second", .run = printer},
		{.name = "drainer", .run = drainer},
		{.name = "forgetful", .run = forgetful},
	};
	const void *const others[] = {&g_free, (const void *)&g_idle_queue};

	gate_init(&g_gate);
	pthread_spin_init(&g_queue, PTHREAD_PROCESS_PRIVATE);
	pthread_spin_init(&g_idle_queue, PTHREAD_PROCESS_PRIVATE);
	sample_start_all(t, 4);
	for (int i = 0; i < 4; i++) {
		gate_await(&g_gate, &t[i]);
		expect_syscall(&t[i], SYS_read);
		for (int k = 0; k < 2; k++)
			truth_free_of(&t[i], others[k]);
		if (i != 2)
			truth_free_of(&t[i], (const void *)&g_queue);
		if (i > 1)
			truth_free_of(&t[i], &g_prices);
	}
	for (int i = 0; i < 2; i++)
		truth_inferred_alone(&t[i], &g_prices, "shared");
	truth_inferred_alone(&t[2], (const void *)&g_queue, "exclusive");
	truth_is("report", "\"locks\"");
	truth_is("quiet", "true");
	sample_rest(5);
}
