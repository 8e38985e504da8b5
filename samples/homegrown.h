/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A home-made lock with three states (0 free, 1 held, 2 held with waiters) that sleeps just as
 * glibc's mutex does, and records no owner. Behind its word stand things that look like the
 * fields of a mutex whose owner has gone.
 */
#ifndef HOMEGROWN_H
#define HOMEGROWN_H

#include "sample.h"
#include <linux/futex.h>

struct homegrown {
	int state;
	unsigned generation; /* where a mutex has count */
	int last_user;       /* owner: here a thread that has ended */
	unsigned users;      /* nusers */
	int flags;           /* kind */
	short spins, unused;
	void *prev, *next;
};

SAMPLE_FRAME static void homegrown_lock(struct homegrown *lock)
{
	int expected = 0;

	if (__atomic_compare_exchange_n(
		    &lock->state, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(&lock->state, 2, __ATOMIC_ACQUIRE) != 0)
		syscall(SYS_futex, &lock->state, FUTEX_WAIT_PRIVATE, 2, NULL);
}

static void *homegrown_user(void *arg)
{
	homegrown_lock((struct homegrown *)arg);
	sample_await_known();
	return NULL;
}

/* The user that takes the lock first and ends. */
static inline void homegrown_leave_held(struct homegrown *lock)
{
	struct sample_thread t = {.name = "user", .run = homegrown_user, .arg = lock};

	sample_start(&t);
	pthread_join(t.handle, NULL);
	lock->last_user = t.tid;
}

/* Blocks one thread on each of the locks, and ends in rest. */
static inline void homegrown_block(struct homegrown *locks, int n)
{
	struct sample_thread *t = (struct sample_thread *)calloc(n, sizeof(*t));

	for (int i = 0; i < n; i++)
		homegrown_leave_held(&locks[i]);
	for (int i = 0; i < n; i++) {
		t[i].name = "waiter";
		t[i].run = homegrown_user;
		t[i].arg = &locks[i];
		sample_start(&t[i]);
		expect_syscall(&t[i], SYS_futex);
		truth_function(&t[i], "homegrown_lock");
	}
	truth_verdict("clean");
	sample_rest(1 + n);
}

#endif
