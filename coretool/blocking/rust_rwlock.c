/* SPDX-License-Identifier: Apache-2.0 */
/*
 * std::sync::RwLock of Rust on Linux: {u32 state, u32 writer_notify, bool poisoned, data}
 * (std/src/sys/sync/rwlock/futex.rs). A reader sleeps on the state, a writer on writer_notify. How
 * many read is counted; who reads or writes is recorded nowhere.
 */
#include "blocking/rows.h"
#include "blocking/rust.h"

#define COUNT           0x3fffffffu /* of readers; all ones: a writer has it */
#define WRITE_LOCKED    COUNT
#define READERS_WAITING (1u << 30)
#define WRITERS_WAITING (1u << 31)
#define MOST            (1u << 20) /* threads that read at a time */

#define NOTIFY 4u /* offset of the word that writers sleep on */
#define POISON 8u /* of what is true after a panic of who wrote */

static bool is_locked(uint32_t state)
{
	return (state & COUNT) == WRITE_LOCKED || ((state & COUNT) && (state & COUNT) <= MOST);
}

static const char *behind(uint32_t state, bool to_write)
{
	if (!(state & COUNT))
		return "a Rust RwLock that was unlocked just now";
	if ((state & COUNT) == WRITE_LOCKED)
		return "a Rust RwLock that a writer has, who is not recorded";
	return to_write ? "a Rust RwLock that is read, by whom is not recorded"
			: "a Rust RwLock that is read and lets a waiting writer go first; who "
			  "reads is "
			  "not recorded";
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	enum ct_rust_place place = ct_rust_place(ctx, blocked);
	uint64_t addr = blocked->call.args[0] - (place == CT_RUST_WRITE ? NOTIFY : 0);
	uint32_t state;

	if ((place != CT_RUST_READ && place != CT_RUST_WRITE) ||
		ct_read_u32(ctx->target, addr, &state) || ((state & COUNT) && !is_locked(state)))
		return CT_NOT_FOUND;
	*ret = (struct ct_match){
		.kind = place == CT_RUST_WRITE ? CT_WAIT_RWLOCK_WRITE : CT_WAIT_RWLOCK_READ,
		.address = addr,
		.trust = CT_TRUST_LAYOUT,
		.why = ct_sink_printf(ctx->sink, "the futex is the %s word of %s",
			place == CT_RUST_WRITE ? "writers'" : "state",
			behind(state, place == CT_RUST_WRITE))};
	return CT_OK;
}

static enum ct_status read_rwlock(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	uint32_t state;
	bool fresh;

	if (ct_read_u32(ctx->target, addr, &state))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "rust_rwlock", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	*ret = resource;
	if (!fresh)
		return CT_OK;
	bool written = (state & COUNT) == WRITE_LOCKED;
	ct_sink_value_text(ctx->sink, resource, "state",
		written         ? "locked to write"
		: state & COUNT ? "locked to read"
				: "free");
	if (!written)
		ct_sink_value_int(ctx->sink, resource, "readers", state & COUNT);
	if (state & READERS_WAITING)
		ct_sink_value_bool(ctx->sink, resource, "readers_wait", true);
	if (state & WRITERS_WAITING)
		ct_sink_value_bool(ctx->sink, resource, "writers_wait", true);
	ct_rust_say_poisoned(ctx, resource, addr + POISON);
	if (!(state & COUNT))
		ct_sink_get_resource(ctx->sink, resource)->holders = CT_HOLDERS_COMPLETE;
	return CT_OK;
}

static bool is_written(const struct ct_blocking *ctx, uint64_t addr)
{
	uint32_t state;

	return !ct_read_u32(ctx->target, addr, &state) && (state & COUNT) == WRITE_LOCKED;
}

static enum ct_hold_mode mode_now(const struct ct_blocking *ctx, uint64_t addr)
{
	return is_written(ctx, addr) ? CT_HOLD_EXCLUSIVE : CT_HOLD_SHARED;
}

/* One writer, or the readers. */
static uint32_t count_owners(const struct ct_blocking *ctx, uint64_t addr)
{
	uint32_t state;

	if (ct_read_u32(ctx->target, addr, &state) || !is_locked(state))
		return 0;
	return is_written(ctx, addr) ? 1 : state & COUNT;
}

/* The guards' drop is inlined, and so is the way in while nobody is in the way. */
static const struct ct_possession possession = {
	.mode_now = mode_now, .inlined = true, .count = count_owners};

const struct ct_primitive ct_primitive_rust_rwlock = {
	.name = "rust_rwlock",
	.match = match,
	.place = CT_SLEEPS_OUTSIDE,
	.read = read_rwlock,
	.possession = &possession,
};
