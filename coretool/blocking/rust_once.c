/* SPDX-License-Identifier: Apache-2.0 */
/*
 * std::sync::Once of Rust on Linux, and so OnceLock and LazyLock. Since 1.67 it is one u32
 * (std/src/sys/sync/once/futex.rs) whose states have changed their numbers; a waiter expects
 * "running, and somebody waits": 3 or, later, 1 | 4. Before, it is a pointer to the first of a list
 * of waiters, each parked with its entry on its own stack, and a state in the lowest two bits
 * (std/src/sync/once.rs of 1.63). Who runs the initialiser is recorded nowhere: it is who is called
 * by Once::call with this Once in that one's frame.
 */
#include "blocking/rows.h"
#include "blocking/rust.h"

enum { QUEUED_OLD = 3, QUEUED = 5 };

#define LIST_STATE   3u
#define LIST_RUNNING 2u
#define NEXT         8u   /* of an entry of the list: {thread, next, signaled} */
#define MOST_ENTRIES 64   /* of a list that are looked at */
#define NEAR         256u /* words of the stack in which a parked thread has its entry */

/* Is one of the entries of this Once's list on the stack at [low, high)? */
static bool lists(const struct ct_blocking *ctx, uint64_t once, uint64_t low, uint64_t high)
{
	uint64_t word;

	if (once < 4096 || once % 8 || ct_read_u64(ctx->target, once, &word) ||
		(word & LIST_STATE) != LIST_RUNNING)
		return false;
	word -= LIST_RUNNING;
	for (unsigned i = 0; i < MOST_ENTRIES && word % 8 == 0; i++) {
		if (word >= low && word < high)
			return true;
		if (ct_read_u64(ctx->target, word + NEXT, &word))
			return false;
	}
	return false;
}

/* The Once in whose list the parked thread is; 0: none that its innermost frames point to. */
static uint64_t find_listing(const struct ct_blocking *ctx, const struct ct_blocked *blocked)
{
	uint64_t low = ct_reg(blocked->regs, ct_target_arch(ctx->target)->sp), word;
	uint64_t high = low + NEAR * sizeof(word);

	for (uint64_t at = low; at < high; at += sizeof(word)) {
		if (ct_read_u64(ctx->target, at, &word))
			return 0;
		if (lists(ctx, word, low, high))
			return word;
	}
	return 0;
}

static enum ct_status match_parked(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	uint64_t once = find_listing(ctx, blocked);

	if (!once)
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_ONCE,
		.address = once,
		.trust = CT_TRUST_EXACT,
		.why = ct_sink_string(ctx->sink, "it is parked by Once::call_once, and is in the "
						 "list of this Once, whose initialiser "
						 "somebody runs")};
	return CT_OK;
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	enum ct_rust_place place = ct_rust_place(ctx, blocked);
	uint32_t expects = (uint32_t)blocked->call.args[2];

	if (place == CT_RUST_PARKED_ONCE)
		return match_parked(ctx, blocked, ret);
	if (place != CT_RUST_ONCE || (expects != QUEUED && expects != QUEUED_OLD))
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

/* That somebody runs the initialiser and others wait. */
static bool is_awaited(const struct ct_blocking *ctx, uint64_t addr)
{
	uint32_t word;
	uint64_t list;

	if (ct_read_u32(ctx->target, addr, &word))
		return false;
	return word == QUEUED || word == QUEUED_OLD ||
	       (addr % sizeof(list) == 0 && !ct_read_u64(ctx->target, addr, &list) &&
		       (list & LIST_STATE) == LIST_RUNNING);
}

static enum ct_status read_once(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	bool fresh;
	uint32_t resource = ct_sink_resource(ctx->sink, "rust_once", addr, &fresh);

	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh && is_awaited(ctx, addr))
		ct_sink_value_text(ctx->sink, resource, "state", "initialising, with waiters");
	*ret = resource;
	return CT_OK;
}

static uint32_t count_runners(const struct ct_blocking *ctx, uint64_t addr)
{
	return is_awaited(ctx, addr);
}

/* Not while it calls its library to sleep or to wake others, only while it calls the program. */
static bool runs(const char *function, const char *callee)
{
	char path[CT_RUST_PATH];

	ct_rust_path(function, path);
	if (!callee || (!ct_rust_path_ends(path, "Once::call") &&
			       !ct_rust_path_ends(path, "Once::call_inner")))
		return false;
	ct_rust_path(callee, path);
	return strncmp(path, "std::", 5) != 0 || strstr(path, "{closure") ||
	       strstr(path, "call_once");
}

static const struct ct_possession possession = {.mode = CT_HOLD_EXCLUSIVE,
	.runs = runs,
	.runs_what = "its initialiser",
	.count = count_runners};

const struct ct_primitive ct_primitive_rust_once = {
	.name = "rust_once",
	.match = match,
	.place = CT_SLEEPS_OUTSIDE,
	.read = read_once,
	.possession = &possession,
};
