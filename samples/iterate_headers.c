/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dl_iterate_phdr calls back under a lock of the dynamic linker's; the callback waits for a thread
 * which wants the list of libraries as well (a stack trace, an exception).
 */
#define _GNU_SOURCE
#include <link.h>

#include "sample.h"

static struct sample_thread g_tracer;

static int count(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)info, (void)size;
	++*(int *)arg;
	return 0;
}

SAMPLE_FRAME static void trace(void)
{
	int n = 0;

	dl_iterate_phdr(count, &n);
	SAMPLE_AFTER();
}

static void *tracer(void *arg)
{
	trace();
	return arg;
}

static int report(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)info, (void)size, (void)arg;
	sample_start(&g_tracer);
	pthread_join(g_tracer.handle, NULL);
	return 1;
}

SAMPLE_FRAME static void list_libraries(void)
{
	dl_iterate_phdr(report, NULL);
	SAMPLE_AFTER();
}

static void *lister(void *arg)
{
	list_libraries();
	return arg;
}

int main(void)
{
	struct sample_thread t[2] = {{.name = "lister", .run = lister}};

	g_tracer = (struct sample_thread){.name = "tracer", .run = tracer};
	sample_start(&t[0]);
	sample_await_enter(&g_tracer);
	t[1] = g_tracer;
	struct sample_call call = sample_await(g_tracer.tid, SYS_futex, SAMPLE_ANY);
	truth_call(&g_tracer, &call);
	truth_wait(&g_tracer, "mutex", (void *)call.args[0], "*(dl_load_write_lock)", &t[0], false);
	expect_join(&t[0], &g_tracer);
	truth_function(&t[0], "list_libraries");
	truth_function(&g_tracer, "trace");
	truth_deadlock(t, 2);
	sample_rest(3);
}
