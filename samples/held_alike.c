/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing is held, but much looks so: locks in dead parts of stacks, one on the stack of a thread
 * that has ended, tables with ids of threads in them, locks that were destroyed or handed back.
 */
#include "held.h"

enum { WORKERS = 4, ROWS = 4000 };

/* What a program notes about its threads: a state, how often, who, and a number of its own. */
struct row {
	int state, count, worker, number;
	long since;
};

static struct row *g_log;
static struct sample_thread g_workers[WORKERS];
static pthread_mutex_t g_free = PTHREAD_MUTEX_INITIALIZER, g_gone;

/* Leaves a taken lock behind, deep below where the thread will rest. */
SAMPLE_FRAME static void leave_on_stack(int depth)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	char room[512];

	__asm__ volatile("" : : "r"(room) : "memory");
	if (depth)
		leave_on_stack(depth - 1);
	pthread_mutex_lock(&lock);
	__asm__ volatile("" : : "r"(&lock) : "memory");
}

static void *worker(void *arg)
{
	leave_on_stack(20);
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	return arg;
}

static void *short_lived(void *arg)
{
	leave_on_stack(0);
	return arg;
}

static void fill_log(void)
{
	g_log = calloc(ROWS, sizeof(*g_log));
	for (int i = 0; i < ROWS; i++) {
		struct row *row = &g_log[i];

		row->worker = g_workers[i % WORKERS].tid;
		row->state = i % 3;
		row->count = i % 7;
		row->number = i % 2;
		row->since = i % 5 ? i : 0;
	}
}

int main(void)
{
	pthread_t handle;

	pthread_mutex_init(&g_gone, NULL);
	pthread_mutex_lock(&g_gone);
	pthread_mutex_unlock(&g_gone);
	pthread_mutex_destroy(&g_gone);
	pthread_mutex_lock(&g_free);
	pthread_mutex_unlock(&g_free);
	for (int i = 0; i < WORKERS; i++) {
		g_workers[i] = (struct sample_thread){.name = "worker", .run = worker};
		sample_start(&g_workers[i]);
		expect_syscall(&g_workers[i], SYS_clock_nanosleep);
	}
	sample_must(pthread_create(&handle, NULL, short_lived, NULL), "pthread_create");
	pthread_join(handle, NULL);
	fill_log();
	truth_held_only();
	truth_is("quiet", "true");
	truth_is("absent", "[\"CT121\"]");
	truth_verdict("clean");
	sample_rest(1 + WORKERS);
}
