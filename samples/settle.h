/* SPDX-License-Identifier: Apache-2.0 */
/* Waits until all threads of a sample are where its truth says they are. */
#ifndef SAMPLE_SETTLE_H
#define SAMPLE_SETTLE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { SAMPLE_SETTLE_MS = 1000 };

/*
 * How often a thread has been taken off its CPU, from its file in /proc; -1 while it runs or is
 * about to.
 */
static inline long sample_switches(int tasks, const char *tid)
{
	char path[64], text[4096];
	const char *state, *line;
	long ret = 0;

	snprintf(path, sizeof(path), "%s/status", tid);
	int fd = openat(tasks, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	state = strstr(text, "State:\t");
	if (state && state[7] == 'R')
		return -1;
	for (line = text; (line = strstr(line, "ctxt_switches:\t")); line += 15)
		ret += strtol(line + 15, NULL, 10);
	return ret;
}

/*
 * The same of all threads of a process but the caller. Read with the system call, because the
 * sample may have left locks of the heap, which opendir() would take, in any state.
 */
static inline long sample_all_switches(int tasks)
{
	struct entry {
		uint64_t inode, offset;
		unsigned short length;
		unsigned char type;
		char name[];
	};
	__attribute__((aligned(8))) char buf[4096];
	pid_t self = (pid_t)syscall(SYS_gettid);
	long n, ret = 0;

	lseek(tasks, 0, SEEK_SET);
	while ((n = syscall(SYS_getdents64, tasks, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < n; at += ((struct entry *)(buf + at))->length) {
			const char *name = ((struct entry *)(buf + at))->name;
			long tid = strtol(name, NULL, 10);

			if (!tid || tid == self)
				continue;
			long one = sample_switches(tasks, name);
			if (one < 0)
				return -1;
			ret += one;
		}
	}
	return ret;
}

/*
 * Waits until the threads of the process sleep and none has run between two looks: a thread that
 * a loaded machine has not let run yet is still on its way to where the truth says it is. Threads
 * that poll never rest, and what matters has been told before, so this does not wait for ever.
 */
static inline void sample_settle(pid_t pid)
{
	const struct timespec pause = {0, 1000000};
	long before = -1, now;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	int tasks = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int ms = 0; tasks >= 0 && ms < SAMPLE_SETTLE_MS; ms++, before = now) {
		now = sample_all_switches(tasks);
		if (now >= 0 && now == before)
			break;
		nanosleep(&pause, NULL);
	}
	close(tasks);
}

#endif
