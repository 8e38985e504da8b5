/* SPDX-License-Identifier: Apache-2.0 */
/*
 * std::sync::Condvar of Rust on Linux: one u32, which counts notifications
 * (std/src/sys/sync/condvar/futex.rs). Which Mutex goes with it is recorded nowhere, nor who will
 * notify it: the code of the threads may tell.
 */
#include "blocking/rows.h"
#include "blocking/rust.h"

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	enum ct_rust_place place = ct_rust_place(ctx, blocked);

	/* A barrier that does not look like one is at least a condition variable. */
	if (place != CT_RUST_COND && place != CT_RUST_BARRIER)
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_COND,
		.address = blocked->call.args[0],
		.trust = place == CT_RUST_COND ? CT_TRUST_LAYOUT : CT_TRUST_INFERRED,
		.why = ct_sink_string(ctx->sink, "the futex is a Rust Condvar (below "
						 "Condvar::wait); who will notify it is not "
						 "recorded"),
		.timed = blocked->call.args[3]};
	return CT_OK;
}

static enum ct_status read_cond(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	bool fresh;
	uint32_t resource = ct_sink_resource(ctx->sink, "rust_condvar", addr, &fresh);

	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	*ret = resource;
	return CT_OK;
}

/* Whoever waits for it waits for a notification: how many could give one is counted nowhere. */
static uint32_t count_notifiers(const struct ct_blocking *ctx, uint64_t addr)
{
	uint32_t word;

	return ct_read_u32(ctx->target, addr, &word) ? 0 : CT_NONE;
}

/* notify_one() and notify_all() count the word up. */
static const struct ct_possession possession = {.mode = CT_HOLD_SHARED,
	.any_of = true,
	.inlined = true,
	.up_releases = true,
	.count = count_notifiers};

const struct ct_primitive ct_primitive_rust_cond = {
	.name = "rust_condvar",
	.match = match,
	.place = CT_SLEEPS_OUTSIDE,
	.read = read_cond,
	.possession = &possession,
};
