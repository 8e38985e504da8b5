/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that have exited and that nobody has joined: the kernel has forgotten them, glibc keeps
 * their descriptors in its lists of stacks in use (nptl/allocatestack.c, 2.31 to 2.43) until
 * pthread_join. Joined and detached ones are no longer there. The same lists, and musl's ring of
 * live threads, tell of threads that run in this memory and belong to another process: to the
 * parent of a child by vfork.
 */
#ifndef CT_BLOCKING_LIBC_EXITED_H
#define CT_BLOCKING_LIBC_EXITED_H

#include "base/vec.h"
#include "blocking/libc.h"

struct ct_libc_exited {
	uint64_t object;        /* address of struct pthread, which is its pthread_t */
	uint64_t start_routine; /* 0: none or not known; main has none */
	uint64_t result;        /* what it returned; meaningful with has_result */
	bool has_result, canceled;
};

struct ct_libc_census {
	CT_VEC(struct ct_libc_exited) exited;
	uint32_t absent;  /* descriptors of threads that have not exited, and are not here */
	const char *torn; /* why not all of them may be known, or NULL */
	bool zeros;       /* it is, where a thread's memory is all zeros */
	bool no_memory;
};

/*
 * objects: the descriptors of the live threads; main_object: that of main, 0 when it is no more.
 * The caller frees ret->exited. The lists are rings, and each live thread is in one of them, so
 * that they are found without symbols.
 */
void ct_libc_find_exited(struct ct_target *target, const struct ct_libc *libc,
	const uint64_t *objects, size_t n, uint64_t main_object, struct ct_libc_census *ret);

#endif
