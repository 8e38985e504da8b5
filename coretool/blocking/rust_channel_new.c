/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels since 1.67, those of crossbeam. A handle has a Counter: the channel itself, then how
 * many senders and receivers there are. Who waits at an end is in that end's Waker: a Vec of
 * entries {cx, operation, packet}, whose context is an Arc of {thread, …}. The order of words in a
 * Vec, an entry and a context is the compiler's, and of no account here.
 */
#include "blocking/rust.h"
#include "blocking/rust_channel.h"

#define MOST_COUNTED  (1u << 20)
#define MOST_WAITERS  256 /* of one list, who are looked at */
#define ENTRY_WORDS   3
#define CONTEXT_WORDS 6 /* strong, weak and four of its own */

static bool is_context(const struct ct_blocking *ctx, uint64_t arc, uint64_t parker)
{
	uint64_t words[CONTEXT_WORDS];

	if (!ct_rust_may_point(arc) || ct_read(ctx->target, arc, words, sizeof(words)) ||
		!words[0] || !words[1] || words[0] > MOST_COUNTED || words[1] > MOST_COUNTED)
		return false;
	for (unsigned i = 2; i < CONTEXT_WORDS; i++)
		if (ct_rust_is_parked(ctx, words[i], parker))
			return true;
	return false;
}

static bool names(const struct ct_blocking *ctx, const uint64_t *entry, uint64_t parker)
{
	for (unsigned i = 0; i < ENTRY_WORDS; i++)
		if (is_context(ctx, entry[i], parker))
			return true;
	return false;
}

/* {capacity, pointer, length}, or the first two the other way round. */
static bool is_vec(const uint64_t *vec)
{
	uint64_t low = CT_MIN(vec[0], vec[1]), high = CT_MAX(vec[0], vec[1]);

	/* That which has no memory yet points to its alignment. */
	return low ? low <= MOST_COUNTED && vec[2] <= low && ct_rust_may_point(high)
		   : high == 8 && !vec[2];
}

static enum ct_rust_listing find_waiter(
	const struct ct_blocking *ctx, const uint64_t *vec, uint64_t parker)
{
	uint64_t at = CT_MAX(vec[0], vec[1]), n = vec[2], entry[ENTRY_WORDS];

	if (!is_vec(vec))
		return CT_RUST_NOT_LISTED;
	for (uint64_t i = 0; i < CT_MIN(n, MOST_WAITERS); i++) {
		if (ct_read(ctx->target, at + i * sizeof(entry), entry, sizeof(entry)))
			return CT_RUST_NOT_LISTED;
		if (names(ctx, entry, parker))
			return CT_RUST_LISTED;
	}
	return n > MOST_WAITERS ? CT_RUST_MAYBE_LISTED : CT_RUST_NOT_LISTED;
}

/* The handles at both ends; false: they make no sense, and it is no channel. */
static bool count_handles(
	const struct ct_blocking *ctx, uint64_t addr, struct ct_rust_channel *channel)
{
	uint64_t n[2];

	if (ct_read(ctx->target, addr, n, sizeof(n)) || n[0] > MOST_COUNTED ||
		n[1] > MOST_COUNTED || ((!n[0] || !n[1]) && !channel->disconnected))
		return false;
	channel->senders = n[0];
	channel->receivers = n[1];
	return true;
}

/* ---- a list of blocks: unbounded ---- */

struct list { /* in words; its parts have cache lines of their own */
	uint64_t head, head_block, gap[14];
	uint64_t tail, tail_block, more[14];
	uint64_t mutex, waiters[3], observers[3], is_empty;
};

enum { LIST_SIZE = 384, LAP = 32 }; /* messages in a block, and one place for its end */

/* An index counts by two; the lowest bit says that the channel is disconnected. */
static uint64_t list_length(const struct list *list)
{
	uint64_t head = list->head / 2, tail = list->tail / 2;

	head += head % LAP == LAP - 1;
	tail += tail % LAP == LAP - 1;
	tail -= head / LAP * LAP;
	head %= LAP;
	return tail - head - tail / LAP;
}

/* The first message brings the first block. */
static bool is_list(const struct list *list)
{
	bool used = list->head > 1 || list->tail > 1;

	return (list->mutex & UINT32_MAX) <= 2 && list->tail - list->head < UINT64_C(1) << 48 &&
	       (used ? list->head_block && list->tail_block : !list->head_block);
}

static enum ct_rust_listing look_at_list(
	const struct ct_blocking *ctx, uint64_t addr, uint64_t parker, struct ct_rust_channel *ret)
{
	struct list list;

	if (ct_read(ctx->target, addr, &list, sizeof(list)) || !is_list(&list))
		return CT_RUST_NOT_LISTED;
	enum ct_rust_listing listing = find_waiter(ctx, list.waiters, parker);
	if (!listing)
		return listing;
	*ret = (struct ct_rust_channel){.flavour = "unbounded",
		.disconnected = list.tail & 1,
		.messages = list_length(&list),
		.capacity = CT_RUST_UNKNOWN};
	return count_handles(ctx, addr + LIST_SIZE, ret) ? listing : CT_RUST_NOT_LISTED;
}

/* ---- an array: bounded ---- */

struct array {
	uint64_t head, gap[15];
	uint64_t tail, more[15];
	uint64_t senders_mutex, senders[3], senders_observers[3], no_senders;
	uint64_t receivers_mutex, receivers[3], receivers_observers[3], no_receivers;
	uint64_t capacity, one_lap, mark_bit, buffer, slots;
};

enum { ARRAY_SIZE = 512 };

static bool is_array(const struct array *a)
{
	uint64_t mark = a->mark_bit;

	return a->capacity && a->capacity <= UINT64_C(1) << 48 && mark > a->capacity &&
	       mark / 2 <= a->capacity && !(mark & (mark - 1)) && a->one_lap == mark * 2 &&
	       a->slots == a->capacity && ct_rust_may_point(a->buffer);
}

static uint64_t array_length(const struct array *a)
{
	uint64_t head = a->head & (a->mark_bit - 1), tail = a->tail & (a->mark_bit - 1);

	if (head != tail)
		return head < tail ? tail - head : a->capacity - head + tail;
	return (a->tail & ~a->mark_bit) == a->head ? 0 : a->capacity;
}

static enum ct_rust_listing look_at_array(
	const struct ct_blocking *ctx, uint64_t addr, uint64_t parker, struct ct_rust_channel *ret)
{
	struct array a;

	if (ct_read(ctx->target, addr, &a, sizeof(a)) || !is_array(&a))
		return CT_RUST_NOT_LISTED;
	enum ct_rust_listing sender = find_waiter(ctx, a.senders, parker);
	enum ct_rust_listing receiver = sender == CT_RUST_LISTED
						? CT_RUST_NOT_LISTED
						: find_waiter(ctx, a.receivers, parker);
	if (!sender && !receiver)
		return CT_RUST_NOT_LISTED;
	*ret = (struct ct_rust_channel){.flavour = "bounded",
		.sends = sender >= receiver,
		.disconnected = a.tail & a.mark_bit,
		.messages = CT_MIN(array_length(&a), a.capacity),
		.capacity = a.capacity};
	return count_handles(ctx, addr + ARRAY_SIZE, ret) ? CT_MAX(sender, receiver)
							  : CT_RUST_NOT_LISTED;
}

/* ---- nothing: rendezvous ---- */

struct zero {
	uint32_t mutex, poison;
	uint64_t senders[3], senders_observers[3];
	uint64_t receivers[3], receivers_observers[3];
	uint64_t disconnected;
};

static enum ct_rust_listing look_at_zero(
	const struct ct_blocking *ctx, uint64_t addr, uint64_t parker, struct ct_rust_channel *ret)
{
	struct zero z;

	if (ct_read(ctx->target, addr, &z, sizeof(z)) || z.mutex > 2 || !is_vec(z.senders) ||
		!is_vec(z.senders_observers) || !is_vec(z.receivers) ||
		!is_vec(z.receivers_observers))
		return CT_RUST_NOT_LISTED;
	enum ct_rust_listing sender = find_waiter(ctx, z.senders, parker);
	enum ct_rust_listing receiver = sender == CT_RUST_LISTED
						? CT_RUST_NOT_LISTED
						: find_waiter(ctx, z.receivers, parker);
	if (!sender && !receiver)
		return CT_RUST_NOT_LISTED;
	*ret = (struct ct_rust_channel){.flavour = "rendezvous",
		.messages = CT_RUST_UNKNOWN,
		.sends = sender >= receiver,
		.disconnected = z.disconnected & 0xff};
	return count_handles(ctx, addr + sizeof(z), ret) ? CT_MAX(sender, receiver)
							 : CT_RUST_NOT_LISTED;
}

enum ct_rust_listing ct_rust_channel_new(
	const struct ct_blocking *ctx, uint64_t addr, uint64_t parker, struct ct_rust_channel *ret)
{
	if (!ct_rust_may_point(addr))
		return CT_RUST_NOT_LISTED;
	enum ct_rust_listing listing = look_at_array(ctx, addr, parker, ret);
	if (!listing)
		listing = look_at_list(ctx, addr, parker, ret);
	return listing ? listing : look_at_zero(ctx, addr, parker, ret);
}
