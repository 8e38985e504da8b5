/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child that has its parent's memory waits for what a thread of the parent has, or will do:
 *
 *	borrower HOW WHO WHAT
 *
 * HOW: vfork, spawn (as posix_spawn does it) or alone (with CLONE_VM and nothing else); WHO makes
 * it: main or thread; WHAT it waits for: mutex, file, cond, or own, which its maker has locked.
 */
#include "sample.h"
#include <sched.h>

enum { CHILD_STACK = 64 * 1024 };

static pthread_mutex_t g_ledger_lock; /* recursive: of such a one musl, too, records the owner */
static pthread_mutex_t g_desk_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t g_desk_free = PTHREAD_COND_INITIALIZER;
static char g_stack[CHILD_STACK] __attribute__((aligned(64)));
static const char *g_how, *g_what;
static volatile pid_t g_child;

static bool waits_for(const char *what)
{
	return !strcmp(g_what, what);
}

/* In the parent: until the child is no more. */
static void *auditor(void *arg)
{
	pthread_mutex_lock(&g_ledger_lock);
	flockfile(stderr);
	sample_enter((struct sample_thread *)arg);
	for (;;)
		pause();
	return NULL;
}

/* Exits with a lock in its hands, and nobody joins it. */
static void *leaver(void *arg)
{
	pthread_mutex_lock(&g_desk_lock);
	return arg;
}

SAMPLE_FRAME static int child(void *arg)
{
	(void)arg;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sample_ready();
	if (waits_for("file"))
		flockfile(stderr);
	else if (waits_for("cond"))
		pthread_cond_wait(&g_desk_free, &g_desk_lock);
	else
		pthread_mutex_lock(waits_for("own") ? &g_desk_lock : &g_ledger_lock);
	_exit(0);
}

SAMPLE_FRAME static void *make_child(void *arg)
{
	int flags = CLONE_VM | SIGCHLD | (strcmp(g_how, "alone") ? CLONE_VFORK : 0);

	if (waits_for("own"))
		pthread_mutex_lock(&g_desk_lock);
	if (strcmp(g_how, "vfork"))
		g_child = clone(child, g_stack + CHILD_STACK, flags, NULL);
	else if (!(g_child = vfork()))
		child(NULL);
	waitpid(g_child, NULL, 0);
	_exit(0);
	return arg;
}

int main(int argc, char **argv)
{
	struct sample_thread holder = {.name = "auditor", .run = auditor};
	struct sample_thread gone = {.name = "leaver", .run = leaver};
	struct sample_thread maker = {.name = "make_child", .run = make_child};
	pthread_mutexattr_t attr;

	if (argc != 4)
		sample_fail("usage: borrower HOW WHO WHAT", argc);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&g_ledger_lock, &attr);
	g_how = argv[1];
	g_what = argv[3];
	if (!waits_for("own")) {
		holder.arg = &holder;
		sample_must(pthread_create(&holder.handle, NULL, auditor, &holder), "auditor");
		sample_await_enter(&holder);
	}
	if (waits_for("mutex"))
		sample_must(pthread_create(&gone.handle, NULL, leaver, NULL), "leaver");
	while (waits_for("mutex") && !pthread_mutex_trylock(&g_desk_lock))
		pthread_mutex_unlock(&g_desk_lock);
	if (!strcmp(argv[2], "main"))
		make_child(NULL);
	sample_must(pthread_create(&maker.handle, NULL, make_child, NULL), "make_child");
	for (;;)
		pause();
}
