/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fflush(NULL) writes out every stream, under the lock of the list of them: one is a stream of the
 * program's own, which does not get on. Whoever opens or closes a file waits for the list.
 */
#include "held.h"

enum { CLIENTS = 2 };

static ssize_t write_slowly(void *cookie, const char *bytes, size_t size)
{
	(void)cookie, (void)bytes;
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	return (ssize_t)size;
}

SAMPLE_FRAME static void flush_all(FILE *slow)
{
	fputs("a line", slow);
	fflush(NULL);
	SAMPLE_AFTER();
}

static void *flusher(void *arg)
{
	flush_all((FILE *)arg);
	return arg;
}

SAMPLE_FRAME static void open_file(void)
{
	FILE *file = fopen("/dev/null", "r");

	if (file)
		fclose(file);
}

static void *client(void *arg)
{
	open_file();
	return arg;
}

int main(void)
{
	cookie_io_functions_t functions = {.write = write_slowly};
	struct sample_thread flush = {.name = "flusher", .run = flusher};
	struct sample_thread others[CLIENTS] = {};

	flush.arg = fopencookie(NULL, "w", functions);
	if (!flush.arg)
		sample_cannot("fopencookie");
	sample_start(&flush);
	expect_syscall(&flush, SYS_clock_nanosleep);
	for (int i = 0; i < CLIENTS; i++) {
		others[i] = (struct sample_thread){.name = "client", .run = client};
		sample_start(&others[i]);
		struct sample_call call = sample_await(others[i].tid, SYS_futex, SAMPLE_ANY);
		truth_call(&others[i], &call);
		truth_wait(&others[i], "libc-lock", (void *)call.args[0], NULL, &flush, false);
		truth_function(&others[i], "open_file");
		truth_root(&others[i], &flush);
	}
	truth_verdict("stuck");
	sample_rest(2 + CLIENTS);
}
