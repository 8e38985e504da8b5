/* SPDX-License-Identifier: Apache-2.0 */
/* Objects in memory that another process has too, and that other process. */
#ifndef SHARED_H
#define SHARED_H

#include "sample.h"
#include <sys/mman.h>

static inline void *shared_memory(size_t size)
{
	void *ret = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (ret == MAP_FAILED)
		sample_fail("mmap", (long)size);
	return ret;
}

/* The other process: it does `begin` and then nothing. Returns its id when that is done. */
static inline pid_t shared_other(void (*begin)(void *), void *arg)
{
	int done[2];
	char c;
	pid_t pid;

	sample_must(pipe(done), "pipe");
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		begin(arg);
		close(done[0]);
		close(done[1]);
		for (;;)
			pause();
	}
	close(done[1]);
	if (pid < 0 || read(done[0], &c, 1) != 0)
		sample_fail("the other process", pid);
	close(done[0]);
	return pid;
}

#endif
