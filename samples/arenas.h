/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that a signal stops in the middle of malloc(), with the lock of an arena. Whether they
 * have it shows in another thread of the same arena, a prober, which then cannot allocate. The
 * moment is found by trying. Once it is found, nobody but probers may allocate.
 */
#ifndef ARENAS_H
#define ARENAS_H

#include "holders.h"

#include <malloc.h>
#include <ucontext.h>

struct prober {
	struct gate ask;
	volatile unsigned answers;
	volatile bool has_arena;
	void *volatile kept;
};

/* Larger than what a thread keeps for itself (tcache), so that the arena is asked. */
SAMPLE_FRAME static void allocate(struct prober *prober, size_t size)
{
	prober->kept = malloc(size);
	free(prober->kept);
	SAMPLE_AFTER();
}

static void *probe(void *arg)
{
	struct prober *prober = arg;

	allocate(prober, 3000);
	prober->has_arena = true;
	for (;;) {
		gate_pass(&prober->ask);
		allocate(prober, 3000);
		prober->answers++;
	}
	return arg;
}

/* What is done in malloc() all the time. */
SAMPLE_FRAME static void build_index(void)
{
	void *entries[64] = {};

	for (unsigned i = 0;; i++) {
		free(entries[i % 64]);
		entries[i % 64] = malloc(1100 + i % 5000);
	}
}

/* A thread's first allocation chooses its arena, the next one that nobody is using: each in its
 * turn. */
struct arena_user {
	struct prober first;
	struct gate begin;
	struct gate stop;         /* where a handler waits */
	volatile unsigned missed; /* moments that tell nothing */
};

/*
 * For a handler: right behind the instruction that takes a lock (cmpxchg) only the flags, of which
 * no unwinder tells, say whether it did.
 */
static inline bool is_moment(const void *context, struct arena_user *user)
{
	const unsigned char *pc =
		(const unsigned char *)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];

	for (int i = 2; i <= 8; i++)
		if (pc[-i] == 0x0f && pc[1 - i] == 0xb1) {
			user->missed++;
			return false;
		}
	return true;
}

static inline void on_signal_call(void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};

	sigaction(SIGUSR1, &action, NULL);
}

/* Stops the thread in its handler, at a good moment. */
static inline void interrupt(const struct sample_thread *t, struct arena_user *user)
{
	struct sample_call call;

	for (;;) {
		unsigned missed = user->missed;

		pthread_kill(t->handle, SIGUSR1);
		while (user->missed == missed) {
			if (sample_blocked(t->tid, &call) && call.number == SYS_read &&
				call.args[0] == (unsigned long)user->stop.ends[0])
				return;
			sample_sleep_ms(1);
		}
	}
}

static inline void get_arena(struct arena_user *user)
{
	allocate(&user->first, 3000);
	user->first.has_arena = true;
	gate_pass(&user->begin);
}

static inline void start_with_arena(struct sample_thread *t, volatile bool *has_arena)
{
	sample_start(t);
	while (!*has_arena)
		sample_sleep_ms(1);
}

/* The word that the prober sleeps on in malloc(); 0: it has got its memory. */
static inline unsigned long try_to_allocate(
	const struct sample_thread *t, struct prober *prober, struct sample_call *call)
{
	unsigned answers = prober->answers;

	gate_open(&prober->ask);
	for (int same = 0; prober->answers == answers;) {
		sample_sleep_ms(1);
		same = sample_blocked(t->tid, call) && call->number == SYS_futex ? same + 1 : 0;
		if (same == 20)
			return call->args[0];
	}
	return 0;
}

/* Stops the thread in malloc(), with the lock of the prober's arena: the word of that. */
static inline unsigned long stop_in_malloc(const struct sample_thread *t, struct arena_user *user,
	const struct sample_thread *prober_thread, struct prober *prober, struct sample_call *call)
{
	for (int i = 0; i < 4000; i++) {
		interrupt(t, user);
		unsigned long word = try_to_allocate(prober_thread, prober, call);
		if (word)
			return word;
		gate_open(&user->stop);
	}
	sample_fail("malloc() was never interrupted", t->tid);
	return 0;
}

static inline void start_prober(struct sample_thread *t, struct prober *prober)
{
	gate_init(&prober->ask);
	t->run = probe;
	t->arg = prober;
	start_with_arena(t, &prober->has_arena);
}

/* Two arenas, from which even what is large comes. To be called before the first thread. */
static inline void arenas_begin(void)
{
	static char buffer[1 << 16];

	mallopt(M_ARENA_MAX, 2);
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
}

#endif
