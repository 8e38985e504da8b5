/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a channel of Rust's std::sync::mpsc says of itself. Its implementation was another before
 * 1.67 (std/src/sync/mpsc/{oneshot,stream,shared,sync}.rs; read from 1.63) than it is since, when
 * crossbeam's came into std (std/src/sync/mpmc/{array,list,zero,waker}.rs; read from 1.97). Of both
 * a channel is known by its list of those who wait: no other memory leads to the word on which a
 * thread is parked.
 */
#ifndef CT_BLOCKING_RUST_CHANNEL_H
#define CT_BLOCKING_RUST_CHANNEL_H

#include "blocking/primitive.h"

#define CT_RUST_UNKNOWN UINT64_MAX

enum ct_rust_listing { /* of a parked thread, by a channel */
	CT_RUST_NOT_LISTED,
	CT_RUST_MAYBE_LISTED, /* among more waiters than are looked at */
	CT_RUST_LISTED,
};

struct ct_rust_channel {
	const char *flavour;         /* "unbounded", "bounded", "rendezvous" */
	bool sends;                  /* the parked thread waits to send */
	bool disconnected;           /* nobody is left at one of its ends */
	uint64_t messages;           /* in it; of these at most: */
	uint64_t capacity;           /* UNKNOWN: it has no bound */
	uint64_t senders, receivers; /* handles; UNKNOWN: nobody counts them */
};

/*
 * Is there a channel at addr, the address that its handles have, that lists the thread whose parker
 * is this word? 0: any thread that is parked.
 */
enum ct_rust_listing ct_rust_channel_old(
	const struct ct_blocking *ctx, uint64_t addr, uint64_t parker, struct ct_rust_channel *ret);
enum ct_rust_listing ct_rust_channel_new(
	const struct ct_blocking *ctx, uint64_t addr, uint64_t parker, struct ct_rust_channel *ret);

/* Could an object with a life of its own be there: on the heap rather than nowhere? */
static inline bool ct_rust_may_point(uint64_t addr)
{
	return addr >= 4096 && addr % 8 == 0 && addr < UINT64_C(1) << 47;
}

/* Is it the Arc of the Thread with this parker, or (0) of any that is parked? */
bool ct_rust_is_parked(const struct ct_blocking *ctx, uint64_t arc, uint64_t parker);

#endif
