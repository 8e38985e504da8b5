/* SPDX-License-Identifier: Apache-2.0 */
/*
 * std::thread::scope of Rust: who has opened a scope is parked until its threads have ended. What
 * it shares with them is an Arc, {strong, weak, ScopeData}, that counts those that run and names
 * the parked thread; each of them has it in the packet for its result (std/src/thread/scoped.rs;
 * the order of the members is the compiler's). Seen so in 1.63 and 1.97.
 */
#include "blocking/evidence.h"
#include "blocking/rows.h"
#include "blocking/rust.h"

struct shared { /* what such an Arc points to */
	uint64_t strong, weak;
	uint64_t data[2]; /* how many run, and the parked thread, in one order or the other */
};

#define MOST     (1u << 20) /* threads of one scope */
#define NEAR     256u       /* words of the stack in which the scope is looked for */
#define CAPTURED 16u        /* words of the closure that a thread runs */
#define PACKET   8u         /* words at the beginning of a packet */

/* How many run; 0: it is no scope of the thread that is parked on this word. */
static uint64_t running(const struct shared *s, uint64_t parker)
{
	uint64_t owner = ct_rust_thread_of(s->data[0], parker) ? s->data[0] : s->data[1];
	uint64_t n = owner == s->data[0] ? s->data[1] : s->data[0];

	/* Each of them has it, and so has who waits. */
	return ct_rust_thread_of(owner, parker) && s->weak && n <= MOST && s->strong > n ? n : 0;
}

static bool read_shared(const struct ct_blocking *ctx, uint64_t arc, struct shared *ret)
{
	return arc >= 4096 && arc % 8 == 0 && !ct_read(ctx->target, arc, ret, sizeof(*ret));
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	uint64_t at = ct_reg(blocked->regs, ct_target_arch(ctx->target)->sp), word;
	struct shared shared;
	uint64_t n = 0;

	if (ct_rust_place(ctx, blocked) != CT_RUST_SCOPE)
		return CT_NOT_FOUND;
	for (unsigned i = 0; !n && i < NEAR && !ct_read_u64(ctx->target, at, &word); i++, at += 8)
		if (read_shared(ctx, word, &shared))
			n = running(&shared, blocked->call.args[0]);
	if (!n)
		return CT_NOT_FOUND;
	*ret = (struct ct_match){.kind = CT_WAIT_JOIN,
		.address = word,
		.trust = CT_TRUST_EXACT,
		.why = ct_sink_printf(ctx->sink,
			"it is parked by thread::scope, whose scope names it, until %u of its "
			"threads have ended",
			(unsigned)n)};
	return CT_OK;
}

static uint32_t count_threads(const struct ct_blocking *ctx, uint64_t addr)
{
	struct shared s;

	if (!read_shared(ctx, addr, &s))
		return 0;
	return (uint32_t)CT_MIN(CT_MIN(s.data[0], s.data[1]), MOST);
}

static enum ct_status read_scope(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	bool fresh;
	uint32_t resource = ct_sink_resource(ctx->sink, "rust_scope", addr, &fresh);

	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh)
		ct_sink_value_int(ctx->sink, resource, "running", count_threads(ctx, addr));
	*ret = resource;
	return CT_OK;
}

/* Is it a packet of a thread of this scope? */
static bool is_packet(const struct ct_blocking *ctx, uint64_t arc, uint64_t scope)
{
	uint64_t words[2 + PACKET];

	if (arc < 4096 || arc % 8 || ct_read(ctx->target, arc, words, sizeof(words)) || !words[0] ||
		!words[1] || words[0] > MOST || words[1] > MOST)
		return false;
	for (unsigned i = 2; i < CT_COUNT(words); i++)
		if (words[i] == scope)
			return true;
	return false;
}

static bool has_packet(const struct ct_blocking *ctx, uint64_t addr, uint64_t low, uint64_t high)
{
	uint64_t word, captured[CAPTURED];

	for (; low < high && !ct_read_u64(ctx->target, low, &word); low += sizeof(word)) {
		if (is_packet(ctx, word, addr))
			return true;
		if (word < 4096 || word % 8 || word - low < NEAR * 8 ||
			ct_read(ctx->target, word, captured, sizeof(captured)))
			continue;
		for (unsigned i = 0; i < CAPTURED; i++)
			if (is_packet(ctx, captured[i], addr))
				return true;
	}
	return false;
}

/*
 * The closure with which std begins a thread has the packet: on the stack of the functions that
 * call it, or in the box that they have it from.
 */
static uint32_t belongs(
	const struct ct_blocking *ctx, uint64_t addr, const struct ct_evidence_from *from)
{
	struct ct_arena scratch = {0};
	uint32_t ret = CT_NONE;

	for (size_t i = from->n; i-- > 1 && ret == CT_NONE;) {
		const char *name = ct_evidence_function(ctx, from, i, &scratch);
		uint64_t low, high;

		if (name && strstr(name, "__rust_begin_short_backtrace"))
			break;
		if (!name || (!strstr(name, "thread_start") && !strstr(name, "spawn_unchecked") &&
				     !strstr(name, "call_once")))
			continue;
		ct_evidence_words(ctx, from, i, &low, &high);
		if (has_packet(ctx, addr, low, high))
			ret = (uint32_t)i;
	}
	ct_arena_free(&scratch);
	return ret;
}

static const struct ct_possession possession = {
	.mode = CT_HOLD_SHARED, .belongs = belongs, .count = count_threads};

const struct ct_primitive ct_primitive_rust_scope = {
	.name = "rust_scope",
	.match = match,
	.read = read_scope,
	.possession = &possession,
};
