/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pthread_barrier_t of glibc 2.31 to 2.43 (nptl/pthread_barrier_wait.c): who arrives is counted in
 * `in`, and sleeps on current_round until as many as needed have come. Who has not come is recorded
 * nowhere.
 */
#include "blocking/rows.h"

struct barrier {
	uint32_t in, round, count, shared, out;
};

#define SHARED 128u /* FUTEX_PRIVATE_FLAG, as the others know it: LLL_SHARED */
#define MOST   (1u << 20)

/* Arrived in this round, and not enough. */
static bool is_waiting(const struct barrier *b)
{
	return b->count > 1 && b->count <= MOST && b->in - b->round >= 1 &&
	       b->in - b->round < b->count && (b->shared == 0 || b->shared == SHARED);
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	uint64_t addr = blocked->call.args[0] - offsetof(struct barrier, round);
	const struct ct_futex_op *op = &blocked->futex;
	struct barrier b;

	if (!op->waits || op->pi || blocked->call.args[3] || addr % 8 ||
		ct_read(ctx->target, addr, &b, sizeof(b)) || !is_waiting(&b) ||
		b.round != (uint32_t)blocked->call.args[2] ||
		op->is_private == (b.shared == SHARED))
		return CT_NOT_FOUND;
	bool called = ct_blocked_calls(blocked, "pthread_barrier_wait");
	if (!called && blocked->n_callers > 1 && blocked->callers[1])
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_BARRIER,
		.address = addr,
		.trust = called ? CT_TRUST_LAYOUT : CT_TRUST_INFERRED,
		.why = ct_sink_printf(ctx->sink,
			"the futex is the round of a barrier%s that %u of %u threads have reached",
			called ? " (below pthread_barrier_wait)" : "", b.in - b.round, b.count),
		.outside = !op->is_private};
	return CT_OK;
}

static enum ct_status read_barrier(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	struct barrier b;
	bool fresh;

	if (ct_read(ctx->target, addr, &b, sizeof(b)))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "pthread_barrier", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh) {
		ct_sink_get_resource(ctx->sink, resource)->process_shared = b.shared;
		ct_sink_value_int(ctx->sink, resource, "arrived", b.in - b.round);
		ct_sink_value_int(ctx->sink, resource, "needed", b.count);
	}
	*ret = resource;
	return CT_OK;
}

const struct ct_primitive ct_primitive_barrier = {
	.name = "pthread_barrier",
	.libcs = CT_IN_GLIBC,
	.match = match,
	.place = CT_SLEEPS_IN_LIBC,
	.read = read_barrier,
};
