/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: main has started the server and left by pthread_exit; the server waits for clients. */
#include "orphan.h"

#include <poll.h>

struct start {
	struct sample_thread main, server;
};

static void *serve(void *arg)
{
	struct start *start = arg;
	int ends[2];

	sample_await_known();
	sample_await_exit(start->main.tid);
	truth_exited(&start->main, NULL, NULL);
	truth_is("exited_threads", "1");
	truth_is("main_exited", "true");
	truth_is("quiet", "true");
	truth_verdict("clean");
	truth_threads(1);
	sample_must(pipe(ends), "pipe");
	sample_ready();
	for (;;)
		poll(&(struct pollfd){.fd = ends[0], .events = POLLIN}, 1, -1);
	return NULL;
}

int main(void)
{
	static struct start start = {.server = {.name = "server", .run = serve}};

	start.main = (struct sample_thread){.name = "main_exited", .handle = pthread_self()};
	sample_enter(&start.main);
	start.server.arg = &start;
	sample_start(&start.server);
	pthread_exit(NULL);
}
