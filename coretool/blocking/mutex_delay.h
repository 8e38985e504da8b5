/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_BLOCKING_MUTEX_DELAY_H
#define CT_BLOCKING_MUTEX_DELAY_H

#include "blocking/primitive.h"

/*
 * Is the thread one that pthread_mutex_lock has put to sleep for ever, and over which mutex? The
 * kernel refuses to let a thread wait for a priority-inheriting mutex that it owns (EDEADLK, also
 * through others) or whose owner is gone (ESRCH); glibc answers by sleeping on a zero word in the
 * frame of its own lock function (nptl/pthread_mutex_lock.c, 2.31 to 2.43).
 */
enum ct_status ct_mutex_match_delay(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret);

#endif
