/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that Rust's std has parked: each sleeps on a word of its own, in its Thread, until it is
 * unparked (std/src/sys/sync/thread_parking/futex.rs). Programs park, and so do channels, scopes
 * and, before 1.67, Once; which channel or Once it is stands in no place that is always the same.
 */
#include "blocking/rows.h"
#include "blocking/rust.h"

static const struct {
	enum ct_wait_kind kind;
	const char *why; /* NULL: nothing is parked there */
} reasons[] = {
	[CT_RUST_PARK] = {CT_WAIT_PARK,
		"the futex is the word on which Rust parks this thread; who will unpark it is not "
		"recorded"},
	[CT_RUST_PARKED_ONCE] = {CT_WAIT_ONCE, "it is parked by Once::call_once, for the "
					       "initialiser that another thread runs, who is "
					       "not recorded"},
	[CT_RUST_RECV] = {CT_WAIT_RECV,
		"it is parked by a channel of Rust's, below Receiver::recv; who will send is not "
		"recorded"},
	[CT_RUST_SEND] = {CT_WAIT_SEND, "it is parked by a channel of Rust's that is full, below "
					"SyncSender::send; who will "
					"receive is not recorded"},
	[CT_RUST_SCOPE] = {CT_WAIT_JOIN, "it is parked by thread::scope until the threads of its "
					 "scope have ended; which they "
					 "are is not recorded"},
};

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	enum ct_rust_place place = ct_rust_place(ctx, blocked);

	if (place >= CT_COUNT(reasons) || !reasons[place].why || !ct_rust_parks(blocked))
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = reasons[place].kind,
		.address = blocked->call.args[0],
		.trust = CT_TRUST_LAYOUT,
		.why = ct_sink_string(ctx->sink, reasons[place].why),
		.timed = blocked->call.args[3]};
	return CT_OK;
}

static enum ct_status read_parker(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	bool fresh;
	uint32_t resource = ct_sink_resource(ctx->sink, "rust_parker", addr, &fresh);

	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	*ret = resource;
	return CT_OK;
}

const struct ct_primitive ct_primitive_rust_park = {
	.name = "rust_parker",
	.match = match,
	.place = CT_SLEEPS_OUTSIDE,
	.read = read_parker,
};
