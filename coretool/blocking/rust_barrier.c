/* SPDX-License-Identifier: Apache-2.0 */
/*
 * std::sync::Barrier of Rust: a Mutex with a count and a generation, how many are needed, and the
 * condition variable that who has come sleeps on (std/src/sync/barrier.rs). The compiler orders the
 * members; they were found so in 1.63 and 1.97, and must look like a barrier to be taken for
 * one.
 */
#include "blocking/rows.h"
#include "blocking/rust.h"

struct barrier {
	uint32_t mutex, poison; /* of a Mutex that cannot be poisoned: nothing */
	uint64_t count, generation, needed;
	uint32_t condvar;
};

#define MOST (1u << 20)

static bool is_waiting(const struct barrier *b)
{
	return b->mutex <= 2 && b->count >= 1 && b->count < b->needed && b->needed <= MOST;
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	uint64_t addr = blocked->call.args[0] - offsetof(struct barrier, condvar);
	struct barrier b;

	if (ct_rust_place(ctx, blocked) != CT_RUST_BARRIER || addr % 8 ||
		ct_read(ctx->target, addr, &b, sizeof(b)) || !is_waiting(&b))
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_BARRIER,
		.address = addr,
		.trust = CT_TRUST_LAYOUT,
		.why = ct_sink_printf(ctx->sink,
			"the futex is in a Rust Barrier (below Barrier::wait) that %u of %u "
			"threads have "
			"reached",
			(unsigned)b.count, (unsigned)b.needed)};
	return CT_OK;
}

static enum ct_status read_barrier(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	struct barrier b;
	bool fresh;

	if (ct_read(ctx->target, addr, &b, sizeof(b)) || !is_waiting(&b))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "rust_barrier", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh) {
		ct_sink_value_int(ctx->sink, resource, "arrived", (int64_t)b.count);
		ct_sink_value_int(ctx->sink, resource, "needed", (int64_t)b.needed);
	}
	*ret = resource;
	return CT_OK;
}

const struct ct_primitive ct_primitive_rust_barrier = {
	.name = "rust_barrier",
	.match = match,
	.place = CT_SLEEPS_OUTSIDE,
	.read = read_barrier,
};
