/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that wait in pthread_spin_lock: they run. */
#ifndef SPIN_H
#define SPIN_H

#include "holders.h"

/* Has the thread run without a pause for a while? What it came from is long behind it then. */
static inline void sample_await_spinning(const struct sample_thread *t)
{
	struct sample_call call;
	int ms = 0, in_a_row = 0;

	for (; in_a_row < 50 && ms < SAMPLE_PATIENCE_MS; ms++) {
		in_a_row = sample_blocked(t->tid, &call) ? 0 : in_a_row + 1;
		sample_sleep_ms(1);
	}
	if (ms == SAMPLE_PATIENCE_MS)
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
