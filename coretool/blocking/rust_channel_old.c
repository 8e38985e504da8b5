/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels before 1.67. A handle has an Arc, {strong, weak, data}, of one of four kinds. channel()
 * begins with one for a single message; a second message makes a stream of it, a second sender a
 * shared one, and the receiver follows when it is woken. Who waits has put a token, the Arc of
 * {thread, woken}, where those of the other end find it; it is taken out by whoever wakes.
 */
#include "blocking/rust.h"
#include "blocking/rust_channel.h"

#define MOST_COUNTED (1u << 20)
#define MOST_SENDERS 256 /* of those that wait, who are looked at */

static bool is_count(uint64_t n)
{
	return n && n <= MOST_COUNTED;
}

static bool is_arc(const uint64_t *words)
{
	return is_count(words[0]) && is_count(words[1]);
}

/* Which is an Arc, {strong, weak, data}. */
static bool is_token(const struct ct_blocking *ctx, uint64_t token, uint64_t parker)
{
	uint64_t words[4]; /* strong, weak, thread, woken */

	return ct_rust_may_point(token) && !ct_read(ctx->target, token, words, sizeof(words)) &&
	       is_arc(words) && !(words[3] & 0xff) && ct_rust_is_parked(ctx, words[2], parker);
}

/* An unbounded channel keeps it as a raw pointer: to its data. */
static bool is_raw_token(const struct ct_blocking *ctx, uint64_t raw, uint64_t parker)
{
	return is_token(ctx, raw - 16, parker);
}

/* A receiver is all that waits in an unbounded channel, and for an empty one. */
static enum ct_rust_listing receives(uint64_t senders, struct ct_rust_channel *ret)
{
	*ret = (struct ct_rust_channel){.flavour = "unbounded",
		.capacity = CT_RUST_UNKNOWN,
		.senders = senders,
		.receivers = 1};
	return CT_RUST_LISTED;
}

/* ---- bounded ones ---- */

struct bounded { /* its Arc; a Mutex is {futex, poison, data} */
	uint64_t strong, weak, senders;
	uint32_t mutex, poison;
	uint64_t head, tail; /* of the senders that wait: {token, next} on their stacks */
	uint64_t blocker;    /* which end, */
	uint64_t token;      /* and the one that waits there, beside those in the queue */
	uint64_t buffer, buffer_capacity, slots, start, messages;
	uint64_t capacity, canceled;
	uint8_t disconnected, rest[7];
};

enum { BLOCKED_SENDER, BLOCKED_RECEIVER, NOBODY_BLOCKED };

static bool is_bounded(const struct bounded *b)
{
	/* A rendezvous has room for the one message that is handed over. */
	return is_arc(&b->strong) && b->senders <= MOST_COUNTED && b->mutex <= 2 &&
	       b->blocker <= NOBODY_BLOCKED && b->slots == (b->capacity ? b->capacity : 1) &&
	       b->messages <= b->slots && b->start < b->slots && b->disconnected <= 1;
}

static enum ct_rust_listing find_sender(
	const struct ct_blocking *ctx, const struct bounded *b, uint64_t parker)
{
	uint64_t at = b->head, node[2];

	for (unsigned i = 0; at && i < MOST_SENDERS; i++) {
		if (!ct_rust_may_point(at) || ct_read(ctx->target, at, node, sizeof(node)))
			return CT_RUST_NOT_LISTED;
		if (is_token(ctx, node[0], parker))
			return CT_RUST_LISTED;
		at = node[1];
	}
	return at ? CT_RUST_MAYBE_LISTED : CT_RUST_NOT_LISTED;
}

static enum ct_rust_listing look_at_bounded(
	const struct ct_blocking *ctx, uint64_t addr, uint64_t parker, struct ct_rust_channel *ret)
{
	enum ct_rust_listing listing = CT_RUST_LISTED;
	struct bounded b;
	bool blocks;

	if (ct_read(ctx->target, addr, &b, sizeof(b)) || !is_bounded(&b))
		return CT_RUST_NOT_LISTED;
	blocks = b.blocker != NOBODY_BLOCKED && is_token(ctx, b.token, parker);
	if (!blocks)
		listing = find_sender(ctx, &b, parker);
	if (listing)
		*ret = (struct ct_rust_channel){.flavour = b.capacity ? "bounded" : "rendezvous",
			.sends = !blocks || b.blocker == BLOCKED_SENDER,
			.disconnected = b.disconnected,
			.messages = b.capacity ? b.messages : CT_RUST_UNKNOWN,
			.capacity = b.capacity,
			.senders = b.senders,
			.receivers = CT_RUST_UNKNOWN};
	return listing;
}

/* ---- unbounded ones ---- */

/* Of the one for a single message the type of which decides what follows. */
struct one {
	uint64_t strong, weak, token;
};

struct shared {
	uint64_t strong, weak, head, tail;
	int64_t messages;
	uint64_t stolen, token, senders;
};

struct stream { /* aligned so that its ends do not share cache lines */
	uint64_t strong, weak, gap[6];
	uint64_t tail, tail_before, bound, cached, stolen, more[3];
	uint64_t head, first, tail_copy;
	int64_t messages;
	uint64_t token;
	uint8_t dropped, rest[7];
};

enum { ALIGNED = 64, AWAITED = -1 }; /* the messages of one whose receiver waits */

static bool look_at_one(const struct ct_blocking *ctx, uint64_t addr, uint64_t parker)
{
	struct one one;

	return !ct_read(ctx->target, addr, &one, sizeof(one)) && is_arc(&one.strong) &&
	       is_raw_token(ctx, one.token, parker);
}

static uint64_t look_at_shared(const struct ct_blocking *ctx, uint64_t addr, uint64_t parker)
{
	struct shared s;

	return !ct_read(ctx->target, addr, &s, sizeof(s)) && is_arc(&s.strong) &&
			       s.messages == AWAITED && is_count(s.senders) &&
			       is_raw_token(ctx, s.token, parker)
		       ? s.senders
		       : 0;
}

static bool look_at_stream(const struct ct_blocking *ctx, uint64_t addr, uint64_t parker)
{
	struct stream s;

	return addr % ALIGNED == 0 && !ct_read(ctx->target, addr, &s, sizeof(s)) &&
	       is_arc(&s.strong) && s.messages == AWAITED && ct_rust_may_point(s.head) &&
	       ct_rust_may_point(s.tail) && is_raw_token(ctx, s.token, parker);
}

enum ct_rust_listing ct_rust_channel_old(
	const struct ct_blocking *ctx, uint64_t addr, uint64_t parker, struct ct_rust_channel *ret)
{
	if (!ct_rust_may_point(addr))
		return CT_RUST_NOT_LISTED;
	enum ct_rust_listing listing = look_at_bounded(ctx, addr, parker, ret);
	if (listing)
		return listing;
	uint64_t senders = look_at_shared(ctx, addr, parker);
	if (!senders)
		senders = look_at_one(ctx, addr, parker) || look_at_stream(ctx, addr, parker);
	return senders ? receives(senders, ret) : CT_RUST_NOT_LISTED;
}
