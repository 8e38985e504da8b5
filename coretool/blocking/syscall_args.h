/* SPDX-License-Identifier: Apache-2.0 */
/* Printers of arguments: numbers in syscall_args.c, what they point to in syscall_memory.c. */
#ifndef CT_BLOCKING_SYSCALL_ARGS_H
#define CT_BLOCKING_SYSCALL_ARGS_H

#include "blocking/syscall_table.h"

struct ct_arg_print {
	struct ct_target *target;
	struct ct_str *out;
	const struct ct_arg *arg;
	uint64_t value;
	uint64_t count; /* the argument that counts it; of arg kinds that have one */
};

/* Adds the index-th argument of the call; "?" when the core does not tell it. */
void ct_arg_print(struct ct_target *target, const struct ct_call_row *row,
	const struct ct_syscall *call, unsigned index, struct ct_str *out);

/* "NULL" or "0x7f…". */
void ct_arg_print_pointer(const struct ct_arg_print *print);

/* Each shows the address alone when nothing is readable there. */
void ct_arg_print_timespec(const struct ct_arg_print *print);
void ct_arg_print_timeval(const struct ct_arg_print *print);
void ct_arg_print_sigset(const struct ct_arg_print *print);
void ct_arg_print_pollfds(const struct ct_arg_print *print);
void ct_arg_print_fdset(const struct ct_arg_print *print);
void ct_arg_print_sockaddr(const struct ct_arg_print *print);
void ct_arg_print_sembufs(const struct ct_arg_print *print);
void ct_arg_print_waiters(const struct ct_arg_print *print);
void ct_arg_print_lock(const struct ct_arg_print *print);

#endif
