/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A signal handler allocates memory, and the code that the signal interrupted was doing the same:
 * in the middle of malloc(), with an arena's lock. Another thread, which shares the arena, waits as
 * well. The moment is found by trying: a timer interrupts until the handler finds itself there.
 */
#include "gate.h"

#include <malloc.h>
#include <sys/time.h>

enum { CACHED = 1 << 20 };

static volatile sig_atomic_t g_ticks;
static void *volatile g_kept;
static struct gate g_gate;

static void allocate(size_t size)
{
	g_kept = malloc(size);
	free(g_kept);
}

static void on_tick(int signal)
{
	(void)signal;
	/* Larger than what a thread keeps for itself (tcache), so that the arena is asked. */
	allocate(2000 + g_ticks++ % 64);
	SAMPLE_AFTER();
}

SAMPLE_FRAME static void build_index(void)
{
	void *entries[64] = {};

	for (unsigned i = 0;; i++) {
		free(entries[i % 64]);
		entries[i % 64] = malloc(1100 + i % 5000);
	}
}

static void *indexer(void *arg)
{
	struct itimerval often = {.it_interval = {.tv_usec = 50}, .it_value = {.tv_usec = 50}};
	sigset_t tick;

	sigemptyset(&tick);
	sigaddset(&tick, SIGALRM);
	allocate(3000); /* it is given its arena now: the timer shall find it at work in there */
	pthread_sigmask(SIG_UNBLOCK, &tick, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	build_index();
	return arg;
}

SAMPLE_FRAME static void serve(void)
{
	gate_pass(&g_gate);
	allocate(3000);
	SAMPLE_AFTER();
}

static void *server(void *arg)
{
	serve();
	return arg;
}

/* Asleep twice in a row on the same word, a long time apart: for good. */
static struct sample_call await_stuck(const struct sample_thread *t)
{
	for (int i = 0; i < 400; i++) {
		struct sample_call first = sample_await(t->tid, SYS_futex, SAMPLE_ANY), second;

		sample_sleep_ms(50);
		if (sample_blocked(t->tid, &second) && second.number == SYS_futex &&
			second.args[0] == first.args[0])
			return second;
	}
	sample_fail("malloc() was never interrupted", t->tid);
	return (struct sample_call){};
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "indexer", .run = indexer},
		{.name = "server", .run = server},
	};
	struct itimerval never = {};
	sigset_t tick;

	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, CACHED);
	signal(SIGALRM, on_tick);
	sigemptyset(&tick);
	sigaddset(&tick, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &tick, NULL);
	gate_init(&g_gate);
	sample_start(&t[1]);
	gate_await(&g_gate, &t[1]);
	sample_start(&t[0]);
	struct sample_call call = await_stuck(&t[0]);
	setitimer(ITIMER_REAL, &never, NULL);
	/* The arena is locked: nothing here may allocate from now on. */
	static char buffer[1 << 14];
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	truth_call(&t[0], &call);
	truth_wait(&t[0], "libc-lock", (void *)call.args[0], NULL, &t[0], false);
	gate_open(&g_gate);
	expect_wait(
		&t[1], "libc-lock", (void *)call.args[0], (void *)call.args[0], NULL, &t[0], false);
	truth_function(&t[0], "on_tick");
	truth_function(&t[0], "build_index");
	truth_function(&t[1], "serve");
	truth_cycle(t, 1, false);
	truth_finding("CT104", "P0", "\"likely\"", t, 2);
	truth_verdict("deadlock");
	sample_rest(3);
}
