/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: workers wait for what an acceptor, in epoll_wait, will give them. */
#include "idle.h"

#include <sys/epoll.h>

enum { WORKERS = 3 };

static void *acceptor(void *arg)
{
	struct epoll_event event;

	while (epoll_wait((int)(long)arg, &event, 1, -1) >= 0) {
		pthread_mutex_lock(&g_jobs_lock);
		g_jobs++;
		pthread_mutex_unlock(&g_jobs_lock);
		pthread_cond_signal(&g_jobs_cond);
	}
	return NULL;
}

int main(void)
{
	struct sample_thread t[WORKERS] = {};
	struct sample_thread io = {.name = "acceptor", .run = acceptor};

	io.arg = (void *)(long)epoll_create1(EPOLL_CLOEXEC);
	idle_start(t, WORKERS);
	sample_start(&io);
	expect_syscall(&io, SYS_epoll_wait);
	idle_rest(t, 2 + WORKERS);
}
