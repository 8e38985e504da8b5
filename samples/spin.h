/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that wait in pthread_spin_lock: they run. */
#ifndef SPIN_H
#define SPIN_H

#include "holders.h"

/* Milliseconds that it has run. */
static inline long sample_ran_ms(const struct sample_thread *t)
{
	clockid_t clock;
	struct timespec ran;

	if (pthread_getcpuclockid(t->handle, &clock) || clock_gettime(clock, &ran))
		sample_fail("the clock of a thread cannot be read", t->tid);
	return (long)(ran.tv_sec * 1000 + ran.tv_nsec / 1000000);
}

/* Waits until it has run without a pause for a while: what it came from is long behind it then. One
 * that no CPU has had time for would seem to run, too. */
static inline void sample_await_spinning(const struct sample_thread *t)
{
	struct sample_call call;
	long since = sample_ran_ms(t);

	for (int ms = 0; ms < SAMPLE_PATIENCE_MS; ms++) {
		if (sample_blocked(t->tid, &call))
			since = sample_ran_ms(t);
		if (sample_ran_ms(t) - since >= 20)
			return;
		sample_sleep_ms(1);
	}
	sample_fail("a thread does not spin where it should", t->tid);
}

/* `waiter` spins for the lock that holder has. */
static inline void expect_spin(const struct sample_thread *waiter, const pthread_spinlock_t *lock,
	const char *name, const struct sample_thread *holder)
{
	sample_await_spinning(waiter);
	truth_running(waiter);
	truth_wait_on(waiter, "spin", (const void *)lock, name, holder, 1);
	truth_inferred(holder, (const void *)lock, "exclusive", true);
}

#endif
