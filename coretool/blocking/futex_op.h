/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The op argument of futex(2), taken apart. Numbers are the kernel's (linux/futex.h), never
 * changed.
 */
#ifndef CT_BLOCKING_FUTEX_OP_H
#define CT_BLOCKING_FUTEX_OP_H

#include "arch/arch.h"

struct ct_futex_op {
	uint32_t op;      /* the command alone, without flags: enum ct_futex_command */
	bool is_private;  /* the futex belongs to this process alone */
	bool realtime;    /* FUTEX_CLOCK_REALTIME is set; LOCK_PI goes by that clock without it */
	const char *name; /* of the command: "FUTEX_WAIT_BITSET"; NULL: none that we know */
	bool waits;       /* the call may sleep */
	bool pi;          /* the word is that of a priority-inheriting lock */
	bool absolute;    /* its timeout is a time, not a duration */
};

enum ct_futex_command {
	CT_FUTEX_WAIT = 0,
	CT_FUTEX_WAKE = 1,
	CT_FUTEX_LOCK_PI = 6,
	CT_FUTEX_WAIT_BITSET = 9,
	CT_FUTEX_WAIT_REQUEUE_PI = 11,
	CT_FUTEX_LOCK_PI2 = 13,
};

struct ct_futex_op ct_futex_op_decode(uint64_t op);

/*
 * That of a thread's call; CT_NOT_FOUND: it is not in futex, or in which call it is is not known.
 */
CT_WARN_UNUSED enum ct_status ct_futex_decode(
	const struct ct_arch *arch, const struct ct_syscall *call, struct ct_futex_op *ret);

#endif
