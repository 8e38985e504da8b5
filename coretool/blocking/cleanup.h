/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cleanup handlers that the C library keeps for a thread (glibc: pthread.cleanup -> struct
 * _pthread_cleanup_buffer, the same offset in 2.31, 2.36, 2.41 and 2.43; musl: cancelbuf). Its own
 * functions that may be cancelled, or must be undone, leave their arguments there: what a thread
 * waits for, without unwinding and without symbols. Programs' own handlers (pthread_cleanup_push in
 * C) are among them, so that a second fact must agree.
 */
#ifndef CT_BLOCKING_CLEANUP_H
#define CT_BLOCKING_CLEANUP_H

#include "blocking/primitive.h"

#define CT_MAX_CLEANUPS 16

struct ct_cleanup {
	uint64_t routine, arg;
};

/* The innermost handlers of a thread, at most CT_MAX_CLEANUPS; returns how many. */
size_t ct_cleanups(
	const struct ct_blocking *ctx, uint32_t actor, struct ct_cleanup ret[CT_MAX_CLEANUPS]);

#endif
