/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How Rust's standard library sleeps on Linux: since 1.62 its locks are words of their own and call
 * futex through libc's syscall(), always with FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG
 * (std/src/sys/pal/unix/futex.rs). None of them records who has it. Registers tell the word; what
 * it is a word of stands only in the names of the frames above, of which a stripped program has
 * none. Names and layouts were read from 1.63 and 1.97.
 */
#ifndef CT_BLOCKING_RUST_H
#define CT_BLOCKING_RUST_H

#include "blocking/primitive.h"

enum ct_rust_place { /* where in std a thread sleeps */
	CT_RUST_NOWHERE,
	CT_RUST_MUTEX,
	CT_RUST_READ,
	CT_RUST_WRITE,
	CT_RUST_COND,
	CT_RUST_BARRIER, /* on its condition variable */
	CT_RUST_ONCE,
	CT_RUST_PARK, /* for a reason of the program's own */
	/* Parked by std, on behalf of these: */
	CT_RUST_PARKED_ONCE, /* before 1.67 */
	CT_RUST_RECV,
	CT_RUST_SEND,
	CT_RUST_SCOPE,
};

#define CT_RUST_PARKER                                                                             \
	40u /* offset of the word on which a thread parks, in the Arc of its Thread */
#define CT_RUST_PARKED UINT32_MAX /* that word then */

/* Does it sleep as std parks a thread, whatever for? That needs no names. */
static inline bool ct_rust_parks(const struct ct_blocked *blocked)
{
	const struct ct_futex_op *op = &blocked->futex;

	return op->op == CT_FUTEX_WAIT_BITSET && op->is_private && blocked->call.args[0] % 8 == 0 &&
	       (uint32_t)blocked->call.args[2] == CT_RUST_PARKED;
}

/* Where a blocked thread sleeps; NOWHERE too when it does not sleep as std does. */
enum ct_rust_place ct_rust_place(const struct ct_blocking *ctx, const struct ct_blocked *blocked);

/* Is the word on which threads park that of the thread whose Arc this is? It is behind the counts,
 * the id and the name. */
static inline bool ct_rust_thread_of(uint64_t arc, uint64_t parker)
{
	return arc >= 4096 && arc % 8 == 0 && parker - arc == CT_RUST_PARKER;
}

/* Adds to a lock's state that it is poisoned, where the byte at addr says so. */
void ct_rust_say_poisoned(const struct ct_blocking *ctx, uint32_t resource, uint64_t addr);

/*
 * "std::sync::Mutex::lock" of "<std::sync::Mutex<i64>>::lock", "std::sync::Mutex<T>::lock" and
 * "<std::sync::Mutex<T> as Lock>::lock"; cut where it does not fit.
 */
#define CT_RUST_PATH 256
void ct_rust_path(const char *name, char ret[CT_RUST_PATH]);
/* "x::y::Once::call" ends in "Once::call"; "x::y::AtOnce::call" does not. */
bool ct_rust_path_ends(const char *path, const char *tail);

#endif
