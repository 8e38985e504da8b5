/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Priority-inheriting locks. Where the kernel refuses one (EDEADLK, ESRCH), glibc waits for ever
 * on a word of its own stack: no argument of the call tells the lock.
 */
#ifndef PI_H
#define PI_H

#include "gate.h"

static inline void pi_init(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	sample_must(pthread_mutex_init(lock, &attr), "pthread_mutex_init");
}

/* Waits until the lock was refused to t, which is in no other futex. holder: NULL: it has ended. */
static inline void pi_expect_refused(const struct sample_thread *t, const void *lock,
	const char *name, const struct sample_thread *holder)
{
	expect_syscall(t, SYS_futex);
	printf("{\"wait\":{\"tid\":%d,\"kind\":\"mutex\",\"resource\":\"%p\","
	       "\"timed\":false,\"name\":\"%s\"",
		t->tid, lock, name);
	if (holder) {
		printf(",");
		truth_tids("on", holder, 1);
	}
	printf("}}\n");
}

/*
 * Two locks in opposite order. t[0] takes the first, and the second when the gate opens; t[1] takes
 * them the other way round and meets no gate. The kernel sees the cycle and refuses t[0].
 */
static inline void pi_opposite(struct sample_thread *t, pthread_mutex_t *first,
	const char *first_name, pthread_mutex_t *second, const char *second_name, struct gate *gate)
{
	gate_init(gate);
	pi_init(first);
	pi_init(second);
	sample_start(&t[0]);
	gate_await(gate, &t[0]);
	sample_start(&t[1]);
	expect_mutex(&t[1], first, first_name, &t[0], false);
	gate_open(gate);
	pi_expect_refused(&t[0], second, second_name, &t[1]);
	truth_cycle(t, 2, false);
	truth_finding("CT101", "P0", "\"likely\"", t, 2);
	truth_is("absent", "[\"CT102\",\"CT103\"]");
	truth_is("verdict", "[\"deadlock\"]");
}

#endif
