/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libgomp's barrier, at which the threads of a team meet (bar.h): how many are needed, a
 * generation, which those who have come sleep on, and, in the next cache line, how many are still
 * to come, and the same of the last barrier of a parallel region. The end of a parallel region is
 * one, and so is the place where the threads of the pool wait for the next region. It lies in its
 * team, which begins with the number of its threads, and which the thread-local data of each of
 * them name: those of them that are not at the barrier have still to come.
 */
#include "blocking/evidence.h"
#include "blocking/gomp.h"
#include "blocking/rows.h"

struct barrier {
	uint32_t needed, generation, pad[14];
	uint32_t awaited, awaited_at_end;
};

#define MOST  (1u << 20)
#define FLAGS 7u /* of a generation: tasks have come or gone meanwhile, it was cancelled */

static bool read_waiting(const struct ct_blocking *ctx, uint64_t addr, struct barrier *ret)
{
	if (addr % 8 || ct_read(ctx->target, addr, ret, sizeof(*ret)))
		return false;
	/* The end of a parallel region has a count of its own. */
	if (ret->awaited == ret->needed)
		ret->awaited = ret->awaited_at_end;
	return ret->needed > 1 && ret->needed <= MOST && ret->awaited >= 1 &&
	       ret->awaited < ret->needed;
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	uint64_t addr = blocked->call.args[0] - offsetof(struct barrier, generation);
	struct barrier b;

	if (!ct_gomp_sleeps(ctx, blocked) || !read_waiting(ctx, addr, &b) ||
		(b.generation ^ (uint32_t)blocked->call.args[2]) & ~FLAGS)
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

/* ---- who has not come ---- */

#define TLS_WORDS 512 /* below a thread's descriptor: libgomp's own data are among them */
#define TEAM_BEFORE                                                                                \
	512 /* bytes of a team before its barrier; it begins with how many are in it               \
	     */

/* Does the thread's own data name the team that this barrier is of? */
static uint32_t belongs(
	const struct ct_blocking *ctx, uint64_t addr, const struct ct_evidence_from *from)
{
	uint64_t tp = ct_target_arch(ctx->target)->thread_pointer(&from->regs[0]);
	uint32_t needed, members;

	if (!from->n || tp % 8 || tp < TLS_WORDS * 8 || ct_read_u32(ctx->target, addr, &needed))
		return CT_NONE;
	for (unsigned i = 1; i <= TLS_WORDS; i++) {
		uint64_t team;

		if (ct_read_u64(ctx->target, tp - i * 8, &team))
			return CT_NONE;
		if (team % 8 == 0 && addr - team - 1 < TEAM_BEFORE &&
			!ct_read_u32(ctx->target, team, &members) && members == needed)
			return 0;
	}
	return CT_NONE;
}

static uint32_t count_awaited(const struct ct_blocking *ctx, uint64_t addr)
{
	struct barrier b;

	return read_waiting(ctx, addr, &b) ? b.awaited : 0;
}

static const struct ct_possession possession = {
	.mode = CT_HOLD_SHARED, .any_of = true, .belongs = belongs, .count = count_awaited};

const struct ct_primitive ct_primitive_gomp_barrier = {
	.name = "omp_barrier",
	.match = match,
	.place = CT_SLEEPS_OUTSIDE,
	.read = read_barrier,
	.possession = &possession,
};
