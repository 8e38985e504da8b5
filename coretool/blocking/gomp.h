/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How libgomp, GCC's OpenMP, sleeps on Linux (libgomp/config/linux): it makes the system call in
 * its own code, always private and without a timeout, after some spinning. Its internal functions
 * have no names in what distributions ship; the exported ones further out do. Layouts were
 * seen in GCC 12 and are the same in libgomp's sources of 2016 (config/linux/bar.h, mutex.h,
 * sem.h); of other versions each object must look like one to be taken for it.
 */
#ifndef CT_BLOCKING_GOMP_H
#define CT_BLOCKING_GOMP_H

#include "blocking/primitive.h"

/* Does the thread sleep in a futex call of libgomp's own? */
bool ct_gomp_sleeps(const struct ct_blocking *ctx, const struct ct_blocked *blocked);

/* Does it run the program's own code, and so a parallel region? False too without a stack. */
bool ct_gomp_in_region(const struct ct_blocking *ctx, const struct ct_blocked *blocked);

#endif
