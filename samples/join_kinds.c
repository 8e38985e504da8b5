/* SPDX-License-Identifier: Apache-2.0 */
/* Every way to wait for the end of a thread: each joins the next one, the last of them sleeps. */
#include "sample.h"

static int join_for_ever(pthread_t thread)
{
	return pthread_join(thread, NULL);
}

static int join_until(pthread_t thread)
{
	struct timespec end = sample_tomorrow(CLOCK_REALTIME);

	return pthread_timedjoin_np(thread, NULL, &end);
}

static int join_by_clock(pthread_t thread)
{
	struct timespec end = sample_tomorrow(CLOCK_MONOTONIC);

	return pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &end);
}

static const struct way {
	const char *name;
	int (*join)(pthread_t thread);
	bool timed;
} g_ways[] = {
	{"for_ever", join_for_ever, false},
	{"until", join_until, true},
	{"by_clock", join_by_clock, true},
};

enum { WAYS = sizeof(g_ways) / sizeof(g_ways[0]) };

static struct sample_thread g_threads[WAYS], g_last;

SAMPLE_FRAME static void await_next(int i)
{
	g_ways[i].join(i ? g_threads[i - 1].handle : g_last.handle);
	SAMPLE_AFTER();
}

static void *stage(void *arg)
{
	await_next((int)((struct sample_thread *)arg - g_threads));
	return arg;
}

static void *sleeper(void *arg)
{
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	return arg;
}

int main(void)
{
	g_last = (struct sample_thread){.name = "sleeper", .run = sleeper};
	sample_start(&g_last);
	expect_syscall(&g_last, SAMPLE_SLEEP);
	for (int i = 0; i < WAYS; i++) {
		struct sample_thread *t = &g_threads[i];
		struct sample_call call;

		*t = (struct sample_thread){.name = g_ways[i].name, .run = stage, .arg = t};
		sample_start(t);
		call = sample_await(t->tid, SYS_futex, SAMPLE_ANY);
		truth_call(t, &call);
		printf("{\"wait\":{\"tid\":%d,\"kind\":\"join\",\"timed\":%s,", t->tid,
			g_ways[i].timed ? "true" : "false");
		truth_tids("on", i ? &g_threads[i - 1] : &g_last, 1);
		printf("}}\n");
		truth_root(t, &g_last);
		truth_function(t, "await_next");
	}
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\",\"CT104\"]");
	truth_verdict("clean");
	sample_rest(2 + WAYS);
}
