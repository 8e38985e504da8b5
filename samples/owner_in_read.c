/* SPDX-License-Identifier: Apache-2.0 */
/* The holder reads from a pipe that nobody writes to. */
#include "convoy.h"

static int g_pipe[2];

SAMPLE_FRAME static void wait_for_backend(void)
{
	char c;

	if (read(g_pipe[0], &c, 1) < 0)
		sample_fail("read", 0);
	SAMPLE_AFTER();
}

int main(void)
{
	sample_must(pipe(g_pipe), "pipe");
	convoy(SYS_read);
}
