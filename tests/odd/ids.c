/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server drops its privileges while it starts a program: who is in vfork() cannot change its ids
 * with the other threads, so that musl's setuid() waits for it, with the lock of the list of
 * threads. A thread that would end waits behind, and who forks does so with all other locks of
 * musl's, of malloc and of atexit among them.
 */
#include "gate.h"

static int g_pipe[2];
static struct gate g_leave, g_fork, g_allocate, g_register;

static void *launcher(void *arg)
{
	if (!vfork()) {
		char c;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit((int)read(g_pipe[0], &c, 1));
	}
	SAMPLE_AFTER();
	return arg;
}

static void *dropper(void *arg)
{
	sample_must(setuid(getuid()), "setuid");
	return arg;
}

static void *leaver(void *arg)
{
	gate_pass(&g_leave);
	return arg;
}

static void *forker(void *arg)
{
	gate_pass(&g_fork);
	if (!fork())
		_exit(0);
	SAMPLE_AFTER();
	return arg;
}

static void *volatile g_kept;

static void *allocator(void *arg)
{
	gate_pass(&g_allocate);
	g_kept = malloc(5000);
	return arg;
}

static void end(void)
{
}

static void *registrar(void *arg)
{
	gate_pass(&g_register);
	sample_must(atexit(end), "atexit");
	return arg;
}

/* Lets it go on, until it waits for what it cannot have. */
static void expect(const struct sample_thread *t, struct gate *gate, const char *name,
	const struct sample_thread *holder)
{
	gate_open(gate);
	struct sample_call call = sample_await(t->tid, SYS_futex, SAMPLE_ANY);

	truth_call(t, &call);
	truth_wait(t, "libc-lock", (void *)call.args[0], name, holder, false);
}

int main(void)
{
	struct sample_thread leave = {.name = "leaver", .run = leaver};
	struct sample_thread fork_ = {.name = "forker", .run = forker};
	struct sample_thread allocate = {.name = "allocator", .run = allocator};
	struct sample_thread register_ = {.name = "registrar", .run = registrar};
	struct sample_thread launch = {.name = "launcher", .run = launcher};
	struct sample_thread drop = {.name = "dropper", .run = dropper};
	static char buffer[1 << 14];

	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	sample_must(pipe(g_pipe), "pipe");
	gate_init(&g_leave);
	gate_init(&g_fork);
	gate_init(&g_allocate);
	gate_init(&g_register);
	sample_start(&leave);
	sample_start(&fork_);
	sample_start(&allocate);
	sample_start(&register_);
	/* musl asks the threads in this order, from the next older one on. */
	sample_start(&launch);
	sample_await(launch.tid, SYS_vfork, SAMPLE_ANY);
	sample_start(&drop);
	sample_await(drop.tid, SYS_futex, SAMPLE_ANY);
	expect(&leave, &g_leave, "the lock of the list of threads", &drop);
	expect(&fork_, &g_fork, "the lock of the list of threads", &drop);
	expect(&allocate, &g_allocate, "the lock of malloc", NULL);
	expect(&register_, &g_register, "the lock of atexit", NULL);
	sample_rest(7);
}
