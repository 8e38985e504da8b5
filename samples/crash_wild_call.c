/* SPDX-License-Identifier: Apache-2.0 */
/* A call through a pointer that is no address: the CPU refuses before it goes there. */
#include "crash.h"

struct timer {
	long due;
	void (*expire)(struct timer *);
};

static struct timer g_timer = {5, (void (*)(struct timer *))0xfeedfacecafebeef};

SAMPLE_FRAME static void expire_timer(struct timer *volatile timer)
{
	timer->expire(timer);
	SAMPLE_AFTER();
}

static void *timers(void *arg)
{
	crash_await();
	expire_timer(&g_timer);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "timers", .run = timers};

	crash_start(&t);
	truth_crash_at(&t, SIGSEGV, "bad-jump", "expire_timer", 0xfeedfacecafebeef);
	crash_go(2);
}
