/* SPDX-License-Identifier: Apache-2.0 */
/* The truth about threads that have exited, and about those that nobody is left to wake. */
#ifndef ORPHAN_H
#define ORPHAN_H

#include "sample.h"

/* Waits until the thread, of this process, is no more; as far as its memory shows, too. */
static inline void sample_await_exit(pid_t tid)
{
	char path[64], line[256];

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	for (int ms = 0; ms < SAMPLE_PATIENCE_MS; ms++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? 0 : read(fd, line, sizeof(line) - 1);

		if (fd >= 0)
			close(fd);
		line[n > 0 ? n : 0] = '\0';
		if (n <= 0 || strstr(line, ") Z "))
			return;
		sample_sleep_ms(1);
	}
	sample_fail("a thread does not end", tid);
}

/* start, end: NULL where the report has none. */
static inline void truth_exited(const struct sample_thread *t, const char *start, const char *end)
{
	printf("{\"exited\":{\"label\":\"%s\",\"object\":\"%#lx\"", t->name, (long)t->handle);
	if (start)
		printf(",\"start\":\"%s\"", start);
	if (end)
		printf(",\"end\":\"%s\"", end);
	printf("}}\n");
}

/* main waits for its end, as soon as it rests. */
static inline void truth_main_joins(const struct sample_thread *target)
{
	printf("{\"wait\":{\"tid\":%d,\"kind\":\"join\",\"timed\":false,", getpid());
	truth_tids("on", target, 1);
	printf("}}\n");
}

/*
 * A cycle through a wait that nobody is recorded to end: a report may find it by the code of who
 * would, or else give the verdict that the threads without it would have.
 */
static inline void truth_hidden_cycle(
	const struct sample_thread *t, size_t n, const char *otherwise)
{
	printf("{\"cycle\":{\"timed\":false,\"recorded\":false,");
	truth_tids("tids", t, n);
	printf("}}\n{\"finding\":{\"rule\":\"CT101\",\"level\":\"P0\",\"confidence\":[],"
	       "\"recorded\":false,");
	truth_tids("tids", t, n);
	printf("}}\n{\"verdict\":[\"deadlock\",\"%s\"]}\n", otherwise);
}

#endif
