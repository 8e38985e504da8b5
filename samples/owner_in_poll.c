/* SPDX-License-Identifier: Apache-2.0 */
/* The holder polls two pipes that nobody writes to. */
#include "convoy.h"
#include <poll.h>

static int g_first[2], g_second[2];

SAMPLE_FRAME static void wait_for_backend(void)
{
	struct pollfd fds[] = {
		{.fd = g_first[0], .events = POLLIN},
		{.fd = g_second[0], .events = POLLIN | POLLPRI},
	};

	poll(fds, 2, -1);
	SAMPLE_AFTER();
}

int main(void)
{
	sample_must(pipe(g_first), "pipe");
	sample_must(pipe(g_second), "pipe");
	convoy(SYS_poll);
}
