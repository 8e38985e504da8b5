/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For a debugger: a thread that waits for a lock whose holder comes back until `set var g_move =
 * 1`. Then the holder releases that lock, the waiter gets it and asks for the other, and the two
 * deadlock, which main tells by {"moved":true}.
 */
#include "sample.h"

static pthread_mutex_t g_gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_ledger_lock = PTHREAD_MUTEX_INITIALIZER;
static volatile int g_move;
static int g_caller_is_in, g_visits;

/* Polls: what gdb writes wakes nobody. */
SAMPLE_FRAME static void await_move(void)
{
	while (!g_move)
		sample_sleep_ms(1);
}

SAMPLE_FRAME static void enter_gate(void)
{
	pthread_mutex_lock(&g_gate_lock);
	g_visits++;
	pthread_mutex_unlock(&g_gate_lock);
}

SAMPLE_FRAME static void write_ledger(void)
{
	pthread_mutex_lock(&g_ledger_lock);
	g_visits++;
	pthread_mutex_unlock(&g_ledger_lock);
}

static void *keeper(void *arg)
{
	pthread_mutex_lock(&g_ledger_lock);
	pthread_mutex_lock(&g_gate_lock);
	await_move();
	pthread_mutex_unlock(&g_gate_lock);
	while (!__atomic_load_n(&g_caller_is_in, __ATOMIC_ACQUIRE))
		sample_sleep_ms(1);
	enter_gate();
	pthread_mutex_unlock(&g_ledger_lock);
	return arg;
}

static void *caller(void *arg)
{
	pthread_mutex_lock(&g_gate_lock);
	__atomic_store_n(&g_caller_is_in, 1, __ATOMIC_RELEASE);
	write_ledger();
	pthread_mutex_unlock(&g_gate_lock);
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "keeper", .run = keeper},
		{.name = "caller", .run = caller},
	};

	sample_start(&t[0]);
	sample_await(t[0].tid, SAMPLE_SLEEP, SAMPLE_ANY);
	sample_start(&t[1]);
	expect_mutex(&t[1], &g_gate_lock, "g_gate_lock", &t[0], false);
	truth_function(&t[0], "await_move");
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\"]");
	truth_threads(3);
	sample_ready();
	await_move();
	sample_await(t[0].tid, SYS_futex, (long)&g_gate_lock);
	sample_await(t[1].tid, SYS_futex, (long)&g_ledger_lock);
	printf("{\"moved\":true}\n");
	fflush(stdout);
	for (;;)
		pause();
}
