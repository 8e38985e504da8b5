/* SPDX-License-Identifier: Apache-2.0 */
/*
 * std::future of libstdc++ (bits/atomic_futex.h, libstdc++-v3/src/c++11/futex.cc): who waits for
 * the value calls futex through syscall() on the status word of the shared state, 0 or 1 when it is
 * ready, with the highest bit set as long as somebody waits, and expects that bit alone. Who has
 * the promise is recorded nowhere. The future of a std::async that runs in a thread is none of
 * these: its waiters join the thread.
 */
#include "blocking/rows.h"

#define WAITERS 0x80000000u
#define READY   1u

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	uint64_t addr = blocked->call.args[0];
	const struct ct_futex_op *op = &blocked->futex;
	uint32_t word;

	if (!op->waits || op->pi || op->is_private || addr % 4 ||
		(uint32_t)blocked->call.args[2] != WAITERS ||
		ct_read_u32(ctx->target, addr, &word) || word & ~(WAITERS | READY))
		return CT_NOT_FOUND;
	bool called = ct_blocked_calls(blocked, "std::__atomic_futex_unsigned_base::");
	/* A static program without symbols. */
	bool nameless = blocked->n_callers < 2 || !blocked->callers[1];
	if (!called && !nameless)
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_FUTURE,
		.address = addr,
		.trust = called ? CT_TRUST_LAYOUT : CT_TRUST_INFERRED,
		.why = ct_sink_printf(ctx->sink,
			"the futex %s the status of a std::future's shared state; who has its "
			"promise is "
			"not recorded",
			called ? "is" : "looks like"),
		.timed = blocked->call.args[3]};
	return CT_OK;
}

static enum ct_status read_future(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	uint32_t word;
	bool fresh;

	if (ct_read_u32(ctx->target, addr, &word))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "cxx_future", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh)
		ct_sink_value_bool(ctx->sink, resource, "ready", word & READY);
	*ret = resource;
	return CT_OK;
}

/* ---- who runs the task that makes the value ---- */

#define STATUS 16 /* offset in the shared state, behind its table of functions and the result */

/* A packaged task, or one of std::async: it sets the result of the state that is its this. */
static bool runs(const char *function, const char *callee)
{
	(void)callee;
	return strstr(function, "std::__future_base::_State_baseV2::_M_do_set") == function;
}

static uint32_t count_makers(const struct ct_blocking *ctx, uint64_t addr)
{
	uint32_t word;

	return !ct_read_u32(ctx->target, addr, &word) && !(word & READY);
}

static const struct ct_possession possession = {.mode = CT_HOLD_EXCLUSIVE,
	.runs = runs,
	.runs_offset = STATUS,
	.runs_what = "the task that makes its value",
	.count = count_makers};

const struct ct_primitive ct_primitive_cxx_future = {
	.name = "cxx_future",
	.match = match,
	.place = CT_SLEEPS_OUTSIDE,
	.read = read_future,
	.possession = &possession,
};
