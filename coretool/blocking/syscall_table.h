/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls that can block: one row each. To add one: its row, in the order of names. */
#ifndef CT_BLOCKING_SYSCALL_TABLE_H
#define CT_BLOCKING_SYSCALL_TABLE_H

#include "blocking/syscall.h"
#include "blocking/syscall_flags.h"

enum ct_arg_kind {
	CT_ARG_END,    /* there are no more */
	CT_ARG_SKIP,   /* the kernel does not look at it */
	CT_ARG_INT,    /* of 32 bits */
	CT_ARG_UINT,   /* of 32 bits */
	CT_ARG_LONG,   /* of 64 bits: offsets */
	CT_ARG_SIZE,   /* of 64 bits, unsigned */
	CT_ARG_HEX,    /* of 32 bits: request codes */
	CT_ARG_WORD,   /* of 64 bits, in hex */
	CT_ARG_PTR,    /* only its address is shown */
	CT_ARG_FD,     /* the first one of a call is what it waits for */
	CT_ARG_RING,   /* an io_uring's descriptor; with: the flags that may make it an index */
	CT_ARG_DIR,    /* the descriptor that a path starts from */
	CT_ARG_FLAGS,  /* bits of names */
	CT_ARG_ENUM,   /* one of names */
	CT_ARG_BITSET, /* of a futex */
	CT_ARG_OP,     /* of a futex */
	CT_ARG_TIMESPEC,
	CT_ARG_TIMEVAL,
	/* From here to WAITERS another argument counts it. */
	CT_ARG_SIGSET,   /* with: its size in bytes */
	CT_ARG_POLLFDS,  /* with: how many */
	CT_ARG_FDSET,    /* with: the highest descriptor plus one */
	CT_ARG_SOCKADDR, /* with: its length */
	CT_ARG_SEMBUFS,  /* with: how many */
	CT_ARG_WAITERS,  /* of futex_waitv; with: how many */
	CT_ARG_LOCK,     /* struct flock */
	CT_N_ARG_KINDS,
};

struct ct_arg {
	uint8_t kind;                      /* enum ct_arg_kind */
	uint8_t with;                      /* index of the argument that counts it */
	const struct ct_flag_table *names; /* of FLAGS and ENUM */
};

enum ct_timeout_kind {
	CT_TIMEOUT_NONE,
	CT_TIMEOUT_MS,       /* an int of milliseconds; negative: never */
	CT_TIMEOUT_TIMESPEC, /* a pointer; NULL: never */
	CT_TIMEOUT_TIMEVAL,  /* likewise */
	CT_TIMEOUT_URING,    /* a pointer to io_uring's argument, which has one to a timespec */
};

#define CT_N_ARGS          6
#define CT_REGISTERED_RING 0x10u /* a flag of io_uring_enter: its RING is an index */

struct ct_call_row {
	const char *name;
	enum ct_wait_class class;
	struct ct_arg args[CT_N_ARGS];
	uint8_t timeout; /* enum ct_timeout_kind */
	uint8_t timeout_arg;
	bool absolute;
	/* For a call that is several in one: the row of this one. Its name counts for nothing. */
	const struct ct_call_row *(*variant)(const uint64_t args[CT_N_ARGS]);
};

extern const struct ct_call_row ct_call_rows[];
extern const size_t ct_n_call_rows;

/* The row for a call of this name with these arguments, or NULL: it is not known to block. */
const struct ct_call_row *ct_call_row(const char *name, const uint64_t args[CT_N_ARGS]);

#endif
