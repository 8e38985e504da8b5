/* SPDX-License-Identifier: Apache-2.0 */
/*
 * std::sync::Mutex of Rust on Linux: {u32 futex, bool poisoned, data}
 * (std/src/sys/sync/mutex/futex.rs; the data comes last because it may be unsized). The word is 0
 * free, 1 locked, 2 locked with waiters; a waiter expects 2. Who has it is recorded nowhere.
 */
#include "blocking/rows.h"
#include "blocking/rust.h"

enum { FREE, LOCKED, CONTENDED };

#define POISON 4u /* offset of what is true after a panic of who had it */

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	uint64_t addr = blocked->call.args[0];
	uint32_t word;

	if (ct_rust_place(ctx, blocked) != CT_RUST_MUTEX ||
		(uint32_t)blocked->call.args[2] != CONTENDED ||
		ct_read_u32(ctx->target, addr, &word) || word > CONTENDED)
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_MUTEX,
		.address = addr,
		.trust = CT_TRUST_LAYOUT,
		.why = ct_sink_string(ctx->sink,
			word == FREE ? "the futex is the word of a Rust Mutex (below "
				       "Mutex::lock_contended) that was unlocked just now"
				     : "the futex is the word of a Rust Mutex (below "
				       "Mutex::lock_contended), which does not record who has it")};
	return CT_OK;
}

static enum ct_status read_mutex(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	static const char *const states[] = {"free", "locked", "locked, with waiters"};
	uint32_t word;
	bool fresh;

	if (ct_read_u32(ctx->target, addr, &word))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "rust_mutex", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh && word <= CONTENDED) {
		ct_sink_value_text(ctx->sink, resource, "state", states[word]);
		ct_rust_say_poisoned(ctx, resource, addr + POISON);
		if (word == FREE)
			ct_sink_get_resource(ctx->sink, resource)->holders = CT_HOLDERS_COMPLETE;
	}
	*ret = resource;
	return CT_OK;
}

static uint32_t count_owners(const struct ct_blocking *ctx, uint64_t addr)
{
	uint32_t word;

	return !ct_read_u32(ctx->target, addr, &word) && (word == LOCKED || word == CONTENDED);
}

/* lock() and the guard's drop are inlined: a cmpxchg from 0 to 1 and an xchg with 0. */
static const struct ct_possession possession = {
	.mode = CT_HOLD_EXCLUSIVE, .inlined = true, .count = count_owners};

const struct ct_primitive ct_primitive_rust_mutex = {
	.name = "rust_mutex",
	.match = match,
	.place = CT_SLEEPS_OUTSIDE,
	.read = read_mutex,
	.possession = &possession,
};
