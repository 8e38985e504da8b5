/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libgomp's barrier, at which the threads of a team meet (bar.h): how many are needed, a
 * generation, which those who have come sleep on, and, in the next cache line, how many are still
 * to come. The end of a parallel region is one, and so is the place where the threads of the pool
 * wait for the next region.
 */
#include "blocking/gomp.h"
#include "blocking/rows.h"

struct barrier {
	uint32_t needed, generation, pad[14];
	uint32_t awaited;
};

#define MOST (1u << 20)

static bool read_waiting(const struct ct_blocking *ctx, uint64_t addr, struct barrier *ret)
{
	return addr % 8 == 0 && !ct_read(ctx->target, addr, ret, sizeof(*ret)) && ret->needed > 1 &&
	       ret->needed <= MOST && ret->awaited >= 1 && ret->awaited < ret->needed;
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	uint64_t addr = blocked->call.args[0] - offsetof(struct barrier, generation);
	struct barrier b;

	if (!ct_gomp_sleeps(ctx, blocked) || !read_waiting(ctx, addr, &b) ||
		b.generation != (uint32_t)blocked->call.args[2])
		return CT_NOT_FOUND;
	bool working = ct_gomp_in_region(ctx, blocked);
	*ret = (struct ct_match){.kind = CT_WAIT_BARRIER,
		.address = addr,
		.trust = working ? CT_TRUST_LAYOUT : CT_TRUST_GUESS,
		.why = ct_sink_printf(ctx->sink,
			"the futex is the generation of a barrier of libgomp's that %u of %u "
			"threads have "
			"reached%s",
			b.needed - b.awaited, b.needed,
			working ? ""
				: "; it may be where the pool waits for the next parallel region")};
	return CT_OK;
}

static enum ct_status read_barrier(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	struct barrier b;
	bool fresh;

	if (!read_waiting(ctx, addr, &b))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "omp_barrier", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh) {
		ct_sink_value_int(ctx->sink, resource, "arrived", b.needed - b.awaited);
		ct_sink_value_int(ctx->sink, resource, "needed", b.needed);
	}
	*ret = resource;
	return CT_OK;
}

const struct ct_primitive ct_primitive_gomp_barrier = {
	.name = "omp_barrier",
	.match = match,
	.place = CT_SLEEPS_OUTSIDE,
	.read = read_barrier,
};
