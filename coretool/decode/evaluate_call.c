/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that are not looked into: what they return, and what they do to objects. */
#include "decode/evaluate_internal.h"

#define SMALL       4096 /* no function's address */
#define MAX_CASES   16   /* of a select, that are looked at */
#define CASE_SIZE   16   /* scase of runtime/select.go since 1.16: channel, element */
#define MAX_ELEMENT 256  /* bytes of an element of a channel, that are lost for it */
#define FIRST_ARG   48   /* bytes behind the first argument of a function of C, likewise */

/* Argument i at a call, before it has pushed its return address. */
static struct ct_term argument(struct ct_evaluator *ev, struct state *st, unsigned i)
{
	const struct ct_code_abi *abi = ev->view.abi;
	struct ct_term at = st->reg[RSP];

	if (abi->n_arguments)
		return i < abi->n_arguments ? st->reg[abi->arguments[i]] : ct_word_fresh(ev);
	at.number += 8u * i;
	return ct_state_load(ev, st, at, 8);
}

void ct_call_result(struct ct_evaluator *ev, struct state *st, struct ct_term result)
{
	ct_state_forget_registers(ev, st, ~ev->view.abi->preserved);
	ct_state_forget_vectors(ev, st);
	st->reg[ev->view.abi->result] = result;
	st->flags.kind = FLAGS_UNKNOWN;
}

/* A callee may fill in what its first argument points to on our stack. */
static void lose_argument(struct ct_evaluator *ev, struct state *st)
{
	const struct ct_evaluation *in = &ev->in;

	if (!in->past)
		return;
	struct ct_term w = argument(ev, st, 0);
	if (ct_is_number(w) && w.number - in->dead_low < in->stack_high - in->dead_low)
		ct_state_lose(ev, st, w, FIRST_ARG, true);
}

void ct_call_unseen(struct ct_evaluator *ev, struct state *st, uint32_t args)
{
	lose_argument(ev, st);
	if (args && !ev->view.abi->n_arguments)
		ct_state_lose(ev, st, st->reg[RSP], args, false);
	ct_call_result(ev, st, ct_word_fresh(ev));
}

void ct_call_opaque(struct ct_evaluator *ev, struct state *st)
{
	/* At no place: else paths that differ in nothing else would differ. */
	if (ev->in.past && st->events != CT_NONE &&
		ev->events.items[st->events].kind != CT_EVENT_OPAQUE)
		ct_state_event(
			ev, st, &(struct ct_code_event){.kind = CT_EVENT_OPAQUE, .object = {1, 0}});
}

bool ct_call_passes_function(struct ct_evaluator *ev, const struct state *st)
{
	const struct ct_code_abi *abi = ev->view.abi;

	if (!ev->in.past || st->events == CT_NONE)
		return false;
	for (unsigned i = 0; i < abi->n_arguments; i++) {
		struct ct_term w = st->reg[abi->arguments[i]];

		if (!ct_is_number(w) || w.number < SMALL)
			continue;
		struct ct_callee callee = ev->view.callee(ev->view.arg, w.number, 0, true);
		if (callee.kind == CT_CALLEE_ENTER || callee.kind == CT_CALLEE_EVENT)
			return true;
	}
	return false;
}

static void record(struct ct_evaluator *ev, struct state *st, const struct instruction *in,
	const struct ct_event_row *row, enum ct_event_kind kind, struct ct_term object)
{
	ct_state_event(ev, st,
		&(struct ct_code_event){.kind = kind, .row = row, .object = object, .pc = in->pc});
}

void ct_call_defers(struct ct_evaluator *ev, struct state *st, uint32_t closure)
{
	struct ct_term at = argument(ev, st, 0);

	if (closure != CT_NO_RECORD) {
		at.number += closure;
		at = ct_state_load(ev, st, at, 8);
	}
	if (st->n_deferred < MAX_DEFERRED)
		st->deferred[st->n_deferred++] = at;
	ct_call_result(ev, st, ct_number(0)); /* else a panic was recovered */
}

/* ---- counters and channels: what comes back is not known ---- */

static void count(struct ct_evaluator *ev, struct state *st, const struct instruction *in,
	const struct ct_event_row *row, struct ct_term object)
{
	struct ct_term by = argument(ev, st, 1u + row->arg);

	if (ct_is_number(by) && by.number)
		record(ev, st, in, row, (int64_t)by.number < 0 ? CT_EVENT_DOWN : CT_EVENT_UP,
			object);
}

/* What a channel operation gives, as the channel is now. */
static struct ct_term outcome(
	struct ct_evaluator *ev, const struct ct_event_row *row, struct ct_term channel, bool sends)
{
	enum ct_channel_goes goes = CT_CHANNEL_UNKNOWN;
	bool tries = row->effect == CT_CALL_TRIES_SEND || row->effect == CT_CALL_TRIES_RECEIVE;

	if (!ev->view.goes)
		return ct_word_fresh(ev);
	if (ct_is_number(channel))
		goes = ev->view.goes(ev->view.arg, channel.number, sends);
	if (goes == CT_CHANNEL_AT_ONCE)
		return ct_number(tries);
	if (goes == CT_CHANNEL_WAITS && tries)
		return ct_number(0);
	ev->unclear = true;
	return ct_word_fresh(ev);
}

/* The same of a select: n cases go at once, the last of them is number which. */
static struct ct_term select_outcome(
	struct ct_evaluator *ev, struct state *st, uint64_t n, uint64_t which)
{
	struct ct_term waits = argument(ev, st, 5);

	if (n == 1)
		return ct_number(which);
	if (!n && ct_is_number(waits) && !(waits.number & 0xff))
		return ct_number(UINT64_MAX);
	ev->unclear |= !n;
	return ct_word_fresh(ev);
}

static void receive(struct ct_evaluator *ev, struct state *st, const struct instruction *in,
	const struct ct_event_row *row, struct ct_term channel)
{
	struct ct_term to = argument(ev, st, row->arg ? row->arg - 1u : 1u);
	uint32_t size = MAX_ELEMENT;

	record(ev, st, in, row, CT_EVENT_DOWN, channel);
	if (ct_is_number(channel) && ev->view.element)
		size = ev->view.element(ev->view.arg, channel.number);
	if (!ct_is_number(to) || to.number)
		ct_state_lose(ev, st, to, CT_MIN(size, (uint32_t)MAX_ELEMENT), false);
}

/* What a receive in a select leaves behind. */
static void lose_element(
	struct ct_evaluator *ev, struct state *st, struct ct_term one, struct ct_term channel)
{
	struct ct_term to = ct_state_load(ev, st, (struct ct_term){one.symbol, one.number + 8}, 8);

	if (ct_is_number(channel) && ct_is_number(to) && to.number && ev->view.element)
		ct_state_lose(ev, st, to,
			CT_MIN(ev->view.element(ev->view.arg, channel.number),
				(uint32_t)MAX_ELEMENT),
			false);
}

/* The first of the cases send, the others receive (selectgo's arguments 3 and 4). */
static struct ct_term select_case(struct ct_evaluator *ev, struct state *st,
	const struct instruction *in, const struct ct_event_row *row, struct ct_term cases)
{
	struct ct_term sends = argument(ev, st, 3), receives = argument(ev, st, 4);
	uint64_t n_at_once = 0, which = 0;

	if (!ct_is_number(sends) || !ct_is_number(receives) || sends.number > MAX_CASES ||
		receives.number > MAX_CASES) {
		ev->unclear = true;
		return ct_word_fresh(ev);
	}
	for (uint64_t i = 0; i < sends.number + receives.number; i++, cases.number += CASE_SIZE) {
		struct ct_term channel = ct_state_load(ev, st, cases, 8);
		bool send = i < sends.number;
		enum ct_channel_goes goes = CT_CHANNEL_UNKNOWN;

		if (ct_is_number(channel) && !channel.number)
			continue;
		record(ev, st, in, row, send ? CT_EVENT_UP : CT_EVENT_DOWN, channel);
		if (!send)
			lose_element(ev, st, cases, channel);
		if (!ev->view.goes)
			continue;
		if (ct_is_number(channel))
			goes = ev->view.goes(ev->view.arg, channel.number, send);
		ev->unclear |= goes == CT_CHANNEL_UNKNOWN;
		if (goes != CT_CHANNEL_AT_ONCE)
			continue;
		n_at_once++;
		which = i;
	}
	return ev->view.goes ? select_outcome(ev, st, n_at_once, which) : ct_word_fresh(ev);
}

/* ---- all of them ---- */

/* Some come back with a number that tells how it went. */
static struct ct_term apply(struct ct_evaluator *ev, struct state *st, const struct instruction *in,
	const struct ct_event_row *row, struct ct_term object)
{
	struct ct_term lock;

	switch (row->effect) {
	case CT_CALL_RELEASES:
		record(ev, st, in, row, CT_EVENT_RELEASE, object);
		return ct_number(0);
	case CT_CALL_SIGNALS:
		record(ev, st, in, row, CT_EVENT_SIGNAL, object);
		return ct_number(0);
	case CT_CALL_WAITS_BY:
	case CT_CALL_WAITS:
		lock = argument(ev, st, 1);
		if (row->effect == CT_CALL_WAITS_BY)
			lock = ct_state_load(ev, st, lock, 8);
		if (!ev->in.past)
			record(ev, st, in, row, CT_EVENT_RELEASE, lock);
		record(ev, st, in, row, CT_EVENT_ACQUIRE, lock);
		return ct_word_fresh(ev); /* it may have been a timeout */
	case CT_CALL_COUNTS:
		count(ev, st, in, row, object);
		return ct_word_fresh(ev);
	case CT_CALL_DOWN:
		record(ev, st, in, row, CT_EVENT_DOWN, object);
		return ct_word_fresh(ev);
	case CT_CALL_SENDS:
	case CT_CALL_TRIES_SEND:
		record(ev, st, in, row, CT_EVENT_UP, object);
		return outcome(ev, row, object, true);
	case CT_CALL_RECEIVES:
	case CT_CALL_TRIES_RECEIVE:
		receive(ev, st, in, row, object);
		return outcome(ev, row, object, false);
	case CT_CALL_SELECTS:
		return select_case(ev, st, in, row, object);
	default:
		record(ev, st, in, row, CT_EVENT_ACQUIRE, object);
		return ct_number(row->effect == CT_CALL_GUARDS);
	}
}

void ct_call_event(struct ct_evaluator *ev, struct state *st, const struct instruction *in,
	const struct ct_callee *callee, struct state *other, bool *forks)
{
	const struct ct_event_row *row = callee->row;
	struct ct_term object = argument(ev, st, row->arg), result;

	*forks = row->effect == CT_CALL_TRIES || row->effect == CT_CALL_GUARDS;
	if (*forks) {
		*other = *st;
		ct_call_result(ev, other, ct_number(row->effect == CT_CALL_TRIES ? 16 : 0));
	}
	if (callee->ignored)
		result = ct_number(row->effect == CT_CALL_GUARDS);
	else
		result = apply(ev, st, in, row, object);
	if (callee->args && !ev->view.abi->n_arguments) {
		ct_state_lose(ev, st, st->reg[RSP], callee->args, false);
		if (*forks)
			ct_state_lose(ev, other, other->reg[RSP], callee->args, false);
	}
	ct_call_result(ev, st, result);
}
