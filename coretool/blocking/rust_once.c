/* SPDX-License-Identifier: Apache-2.0 */
/*
 * std::sync::Once of Rust on Linux, and so OnceLock and LazyLock: one u32
 * (std/src/sys/sync/once/futex.rs, since 1.67; before that its waiters are parked, see
 * rust_park.c). The numbers of its states changed; a waiter expects "running, and somebody waits":
 * 3 or, later, 1 | 4. Who runs the initialiser is recorded nowhere.
 */
#include "blocking/rows.h"
#include "blocking/rust.h"

enum { QUEUED_OLD = 3, QUEUED = 5 };

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	uint32_t expects = (uint32_t)blocked->call.args[2];

	if (ct_rust_place(ctx, blocked) != CT_RUST_ONCE ||
		(expects != QUEUED && expects != QUEUED_OLD))
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_ONCE,
		.address = blocked->call.args[0],
		.trust = CT_TRUST_LAYOUT,
		.why = ct_sink_string(ctx->sink, "the futex is a Rust Once (below Once::call) "
						 "whose initialiser somebody runs, who "
						 "is not recorded"),
		.timed = blocked->call.args[3]};
	return CT_OK;
}

static enum ct_status read_once(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	bool fresh;
	uint32_t resource = ct_sink_resource(ctx->sink, "rust_once", addr, &fresh);

	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	*ret = resource;
	return CT_OK;
}

const struct ct_primitive ct_primitive_rust_once = {
	.name = "rust_once",
	.match = match,
	.place = CT_SLEEPS_OUTSIDE,
	.read = read_once,
};
