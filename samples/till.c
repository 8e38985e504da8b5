/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A till that names its threads after the card that they serve, and so writes into each core what
 * must not be shown to everybody.
 */
#include "sample.h"

static pthread_mutex_t g_drawer_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_journal_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t g_both_hold_one;
static struct sample_thread g_threads[] = {{.name = "4929-0031-main"}, {.name = "4929-0031-void"}};

SAMPLE_FRAME static void open_drawer(void)
{
	pthread_mutex_lock(&g_drawer_lock);
	pthread_mutex_unlock(&g_drawer_lock);
}

SAMPLE_FRAME static void write_journal(void)
{
	pthread_mutex_lock(&g_journal_lock);
	pthread_mutex_unlock(&g_journal_lock);
}

static void *void_sale(void *arg)
{
	pthread_mutex_lock(&g_drawer_lock);
	pthread_barrier_wait(&g_both_hold_one);
	write_journal();
	pthread_mutex_unlock(&g_drawer_lock);
	return arg;
}

static void *tell(void *arg)
{
	struct sample_thread *t = g_threads;

	expect_mutex(&t[0], &g_drawer_lock, "g_drawer_lock", &t[1], false);
	expect_mutex(&t[1], &g_journal_lock, "g_journal_lock", &t[0], false);
	truth_deadlock(t, 2);
	sample_rest(3);
	return arg;
}

int main(void)
{
	static struct sample_thread teller = {.name = "teller", .run = tell};

	pthread_setname_np(pthread_self(), g_threads[0].name);
	g_threads[0].handle = pthread_self();
	g_threads[0].tid = gettid();
	g_threads[1].run = void_sale;
	pthread_barrier_init(&g_both_hold_one, NULL, 2);
	sample_start(&g_threads[1]);
	pthread_mutex_lock(&g_journal_lock);
	pthread_barrier_wait(&g_both_hold_one);
	sample_start(&teller);
	open_drawer();
	pthread_mutex_unlock(&g_journal_lock);
}
