/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels of Rust's std::sync::mpsc: who waits to send or to receive is parked on a word of its
 * own, and the channel is one that its innermost frames have the address of and that lists it. That
 * needs no names. Who will receive or send stands nowhere; it is one who has a handle, and so the
 * channel's address.
 */
#include "blocking/rust_channel.h"

#include <sys/mman.h>

#include "blocking/evidence.h"
#include "blocking/rows.h"
#include "blocking/rust.h"

#define NEAR 192u /* words of the stack in which the channel is looked for */

bool ct_rust_is_parked(const struct ct_blocking *ctx, uint64_t arc, uint64_t parker)
{
	uint32_t word;

	if (parker)
		return ct_rust_thread_of(arc, parker);
	return ct_rust_may_point(arc) && !ct_read_u32(ctx->target, arc + CT_RUST_PARKER, &word) &&
	       word == CT_RUST_PARKED;
}

/* Code may have the address of the data in an Arc as well. */
static const uint8_t old_data[] = {0, 16, 64};

static enum ct_rust_listing look_at(
	const struct ct_blocking *ctx, uint64_t parker, uint64_t *addr, struct ct_rust_channel *ret)
{
	uint64_t word = *addr;
	enum ct_rust_listing listing = ct_rust_channel_new(ctx, word, parker, ret);

	for (unsigned i = 0; !listing && i < CT_COUNT(old_data); i++) {
		*addr = word - old_data[i];
		listing = ct_rust_channel_old(ctx, *addr, parker, ret);
	}
	return listing;
}

/* Or at least neither of this stack nor of code. */
static bool is_of_heap(const struct ct_blocking *ctx, uint64_t addr, const struct ct_map *stack)
{
	if (!ct_rust_may_point(addr) || (addr >= stack->start && addr < stack->end))
		return false;
	const struct ct_map *map = ct_target_map_at(ctx->target, addr);
	return map && map->prot & PROT_WRITE;
}

static enum ct_rust_listing find(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
	uint64_t *addr, struct ct_rust_channel *ret)
{
	uint64_t sp = ct_reg(blocked->regs, ct_target_arch(ctx->target)->sp), words[NEAR];
	const struct ct_map *stack = ct_target_map_at(ctx->target, sp);
	enum ct_rust_listing best = CT_RUST_NOT_LISTED;
	struct ct_rust_channel channel;
	unsigned n = 0;

	while (n < NEAR && !ct_read_u64(ctx->target, sp + n * 8, &words[n]))
		n++;
	for (unsigned i = 0; stack && best != CT_RUST_LISTED && i < n; i++) {
		uint64_t at = words[i];

		if (!is_of_heap(ctx, at, stack) || (i && at == words[i - 1]))
			continue;
		enum ct_rust_listing listing = look_at(ctx, blocked->call.args[0], &at, &channel);
		if (listing <= best)
			continue;
		best = listing;
		*ret = channel;
		*addr = at;
	}
	return best;
}

static const char *why(const struct ct_blocking *ctx, const struct ct_rust_channel *c, bool listed)
{
	const char *end = c->sends ? "senders that wait" : "receivers that wait";

	return ct_sink_printf(ctx->sink,
		"it is parked by a channel of Rust's, %s; who will %s is "
		"not recorded",
		listed ? ct_sink_printf(ctx->sink, "whose list of %s names it", end)
		       : ct_sink_printf(ctx->sink,
				 "that its stack has the address of and whose list of %s is long",
				 end),
		c->sends ? "receive" : "send");
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	enum ct_rust_place place = ct_rust_place(ctx, blocked);
	struct ct_rust_channel channel;
	uint64_t addr = 0;

	if (!ct_rust_parks(blocked) ||
		(place && place != CT_RUST_PARK && place != CT_RUST_SEND && place != CT_RUST_RECV))
		return CT_NOT_FOUND;
	enum ct_rust_listing listing = find(ctx, blocked, &addr, &channel);
	/* One that may be it is none without a name that says so. */
	if (!listing ||
		(listing == CT_RUST_MAYBE_LISTED && place != CT_RUST_SEND && place != CT_RUST_RECV))
		return CT_NOT_FOUND;
	bool listed = listing == CT_RUST_LISTED;
	*ret = (struct ct_match){.kind = channel.sends ? CT_WAIT_SEND : CT_WAIT_RECV,
		.address = addr,
		.trust = listed ? CT_TRUST_EXACT : CT_TRUST_INFERRED,
		.why = why(ctx, &channel, listed),
		.timed = blocked->call.args[3]};
	return CT_OK;
}

static void say(const struct ct_blocking *ctx, uint32_t resource, const struct ct_rust_channel *c)
{
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {{"messages", c->messages}, {"capacity", c->capacity},
		{"senders", c->senders}, {"receivers", c->receivers}};

	ct_sink_value_text(ctx->sink, resource, "flavour", c->flavour);
	for (size_t i = 0; i < CT_COUNT(numbers); i++)
		if (numbers[i].value != CT_RUST_UNKNOWN)
			ct_sink_value_int(
				ctx->sink, resource, numbers[i].key, (int64_t)numbers[i].value);
	if (c->disconnected)
		ct_sink_value_bool(ctx->sink, resource, "disconnected", true);
}

static enum ct_status read_channel(const struct ct_blocking *ctx, uint64_t addr, uint32_t *ret)
{
	struct ct_rust_channel channel;
	bool fresh;

	if (!ct_rust_channel_new(ctx, addr, 0, &channel) &&
		!ct_rust_channel_old(ctx, addr, 0, &channel))
		return CT_FAULT;
	uint32_t resource = ct_sink_resource(ctx->sink, "rust_channel", addr, &fresh);
	if (resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh)
		say(ctx, resource, &channel);
	*ret = resource;
	return CT_OK;
}

/* Somebody may, and nobody counts who will. */
static uint32_t count_others(const struct ct_blocking *ctx, uint64_t addr)
{
	(void)ctx;
	(void)addr;
	return CT_NONE;
}

static const struct ct_possession possession = {.mode = CT_HOLD_SHARED,
	.any_of = true,
	.refers = "has the channel's address, as those have who can send to it or receive from it",
	.count = count_others};

const struct ct_primitive ct_primitive_rust_channel = {
	.name = "rust_channel",
	.match = match,
	.place = CT_SLEEPS_OUTSIDE,
	.read = read_channel,
	.possession = &possession,
};
