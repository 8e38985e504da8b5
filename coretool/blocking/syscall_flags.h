/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of the bits and values that arguments of system calls have: the kernel's own numbers, the
 * same on every machine here.
 */
#ifndef CT_BLOCKING_SYSCALL_FLAGS_H
#define CT_BLOCKING_SYSCALL_FLAGS_H

#include "base/str.h"

struct ct_flag {
	uint32_t value;
	uint32_t mask; /* the name applies when (x & mask) == value */
	const char *name;
};

struct ct_flag_table {
	const struct ct_flag *rows;
	size_t n;
};

extern const struct ct_flag_table ct_flags_accept, ct_flags_at, ct_flags_clock, ct_flags_clone,
	ct_flags_family, ct_flags_fcntl, ct_flags_flock, ct_flags_futex2, ct_flags_getrandom,
	ct_flags_id_type, ct_flags_lock_type, ct_flags_msg, ct_flags_msgrcv, ct_flags_msync,
	ct_flags_open, ct_flags_poll, ct_flags_rwf, ct_flags_semop, ct_flags_splice,
	ct_flags_sync_range, ct_flags_timer, ct_flags_uring, ct_flags_wait, ct_flags_whence;

/*
 * Adds the names that apply, with "|" between, and the rest as a number: "MSG_PEEK|0x80000"; "0"
 * for none.
 */
void ct_flags_add(struct ct_str *out, const struct ct_flag_table *table, uint32_t value);
/* The one name of value, or NULL. */
const char *ct_flags_name(const struct ct_flag_table *table, uint32_t value);
/* A signal's name as strace writes it in sets: "INT", "RT_3"; number is 1 to 64. */
void ct_flags_add_signal(struct ct_str *out, unsigned number);

#endif
