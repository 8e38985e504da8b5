/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two workers start programs, by vfork() and as posix_spawn() does it. The children have something
 * to do before exec, which takes its time: a pipe is empty. A third worker has made a child that
 * runs on its own, and computes.
 */
#include "sample.h"

#include <sched.h>
#include <stdint.h>

static int g_pipe[2];
static char g_stack[64 << 10] __attribute__((aligned(16)));

/* Shares all memory with the parent, and must not return from the function that made it. */
SAMPLE_FRAME static void be_child(void)
{
	char c;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (read(g_pipe[0], &c, 1) < 0)
		_exit(1);
	_exit(0);
}

static int child(void *arg)
{
	(void)arg;
	be_child();
	return 0;
}

static void *launcher(void *arg)
{
	if (!vfork())
		be_child();
	SAMPLE_AFTER();
	return arg;
}

static void *spawner(void *arg)
{
	clone(child, g_stack + sizeof(g_stack), CLONE_VM | CLONE_VFORK | SIGCHLD, arg);
	SAMPLE_AFTER();
	return arg;
}

static void *forker(void *arg)
{
	if (!fork())
		be_child();
	for (volatile unsigned n = 0;; n++)
		continue;
	return arg;
}

/* It waits for its child in the call with this name. */
static void expect_child(const struct sample_thread *t, long number, const char *name)
{
	sample_await(t->tid, number, SAMPLE_ANY);
	printf("{\"thread\":{\"tid\":%d,\"label\":\"%s\",\"state\":\"blocked\",\"syscall\":\"%s\","
	       "\"number\":%ld,\"args\":[]}}\n",
		t->tid, t->name, name, number);
	printf("{\"wait\":{\"tid\":%d,\"kind\":\"child\",\"timed\":false}}\n", t->tid);
	/* musl's vfork() keeps its return address in a register. */
	if (!SAMPLE_MUSL || number != SYS_vfork)
		truth_function(t, t->name);
}

int main(void)
{
	struct sample_thread t[] = {{.name = "launcher", .run = launcher},
		{.name = "spawner", .run = spawner}, {.name = "forker", .run = forker}};

	sample_must(pipe(g_pipe), "pipe");
	for (int i = 0; i < 3; i++)
		sample_start(&t[i]);
	expect_child(&t[0], SYS_vfork, "vfork");
	expect_child(&t[1], SYS_clone, "clone");
	truth_running(&t[2]);
	truth_is("quiet", "true");
	truth_verdict("clean");
	sample_rest(4);
}
