/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: an initialiser that takes its time, with a cleanup handler of its own, and others
 * wait. */
#include "sample.h"

static pthread_once_t g_cache_once = PTHREAD_ONCE_INIT;
static int g_pages;

static void forget_pages(void *arg)
{
	*(int *)arg = 0;
}

SAMPLE_FRAME static void fill_cache(void)
{
	pthread_cleanup_push(forget_pages, &g_pages);
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	pthread_cleanup_pop(0);
}

static void *user(void *arg)
{
	pthread_once(&g_cache_once, fill_cache);
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "user", .run = user},
		{.name = "user", .run = user},
		{.name = "user", .run = user},
	};

	sample_start(&t[0]);
	expect_syscall(&t[0], SAMPLE_SLEEP);
	for (int i = 1; i < 3; i++) {
		sample_start(&t[i]);
		expect_wait(
			&t[i], "once", &g_cache_once, &g_cache_once, "g_cache_once", &t[0], false);
		truth_root(&t[i], &t[0]);
	}
	truth_function(&t[0], "fill_cache");
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\"]");
	truth_verdict("stuck");
	sample_rest(4);
}
