/* SPDX-License-Identifier: Apache-2.0 */
/* A pointer is set to a marker when its object dies, and then used. */
#include "crash.h"

struct channel {
	long unread;
};

static struct channel *volatile g_channel = (struct channel *)0xdeadbeef;

SAMPLE_FRAME static void poll_channel(struct channel *channel)
{
	channel->unread++;
	SAMPLE_AFTER();
}

static void *poller(void *arg)
{
	crash_await();
	poll_channel(g_channel);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "poller", .run = poller};

	crash_start(&t);
	truth_crash_at(&t, SIGSEGV, "poisoned-pointer", "poll_channel", 0xdeadbeef);
	crash_go(2);
}
