/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard of a static variable inside of a C++ function (libstdc++, libsupc++/guard.cc): a waiter
 * calls futex through syscall() from __cxa_guard_acquire, on the first word of the guard, which
 * says that somebody runs the initialiser and that others wait. Who runs it is recorded nowhere.
 */
#include "blocking/rows.h"

#define DONE    0x00001u
#define PENDING 0x00100u
#define WAITING 0x10000u

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	uint64_t addr = blocked->call.args[0];
	const struct ct_futex_op *op = &blocked->futex;
	uint32_t word;

	if (op->op != CT_FUTEX_WAIT || op->is_private || blocked->call.args[3] || addr % 4 ||
		(uint32_t)blocked->call.args[2] != (PENDING | WAITING) ||
		ct_read_u32(ctx->target, addr, &word))
		return CT_NOT_FOUND;
	bool called = ct_blocked_calls(blocked, "cxa_guard_acquire");
	/* A static program without symbols: only this word and what is expected of it are seldom
	 * met. */
	bool nameless = blocked->n_callers < 2 || !blocked->callers[1];
	if (!called && !(nameless && word == (PENDING | WAITING)))
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_ONCE,
		.address = addr,
		.trust = called ? CT_TRUST_LAYOUT : CT_TRUST_INFERRED,
		.why = ct_sink_string(
			ctx->sink, called ? "asleep below __cxa_guard_acquire on the guard of a "
					    "static variable "
					    "whose initialiser somebody runs, who is not recorded"
					  : "the futex looks like the guard of a static variable "
					    "whose initialiser "
					    "somebody runs, who is not recorded")};
	return CT_OK;
}

static enum ct_status read_guard(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	uint32_t word;
	bool fresh;

	if (ct_read_u32(ctx->target, addr, &word))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "cxx_guard", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh) {
		ct_sink_value_text(ctx->sink, resource, "state",
			word & DONE      ? "done"
			: word & PENDING ? "initialising"
					 : "not begun");
		if (!(word & PENDING))
			ct_sink_get_resource(ctx->sink, resource)->holders = CT_HOLDERS_COMPLETE;
	}
	*ret = resource;
	return CT_OK;
}

static uint32_t count_initialisers(const struct ct_blocking *ctx, uint64_t addr)
{
	uint32_t word;

	return !ct_read_u32(ctx->target, addr, &word) && word & PENDING && !(word & DONE);
}

/* The landing pad of an initialiser that may throw aborts it. */
static const struct ct_event_row events[] = {
	{"__cxa_guard_acquire", CT_CALL_GUARDS, 0},
	{"__cxa_guard_release", CT_CALL_RELEASES, 0},
	{"__cxa_guard_abort", CT_CALL_RELEASES, 0},
};

static const struct ct_possession possession = {
	.mode = CT_HOLD_EXCLUSIVE, .count = count_initialisers};

const struct ct_primitive ct_primitive_cxx_guard = {
	.name = "cxx_guard",
	.match = match,
	.place = CT_SLEEPS_OUTSIDE,
	.read = read_guard,
	.events = events,
	.n_events = CT_COUNT(events),
	.possession = &possession,
};
