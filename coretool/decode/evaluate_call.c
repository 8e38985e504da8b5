/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that are not looked into: what they return, and what they do to objects. */
#include "decode/evaluate_internal.h"

#define SMALL       4096 /* no function's address */
#define MAX_CASES   16   /* of a select, that are looked at */
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

/* ---- select ---- */

/*
 * The cases of a select (scase of runtime/select.go): {channel, element}, those that send first,
 * the others receive. Up to 1.15 they are {channel, element, kind, pc, release time}, each says
 * what it is, and so does the default case.
 */
enum { CASE_SIZE = 16, KIND_CASE_SIZE = 40, CASE_KIND = 16 };
enum { ORDER_SIZE = 4 }; /* of one case in argument 1, where selectgo() puts its two orders */
enum { KIND_RECEIVE = 1, KIND_SEND, KIND_DEFAULT };

struct choice { /* of a select, so far */
	uint64_t n_at_once, which;
	bool has_default;
	uint64_t else_which; /* then: what it gives for that */
};

static void consider(struct ct_evaluator *ev, struct state *st, const struct instruction *in,
	const struct ct_event_row *row, struct ct_term one, bool send, uint64_t i,
	struct choice *ret)
{
	struct ct_term channel = ct_state_load(ev, st, one, 8);
	enum ct_channel_goes goes = CT_CHANNEL_UNKNOWN;

	if (ct_is_number(channel) && !channel.number)
		return;
	record(ev, st, in, row, send ? CT_EVENT_UP : CT_EVENT_DOWN, channel);
	if (!send)
		lose_element(ev, st, one, channel);
	if (!ev->view.goes)
		return;
	if (ct_is_number(channel))
		goes = ev->view.goes(ev->view.arg, channel.number, send);
	ev->unclear |= goes == CT_CHANNEL_UNKNOWN;
	if (goes == CT_CHANNEL_AT_ONCE) {
		ret->n_at_once++;
		ret->which = i;
	}
}

/* What it gives: the number of the case that goes. */
static struct ct_term chosen(struct ct_evaluator *ev, const struct choice *c)
{
	if (!ev->view.goes)
		return ct_word_fresh(ev);
	if (c->n_at_once == 1)
		return ct_number(c->which);
	if (!c->n_at_once && c->has_default)
		return ct_number(c->else_which);
	ev->unclear |= !c->n_at_once;
	return ct_word_fresh(ev);
}

static struct ct_term unclear(struct ct_evaluator *ev)
{
	ev->unclear = true;
	return ct_word_fresh(ev);
}

static struct ct_term select_in_order(struct ct_evaluator *ev, struct state *st,
	const struct instruction *in, const struct ct_event_row *row, struct ct_term cases)
{
	struct ct_term sends = argument(ev, st, 3), receives = argument(ev, st, 4);
	struct ct_term waits = argument(ev, st, 5);
	struct choice choice = {.has_default = ct_is_number(waits) && !(waits.number & 0xff),
		.else_which = UINT64_MAX};

	if (!ct_is_number(sends) || !ct_is_number(receives) || sends.number > MAX_CASES ||
		receives.number > MAX_CASES)
		return unclear(ev);
	for (uint64_t i = 0; i < sends.number + receives.number; i++, cases.number += CASE_SIZE)
		consider(ev, st, in, row, cases, i < sends.number, i, &choice);
	return chosen(ev, &choice);
}

static struct ct_term select_by_kind(struct ct_evaluator *ev, struct state *st,
	const struct instruction *in, const struct ct_event_row *row, struct ct_term cases)
{
	struct ct_term order = argument(ev, st, 1), n = argument(ev, st, 2);
	struct choice choice = {0};

	if (!ct_is_number(n) || n.number > 2 * MAX_CASES)
		return unclear(ev);
	ct_state_lose(ev, st, order, (uint32_t)n.number * ORDER_SIZE, false);
	for (uint64_t i = 0; i < n.number; i++, cases.number += KIND_CASE_SIZE) {
		struct ct_term at = {cases.symbol, cases.number + CASE_KIND};
		struct ct_term kind = ct_state_load(ev, st, at, 2);

		if (!ct_is_number(kind))
			return unclear(ev);
		if (kind.number == KIND_DEFAULT) {
			choice.has_default = true;
			choice.else_which = i;
		} else if (kind.number == KIND_RECEIVE || kind.number == KIND_SEND) {
			consider(ev, st, in, row, cases, kind.number == KIND_SEND, i, &choice);
		}
	}
	return chosen(ev, &choice);
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
		return select_in_order(ev, st, in, row, object);
	case CT_CALL_SELECTS_BY_KIND:
		return select_by_kind(ev, st, in, row, object);
	default:
		record(ev, st, in, row, CT_EVENT_ACQUIRE, object);
		return ct_number(row->effect == CT_CALL_GUARDS);
	}
}

/*
 * Where functions have all on the stack, a channel's operation leaves there what it gives, behind
 * its arguments (runtime/chan.go, select.go). A bool is a byte.
 */
static void leave_result(struct ct_evaluator *ev, struct state *st, const struct ct_event_row *row,
	struct ct_term result)
{
	struct ct_term at = st->reg[RSP];
	unsigned size = 1;

	switch (row->effect) {
	case CT_CALL_TRIES_SEND:
	case CT_CALL_TRIES_RECEIVE:
		at.number += 16;
		break;
	case CT_CALL_SELECTS_BY_KIND:
		at.number += 24;
		size = 8;
		break;
	case CT_CALL_SELECTS:
		at.number += 48;
		size = 8;
		break;
	default:
		return;
	}
	if (ct_is_number(result))
		ct_state_store(ev, st, at, size, result);
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
		leave_result(ev, st, row, result);
	}
	ct_call_result(ev, st, result);
}
