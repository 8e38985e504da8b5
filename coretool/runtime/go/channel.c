/* SPDX-License-Identifier: Apache-2.0 */
/* Channels: struct hchan of runtime/chan.go, and what its state says of those who wait. */
#include "runtime/go/types.h"
#include "runtime/go/waits.h"

#include <inttypes.h>

struct state { /* of one hchan */
	uint64_t len, cap, sendx, recvx, elem_type, timer;
	uint32_t elem_size;
	bool closed;
	bool locked; /* somebody was just changing it */
};

static void read_state(const struct ct_go_record *r, struct state *s, struct ct_go_channel *channel)
{
	*s = (struct state){
		.len = ct_go_get(r, HCHAN_QCOUNT),
		.cap = ct_go_get(r, HCHAN_DATAQSIZ),
		.sendx = ct_go_get(r, HCHAN_SENDX),
		.recvx = ct_go_get(r, HCHAN_RECVX),
		.elem_type = ct_go_get(r, HCHAN_ELEMTYPE),
		.timer = ct_go_get(r, HCHAN_TIMER),
		.elem_size = (uint32_t)ct_go_field(r, CT_GO_HCHAN_ELEMSIZE, 2, 0),
		.closed = ct_go_field(r, CT_GO_HCHAN_CLOSED, 4, 0) != 0,
		/* The lock is the last field in all versions. */
		.locked = ct_go_field(r, CT_GO_HCHAN_QCOUNT, 8, r->size - 8) != 0,
	};
	channel->receivers[0] = ct_go_get(r, HCHAN_RECVQ_FIRST);
	channel->receivers[1] = ct_go_get(r, HCHAN_RECVQ_LAST);
	channel->senders[0] = ct_go_get(r, HCHAN_SENDQ_FIRST);
	channel->senders[1] = ct_go_get(r, HCHAN_SENDQ_LAST);
}

/* What no operation leaves behind that has let go of the channel's lock. */
static const char *contradiction(const struct ct_go_channel *c, const struct state *s)
{
	if (s->len > s->cap)
		return "it has more elements than room";
	if (s->cap ? s->sendx >= s->cap || s->recvx >= s->cap : s->sendx || s->recvx)
		return "its positions are outside of its buffer";
	if (s->locked)
		return NULL;
	if (s->closed && (c->receivers[0] || c->senders[0]))
		return "it is closed, and goroutines still wait in its queues";
	if (c->senders[0] && s->len < s->cap)
		return "goroutines wait to send though it has room";
	/* A timer's channel gets its value when somebody looks (1.23 on). */
	if (c->receivers[0] && s->len && !s->timer)
		return "goroutines wait to receive though it has elements";
	return NULL;
}

static void add_state(struct ct_sink *sink, const struct ct_go_channel *c, const struct state *s,
	const char *elem)
{
	ct_sink_value_int(sink, c->resource, "len", (int64_t)s->len);
	ct_sink_value_int(sink, c->resource, "cap", (int64_t)s->cap);
	ct_sink_value_bool(sink, c->resource, "closed", s->closed);
	if (elem)
		ct_sink_value_text(sink, c->resource, "elem", elem);
	ct_sink_value_int(sink, c->resource, "elemsize", s->elem_size);
	if (c->ticks || c->stopped)
		ct_sink_value_bool(sink, c->resource, "timer", c->ticks);
}

/* Why one that sends, and one that receives, does not go on. */
static void add_reasons(struct ct_sink *sink, struct ct_go_channel *c, const struct state *s)
{
	if (!s->cap) {
		c->why_send = "the channel has no buffer, and nobody is parked to receive";
		c->why_receive = "the channel has no buffer, and nobody is parked to send";
	} else {
		c->why_send = ct_sink_printf(sink,
			"the buffer is full (%" PRIu64 " of %" PRIu64
			"), and nobody is parked to receive",
			s->len, s->cap);
		c->why_receive = ct_sink_printf(sink,
			"the buffer is empty (0 of %" PRIu64 "), and nobody is parked to send",
			s->cap);
	}
	if (c->stopped)
		c->why_receive = "the channel is that of a timer that was stopped or has fired "
				 "before: unless it is reset nothing will come";
}

/* Since 1.23 the channel knows its timer; before, and with asynctimerchan=1, the timers that run
 * know their channels. One that cannot be read may fire. */
static void add_timer(struct ct_go_waiter *w, struct ct_go_channel *c, const struct state *s,
	const char *elem, int64_t *when)
{
	bool unread = false;
	uint64_t at;

	*when = 0;
	if (s->timer) {
		c->timer = s->timer;
		unread = ct_go_u64(w->o->go, s->timer, CT_GO_TIMER_WHEN, &at) != CT_OK;
		*when = unread ? 0 : (int64_t)at;
		c->ticks = *when > 0;
		c->stopped = !unread && !*when;
	} else if (elem && !strcmp(elem, "time.Time") && s->cap == 1) {
		c->timer = ct_go_ticking_timer(w, c->at, when);
		c->ticks = c->timer != 0;
		unread = w->waits->lost_timers;
	} else {
		return;
	}
	if (c->ticks)
		return;
	c->value = ct_go_resting_timer(w, c->at, s->timer);
	c->stopped |= c->value != 0;
	c->ticks = unread && !c->stopped;
}

static void note_contradiction(
	struct ct_go_waiter *w, const struct ct_go_channel *c, const struct state *s)
{
	struct ct_resource *r = ct_sink_get_resource(w->o->sink, c->resource);

	r->corrupt = contradiction(c, s);
	r->corrupt_trust = (uint8_t)ct_go_trust(w->o->go, CT_TRUST_LAYOUT);
}

/* Of thousands of channels the elements are of few types. */
static const struct ct_go_elem *elem_of(struct ct_go_waiter *w, uint64_t at)
{
	struct ct_sink *sink = w->o->sink;
	struct ct_go_elem *elem = &w->waits->elems[at / 32 % CT_COUNT(w->waits->elems)];
	struct ct_go_type type;

	if (elem->known && elem->at == at)
		return elem;
	*elem = (struct ct_go_elem){.at = at, .known = true};
	if (!ct_go_type_at(w->o->go, at, &type)) {
		elem->text = ct_sink_string(sink, type.name);
		elem->channel = ct_sink_printf(sink, "chan %s", elem->text);
	}
	return elem;
}

static struct ct_go_channel *add(
	struct ct_go_waiter *w, const struct ct_go_record *record, uint64_t at)
{
	struct ct_sink *sink = w->o->sink;
	struct ct_go_channel *c = ct_vec_push(&w->waits->channels);
	struct state state;
	int64_t when;
	bool fresh;

	if (!c)
		return NULL;
	c->at = at;
	read_state(record, &state, c);
	const struct ct_go_elem *type = elem_of(w, state.elem_type);
	const char *elem = type->text;
	add_timer(w, c, &state, elem, &when);
	c->bare = elem && !strcmp(elem, "struct {}") && !state.cap;
	c->resource = ct_sink_resource(sink, "go_chan", at, &fresh);
	if (c->resource == CT_NONE)
		return NULL;
	if (fresh) {
		add_state(sink, c, &state, elem);
		struct ct_resource *r = ct_sink_get_resource(sink, c->resource);
		r->name = type->channel;
		r->name_of_type = elem != NULL;
		note_contradiction(w, c, &state);
	}
	add_reasons(sink, c, &state);
	int64_t until = c->ticks ? ct_go_until(w, when) : 0;
	if (c->ticks)
		c->why_receive = until  ? ct_go_fires(w, until)
				 : when ? "its timer will fire"
					: "the channel may be that of a timer that cannot be read";
	return c;
}

struct ct_go_channel *ct_go_known_channel(const struct ct_go_waits *waits, uint64_t at)
{
	struct ct_hash_it it = ct_hash_find(&waits->channel_keys, ct_hash_u64(at));
	uint32_t i;

	while (ct_hash_next(&waits->channel_keys, &it, &i))
		if (waits->channels.items[i].at == at)
			return &waits->channels.items[i];
	return NULL;
}

struct ct_go_channel *ct_go_channel(struct ct_go_waiter *w, uint64_t at)
{
	struct ct_go_waits *waits = w->waits;
	struct ct_go_channel *c = ct_go_known_channel(waits, at);
	struct ct_go_record record;

	if (c)
		return c;
	if (!at || at % 8 || ct_go_record(w->o->go, at, CT_GO_HCHAN_SIZE, &record))
		return NULL;
	c = add(w, &record, at);
	return c && ct_hash_insert(&waits->channel_keys, ct_hash_u64(at), waits->channels.n - 1)
		       ? c
		       : NULL;
}
