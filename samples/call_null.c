/* SPDX-License-Identifier: Apache-2.0 */
/* A thread calls through a pointer that is null: SIGSEGV at address 0, with no frame of its own. */
#include "sample.h"
#include <signal.h>

struct handler {
	const char *event;
	int (*handle)(int);
};

static struct handler g_handlers[] = {{"start", NULL}, {"stop", NULL}};
static int g_events[2];

SAMPLE_FRAME static int dispatch(volatile struct handler *handler, int value)
{
	int result = handler->handle(value);

	SAMPLE_AFTER();
	return result;
}

static void *event_loop(void *arg)
{
	char c;

	if (read(g_events[0], &c, 1) == 1)
		dispatch(&g_handlers[1], c);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "events", .run = event_loop};

	sample_must(pipe(g_events), "pipe");
	sample_start(&t);
	sample_await(t.tid, SYS_read, g_events[0]);
	printf("{\"signal\":{\"number\":%d,\"tid\":%d,\"address\":\"0x0\"}}\n", SIGSEGV, t.tid);
	printf("{\"crash\":{\"tid\":%d,\"class\":[\"bad-jump\"],\"address\":\"0x0\","
	       "\"function\":\"dispatch\"}}\n",
		t.tid);
	truth_function(&t, "dispatch");
	truth_function(&t, "event_loop");
	truth_verdict("crash");
	truth_threads(2);
	sample_await_end_of_input();
	if (write(g_events[1], "x", 1) < 0)
		sample_fail("write", 0);
	for (;;)
		pause();
}
