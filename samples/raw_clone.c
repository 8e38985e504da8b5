/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Near miss: threads made by clone(2) without CLONE_SETTLS, which share the thread pointer of the
 * thread that made them. What libc keeps for that one says nothing about them: neither are they it,
 * nor do they hold what it holds.
 */
#include "sample.h"
#include <sched.h>

enum { RAW = 2, RAW_STACK = 64 * 1024, CLIENTS = 2 };

static pthread_mutex_t g_stats_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sample_thread g_raw[RAW] = {{.name = "monitor"}, {.name = "poker"}};
static char g_stacks[RAW][RAW_STACK] __attribute__((aligned(64)));
static int g_never[2];
static long g_count;

SAMPLE_FRAME static void count_event(void)
{
	pthread_mutex_lock(&g_stats_lock);
	g_count++;
	pthread_mutex_unlock(&g_stats_lock);
}

SAMPLE_FRAME static int monitor(void *arg)
{
	sample_enter((struct sample_thread *)arg);
	for (;;)
		syscall(SYS_pause);
	return 0;
}

static int poker(void *arg)
{
	sample_enter((struct sample_thread *)arg);
	count_event();
	return 0;
}

static void start_raw(int i, int (*run)(void *))
{
	const int flags =
		CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;

	if (clone(run, g_stacks[i] + RAW_STACK, flags, &g_raw[i]) < 0)
		sample_fail("clone", i);
}

SAMPLE_FRAME static void collect(void)
{
	char c;

	pthread_mutex_lock(&g_stats_lock);
	start_raw(0, monitor);
	start_raw(1, poker);
	if (read(g_never[0], &c, 1) != 1)
		sample_fail("read", g_never[0]);
	pthread_mutex_unlock(&g_stats_lock);
}

static void *collector(void *arg)
{
	collect();
	return arg;
}

static void *client(void *arg)
{
	count_event();
	return arg;
}

int main(void)
{
	struct sample_thread holder = {.name = "collector", .run = collector};
	struct sample_thread t[CLIENTS] = {};

	sample_must(pipe(g_never), "pipe");
	sample_start(&holder);
	expect_syscall(&holder, SYS_read);
	truth_function(&holder, "collect");
	for (int i = 0; i < RAW; i++)
		sample_await_enter(&g_raw[i]);
	expect_syscall(&g_raw[0], SYS_pause);
	expect_mutex(&g_raw[1], &g_stats_lock, "g_stats_lock", &holder, false);
	for (int i = 0; i < CLIENTS; i++) {
		t[i] = (struct sample_thread){.name = "client", .run = client};
		sample_start(&t[i]);
		expect_mutex(&t[i], &g_stats_lock, "g_stats_lock", &holder, false);
		truth_root(&t[i], &holder);
		truth_function(&t[i], "count_event");
	}
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\"]");
	truth_verdict("stuck");
	sample_rest(2 + RAW + CLIENTS);
}
