/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock of a FILE is held by a sleeping thread, and others want to write. It is no mutex, but
 * looks like one: a lock word, how often it is held, and its owner, of which the low half is
 * where a mutex has a thread id. The owner's stack lies where that half could be one.
 */
#include "sample.h"
#include <stdint.h>
#include <sys/mman.h>

enum { FILES = 2, STACK = 2 << 20, PID_MAX = 4 << 20 };

struct writer {
	FILE *file;
	int depth; /* how often it takes the lock */
};

/* At the start of 4 GiB each, on which a struct pthread lies close to the end of the stack. */
static void *const g_stacks[FILES] = {(void *)0x7e1200000000, (void *)0x7e1400000000};
static struct writer g_writers[FILES] = {{.depth = 1}, {.depth = 2}};

SAMPLE_FRAME static void write_report(struct writer *writer)
{
	for (int i = 0; i < writer->depth; i++)
		flockfile(writer->file);
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	for (int i = 0; i < writer->depth; i++)
		funlockfile(writer->file);
}

static void *reporter(void *arg)
{
	write_report((struct writer *)arg);
	return NULL;
}

SAMPLE_FRAME static void write_mark(FILE *file)
{
	fputc('x', file);
	SAMPLE_AFTER();
}

static void *marker(void *arg)
{
	write_mark(((struct writer *)arg)->file);
	return NULL;
}

static void start_reporter(struct sample_thread *t, void *stack)
{
	pthread_attr_t attr;

	if (mmap(stack, STACK, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != stack)
		sample_fail("mmap", (long)stack);
	pthread_attr_init(&attr);
	sample_must(pthread_attr_setstack(&attr, stack, STACK), "pthread_attr_setstack");
	sample_start_with(t, &attr);
	if ((uint32_t)t->handle >= PID_MAX)
		sample_fail("the owner does not look like a thread id", (long)t->handle);
}

int main(void)
{
	struct sample_thread holders[FILES] = {}, waiters[FILES] = {};

	for (int i = 0; i < FILES; i++) {
		g_writers[i].file = fopen("/dev/null", "w");
		holders[i] = (struct sample_thread){
			.name = "reporter", .run = reporter, .arg = &g_writers[i]};
		start_reporter(&holders[i], g_stacks[i]);
		expect_syscall(&holders[i], SAMPLE_SLEEP);
		waiters[i] = (struct sample_thread){
			.name = "marker", .run = marker, .arg = &g_writers[i]};
		sample_start(&waiters[i]);
		expect_wait(&waiters[i], "libc-lock", g_writers[i].file->_lock, NULL, NULL,
			&holders[i], false);
		truth_function(&holders[i], "write_report");
		truth_function(&waiters[i], "write_mark");
	}
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\"]");
	truth_is("verdict", "[\"stuck\"]");
	sample_rest(1 + 2 * FILES);
}
