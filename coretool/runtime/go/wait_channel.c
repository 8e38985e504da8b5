/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goroutines that wait at channels: g.waiting is a list of sudogs, one for each channel of a select
 * (those of nil channels are left out), and each of them stands in a queue of its channel.
 */
#include "runtime/go/types.h"
#include "runtime/go/waits.h"

#define MAX_CASES                                                                                  \
	65536 /* of a select: selectgo() of runtime/select.go; reflect.Select has no more */

enum link {
	NOT_LINKED, /* it was just taken out: the goroutine is being woken */
	LINKED,
	MISLINKED, /* its neighbours do not know it */
};

/* Is it where its neighbours, or the ends of the queue, say? */
static bool is_linked(const struct ct_go *go, const struct ct_go_sudog *s, const uint64_t ends[2])
{
	uint64_t before = s->prev ? ct_go_word(go, s->prev, CT_GO_SUDOG_NEXT) : ends[0];
	uint64_t behind = s->next ? ct_go_word(go, s->next, CT_GO_SUDOG_PREV) : ends[1];

	return before == s->at && behind == s->at;
}

/*
 * In both queues there are goroutines only when one of them does both in the same select
 * (chan.go); then the list behind it tells.
 */
static bool leads_to(const struct ct_go *go, const struct ct_go_sudog *s, uint64_t last)
{
	uint64_t at = s->at;

	for (unsigned i = 0; at && at != last && i < 64; i++)
		at = ct_go_word(go, at, CT_GO_SUDOG_NEXT);
	return at == last;
}

/* In which queue is it? receives: said where only that can be. */
static enum link find_queue(const struct ct_go *go, const struct ct_go_channel *c,
	const struct ct_go_sudog *s, bool *receives)
{
	bool receive = c->receivers[0] && is_linked(go, s, c->receivers);
	bool send = c->senders[0] && is_linked(go, s, c->senders);

	*receives = receive && send ? leads_to(go, s, c->receivers[1]) : receive;
	if (receive || send)
		return LINKED;
	*receives = c->receivers[0] != 0;
	return s->prev || s->next ? MISLINKED : NOT_LINKED;
}

static enum ct_status add_unread(struct ct_go_waiter *w, const char *why)
{
	const struct ct_wait wait = {
		.kind = CT_WAIT_OTHER, .trust = CT_TRUST_LAYOUT, .resource = CT_NONE, .why = why};

	return ct_go_add_wait(w, wait);
}

static const char *const woken = "it is being woken: its channel has let go of it";
static const char *const unread = "what it waits at cannot be read: memory is missing or damaged";
static const char *const unknown = "what it waits at is not known in this version of Go";

static bool knows_channels(const struct ct_go *go)
{
	return ct_go_has(go, G_WAITING) && ct_go_has(go, HCHAN_QCOUNT) &&
	       ct_go_has(go, HCHAN_RECVQ_FIRST);
}

enum ct_status ct_go_wait_channel(struct ct_go_waiter *w)
{
	struct ct_go_sudog sudog;
	bool receives;

	if (!knows_channels(w->o->go))
		return add_unread(w, unknown);
	if (ct_go_sudog_at(w->o->go, w->g->waiting, &sudog) || sudog.g != w->g->at)
		return add_unread(w, w->g->waiting ? unread : woken);
	const struct ct_go_channel *c = ct_go_channel(w, sudog.channel);
	if (!c) {
		w->waits->n_unread++;
		return add_unread(w, unread);
	}
	enum link link = find_queue(w->o->go, c, &sudog, &receives);
	if (link == NOT_LINKED)
		return add_unread(w, woken);
	receives = w->row->kind == CT_WAIT_RECV;
	const struct ct_wait wait = {
		.kind = w->row->kind,
		.trust = link == LINKED ? CT_TRUST_EXACT : CT_TRUST_LAYOUT,
		.resource = c->resource,
		.timed = receives && c->ticks,
		.why = receives ? c->why_receive : c->why_send,
	};
	return ct_go_add_wait(w, wait);
}

struct select {
	struct ct_go_waiter *w;
	CT_VEC(struct ct_wait) waits;
	CT_VEC(uint32_t) bare; /* channels that may be a context's Done() */
	bool ticks, is_done, is_woken, damaged;
};

static bool add_case(struct select *s, const struct ct_go_sudog *sudog)
{
	const struct ct_go_channel *c = ct_go_channel(s->w, sudog->channel);
	bool receives;

	if (!c) {
		s->damaged = true;
		return true;
	}
	enum link link = find_queue(s->w->o->go, c, sudog, &receives);
	if (link == NOT_LINKED) {
		s->is_woken = true;
		return true;
	}
	if (receives && c->bare) {
		uint32_t *bare = ct_vec_push(&s->bare);

		if (!bare)
			return false;
		*bare = (uint32_t)(c - s->w->waits->channels.items);
	}
	s->ticks |= receives && c->ticks;
	struct ct_wait *wait = ct_vec_push(&s->waits);
	if (!wait)
		return false;
	*wait = (struct ct_wait){
		.kind = receives ? CT_WAIT_RECV : CT_WAIT_SEND,
		.trust = link == LINKED ? CT_TRUST_EXACT : CT_TRUST_LAYOUT,
		.resource = c->resource,
	};
	return true;
}

/* All cases; the walk ends where it comes back to (Brent), or to another goroutine's. */
static bool read_cases(struct select *s)
{
	uint64_t at = s->w->g->waiting, mark = 0;

	for (uint32_t n = 0; at; n++) {
		struct ct_go_sudog sudog;

		if (n >= MAX_CASES || at == mark || ct_go_sudog_at(s->w->o->go, at, &sudog) ||
			sudog.g != s->w->g->at) {
			s->damaged = true;
			break;
		}
		if (!(n & (n - 1)))
			mark = at;
		if (!add_case(s, &sudog))
			return false;
		at = sudog.waitlink;
	}
	return true;
}

/* Has the context at addr one of these channels? cancelCtx.done is an atomic.Value, up to 1.16 the
 * channel itself. */
static bool is_context(struct select *s, uint64_t addr)
{
	const struct ct_go *go = s->w->o->go;
	uint64_t value[2];

	s->w->waits->searched++;
	if (addr % 8 || addr < 4096 ||
		ct_read(go->target, addr + ct_go_at(go, CANCELCTX_DONE), value, sizeof(value)))
		return false;
	for (uint32_t i = 0; i < s->bare.n; i++) {
		struct ct_go_channel *c = &s->w->waits->channels.items[s->bare.items[i]];

		c->is_done |= value[ct_go_since(go, 17)] == c->at;
		if (c->is_done)
			return true;
	}
	return false;
}

/* Is one of them what the Done() of a context gives? Whoever asked a context for it still has the
 * context in its frames, most often; and most often where the last one had it. */
static bool look_for_context(struct select *s)
{
	struct ct_go_waits *waits = s->w->waits;
	uint64_t words[CT_GO_STACK_WORDS];
	size_t n = 0;

	for (uint32_t i = 0; i < s->bare.n; i++)
		if (waits->channels.items[s->bare.items[i]].is_done)
			return true;
	if (s->bare.n && ct_go_at(s->w->o->go, CANCELCTX_DONE) != CT_GO_ABSENT &&
		ct_go_may_search(s->w))
		n = ct_go_stack_words(s->w, words);
	if (waits->context_word < n && is_context(s, words[waits->context_word]))
		return true;
	for (size_t k = 0; k < n; k++)
		if (is_context(s, words[k])) {
			waits->context_word = k;
			return true;
		}
	return false;
}

/* "select on 4 channels: no timeout, no Done case" */
static const char *words_of(struct select *s)
{
	struct ct_go_waits *waits = s->w->waits;
	uint32_t n = s->waits.n;
	bool done = look_for_context(s);
	size_t which = (size_t)n * 8 + s->ticks * 4u + done * 2u + !s->bare.n;
	const char *none = NULL;
	const char **known = which < CT_COUNT(waits->selects) ? &waits->selects[which] : &none;

	if (*known)
		return *known;
	return *known = ct_sink_printf(s->w->o->sink, "select on %u channel%s: %s%s", n,
		       n == 1 ? "" : "s", s->ticks ? "it has a timeout" : "no timeout",
		       done         ? ", a context's Done case"
		       : !s->bare.n ? ", no Done case"
				    : "");
}

static enum ct_status add_select(struct select *s)
{
	enum ct_status status = CT_OK;
	const char *why = s->damaged ? "a select of which not all cases can be read: memory is "
				       "missing or damaged"
				     : words_of(s);

	s->w->waits->n_unread += s->damaged;
	for (uint32_t i = 0; !status && i < s->waits.n; i++) {
		s->waits.items[i].any_of = s->waits.n > 1 || s->damaged;
		s->waits.items[i].timed = s->ticks;
		s->waits.items[i].why = why;
		if (s->damaged)
			s->waits.items[i].trust = CT_TRUST_GUESS;
		status = ct_go_add_wait(s->w, s->waits.items[i]);
	}
	return status;
}

/* One whose cases all have nil channels, or of which nothing can be read. */
static enum ct_status add_caseless(struct ct_go_waiter *w, bool damaged)
{
	w->waits->n_unread += damaged;
	const struct ct_wait wait = {
		.kind = CT_WAIT_SELECT,
		.trust = damaged ? CT_TRUST_GUESS : CT_TRUST_EXACT,
		.never = !damaged,
		.resource = CT_NONE,
		.why = damaged ? "the cases of the select cannot be read"
			       : "the channels of all cases of the select are nil: nothing can "
				 "ever end it",
	};

	return ct_go_add_wait(w, wait);
}

enum ct_status ct_go_wait_select(struct ct_go_waiter *w)
{
	struct select s = {.w = w};
	enum ct_status status = CT_NO_MEMORY;

	if (!knows_channels(w->o->go))
		return add_unread(w, unknown);
	if (read_cases(&s)) {
		if (s.is_woken)
			status = add_unread(w, woken);
		else if (s.waits.n)
			status = add_select(&s);
		else
			status = add_caseless(w, s.damaged);
	}
	ct_vec_free(&s.waits);
	ct_vec_free(&s.bare);
	return status;
}
