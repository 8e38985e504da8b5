/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program of which one thread crashes when its input ends. The truth's word is
 *
 *   crash        {tid, class: [one of], address, cause, message, function, exception, what,
 *                recursion}
 *                address of the fault; cause and message are parts of the report's; function is
 *                where it happened, or what called the library that it happened in; recursion
 *                names the functions that call each other
 *                unnamed is the class where functions have no names, of which no more is known
 *   crash_holds  {resource}: the finding names this lock of the thread
 *
 * Without that word no report may have a crash.
 */
#ifndef SAMPLE_CRASH_H
#define SAMPLE_CRASH_H

#include "sample.h"
#include <inttypes.h>
#include <stdint.h>

static int crash_order[2];

/* The thread waits here for its end. */
static inline void crash_await(void)
{
	char c;

	if (read(crash_order[0], &c, 1) != 1)
		sample_fail("read", 0);
}

static inline void crash_start(struct sample_thread *t)
{
	sample_must(pipe(crash_order), "pipe");
	sample_start(t);
	sample_await(t->tid, SYS_read, crash_order[0]);
}

/* details: more members of the truth, with a comma before each. */
static inline void truth_crash(const struct sample_thread *t, int number, const char *cls,
	const char *function, const char *details)
{
	printf("{\"signal\":{\"number\":%d,\"tid\":%d}}\n", number, t->tid);
	printf("{\"crash\":{\"tid\":%d,\"class\":[\"%s\"],\"function\":\"%s\"%s}}\n", t->tid, cls,
		function, details);
	truth_function(t, function);
	truth_verdict("crash");
}

static inline void truth_crash_at(const struct sample_thread *t, int number, const char *cls,
	const char *function, uintptr_t address)
{
	char details[64];

	snprintf(details, sizeof(details), ",\"address\":\"%#" PRIxPTR "\"", address);
	truth_crash(t, number, cls, function, address ? details : ",\"address\":\"0x0\"");
}

/* Ready; the thread goes on when the driver closes stdin, and main rests. */
__attribute__((noreturn)) static inline void crash_go(int threads)
{
	truth_threads(threads);
	sample_await_end_of_input();
	if (write(crash_order[1], "x", 1) < 0)
		sample_fail("write", 0);
	for (;;)
		pause();
}

#endif
