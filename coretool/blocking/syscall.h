/* SPDX-License-Identifier: Apache-2.0 */
/* What a thread asleep in the kernel waits for, in words and in numbers. */
#ifndef CT_BLOCKING_SYSCALL_H
#define CT_BLOCKING_SYSCALL_H

#include "base/arena.h"
#include "blocking/futex_op.h"
#include "target/target.h"

enum ct_wait_class {
	CT_CLASS_IO,     /* a file, pipe, socket, terminal, or one of a set of them */
	CT_CLASS_SLEEP,  /* time */
	CT_CLASS_SIGNAL, /* a signal */
	CT_CLASS_CHILD,  /* a child process */
	CT_CLASS_FUTEX,  /* a word of memory */
	CT_CLASS_LOCKF,  /* a lock on a file */
	CT_CLASS_IPC,    /* a System V or POSIX message queue, a System V semaphore */
	CT_CLASS_OTHER,
};

struct ct_syscall_info {
	const char *name; /* the kernel's; NULL: this machine has no such call */
	enum ct_wait_class class;
	/*
	 * Ends by itself. False also where a timeout is no argument (SO_RCVTIMEO, alarm) or ends
	 * nothing (recvmmsg looks at it only when something has come).
	 */
	bool timed;
	bool absolute;       /* timeout_ns is a time of the call's clock, not a duration */
	bool timeout_known;  /* false: not timed, or its memory is not readable */
	uint64_t timeout_ns; /* as asked for; select and ppoll: what the kernel left of it */
	bool fd_known; /* it waits for this one descriptor (epoll's or io_uring's own, for these) */
	int fd;
};

void ct_syscall_describe(
	struct ct_target *target, const struct ct_syscall *call, struct ct_syscall_info *ret);

/*
 * The call as strace would show it: "poll([{fd=3, events=POLLIN}], 1, 5000)". Of memory it shows
 * what says what is waited for (descriptors, times, network addresses, locks), never buffers or
 * paths; memory that is not readable shows as its address, an argument that the core does not tell
 * as "?". At most a few hundred bytes of ASCII and "…", in arena.
 */
CT_WARN_UNUSED enum ct_status ct_syscall_text(struct ct_target *target,
	const struct ct_syscall *call, struct ct_arena *arena, const char **ret);

#endif
