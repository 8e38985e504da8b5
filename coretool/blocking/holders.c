/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/holders.h"

#include <inttypes.h>

#include "base/vec.h"
#include "target/symbols.h"

#define MAX_LINKS (1u << 18) /* waiters times those they may need, of all objects */

enum level { LEVEL_NONE, LEVEL_MEDIUM, LEVEL_HIGH };

struct candidate {
	uint32_t actor;
	uint8_t level;
	bool future; /* it will release */
	bool past;   /* it has acquired */
	uint32_t took_frame;
	const char *why;
};

typedef CT_VEC(struct candidate) candidates;

struct ct_holders_inference {
	const struct ct_blocking *ctx;
	struct ct_code *code;
	const struct ct_wanted *wanted;
	uint32_t n;
	struct ct_evidence *evidence; /* of the thread that is asked */
	candidates *candidates;       /* by wanted object */
	uint32_t *waiters;            /* by resource */
	uint32_t links;
	bool cut;
};

struct ct_holders_inference *ct_holders_new(
	const struct ct_blocking *ctx, const struct ct_wanted *wanted, uint32_t n)
{
	struct ct_holders_inference *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->ctx = ctx;
	h->wanted = wanted;
	h->n = n;
	h->code = ct_code_new(ctx, wanted, n);
	h->evidence = calloc((size_t)n + 1, sizeof(*h->evidence));
	h->candidates = calloc((size_t)n + 1, sizeof(*h->candidates));
	if (!h->code || !h->evidence || !h->candidates) {
		ct_holders_free(h);
		return NULL;
	}
	return h;
}

void ct_holders_free(struct ct_holders_inference *h)
{
	if (!h)
		return;
	for (uint32_t i = 0; h->candidates && i < h->n; i++)
		ct_vec_free(&h->candidates[i]);
	free(h->candidates);
	free(h->waiters);
	free(h->evidence);
	ct_code_free(h->code);
	free(h);
}

/* ---- weighing ---- */

static enum level weigh(const struct ct_evidence *e, bool inlined)
{
	bool sure = e->future == CT_FUTURE_SURE;

	if (e->inside)
		return LEVEL_HIGH;
	/* It is in the loop that acquires it, inlined. */
	if (inlined && e->future == CT_FUTURE_MIXED && !e->pad)
		return LEVEL_NONE;
	if (e->pad || e->past == CT_PAST_SURE || (sure && e->past == CT_PAST_MAYBE))
		return LEVEL_HIGH;
	/* Where the call has a landing pad a guard that lives would be in it. */
	if (sure && !e->pad_silent && e->past != CT_PAST_RELEASED)
		return LEVEL_MEDIUM;
	if (e->future == CT_FUTURE_MAYBE && e->past == CT_PAST_MAYBE)
		return LEVEL_MEDIUM;
	return LEVEL_NONE;
}

/*
 * libc releases nothing that it has not taken, and nobody but it does: what it will release on some
 * path, and acquires on none before, it has, if what it has done so far does not speak against it.
 */
static enum level weigh_in_libc(const struct ct_evidence *e)
{
	if (e->past == CT_PAST_SURE)
		return LEVEL_HIGH;
	if (e->future < CT_FUTURE_MAYBE || e->past == CT_PAST_RELEASED)
		return LEVEL_NONE;
	return e->future == CT_FUTURE_SURE || e->past == CT_PAST_MAYBE ? LEVEL_HIGH : LEVEL_MEDIUM;
}

/*
 * A semaphore is a lock only for those who took it and will give it back: else they are its
 * producers or consumers.
 */
static enum level weigh_any_of(const struct ct_evidence *e)
{
	if (e->inside)
		return LEVEL_HIGH;
	bool will = e->future == CT_FUTURE_SURE || e->future == CT_FUTURE_MAYBE || e->pad;

	if (!will)
		return e->refers ? LEVEL_MEDIUM : LEVEL_NONE;
	return e->future == CT_FUTURE_SURE || e->pad ? LEVEL_HIGH : LEVEL_MEDIUM;
}

static enum level weigh_by(const struct ct_possession *possession, const struct ct_evidence *e)
{
	if (possession->any_of)
		return weigh_any_of(e);
	return possession->in_libc ? weigh_in_libc(e) : weigh(e, possession->inlined);
}

/* ---- saying why ---- */

static const char *frame_name(
	const struct ct_holders_inference *h, const struct ct_unwound_frame *f)
{
	uint64_t pc = f->pc - f->is_call;
	struct ct_arena *arena = ct_sink_arena(h->ctx->sink);
	const struct ct_module *module = ct_module_at(h->ctx->target, pc);
	struct ct_symbol symbol;

	if (!ct_symbol_at(h->ctx->target, pc, CT_SYMBOL_CODE, &symbol))
		return ct_sink_printf(h->ctx->sink, "%s()", ct_symbol_demangle(arena, symbol.name));
	return ct_sink_printf(h->ctx->sink, "at %s+0x%" PRIx64, module ? module->name : "?",
		module ? f->pc - module->start : f->pc);
}

/* "frame #3 reader() will call pthread_rwlock_unlock(0x…)" */
static const char *say(const struct ct_holders_inference *h, const struct ct_evidence_from *from,
	const struct ct_proof *proof, const char *verb, const char *how, uint64_t addr)
{
	const char *name = frame_name(h, &from->frames[proof->frame]);

	if (proof->row)
		return ct_sink_printf(h->ctx->sink, "frame #%u %s %s %s(0x%" PRIx64 ")",
			proof->frame, name, verb, proof->row->function, addr);
	return ct_sink_printf(h->ctx->sink, "frame #%u %s %s it at 0x%" PRIx64, proof->frame, name,
		how, proof->pc);
}

static const char *explain_inside(const struct ct_holders_inference *h,
	const struct ct_evidence_from *from, const struct ct_possession *possession, uint32_t frame)
{
	const char *name = frame_name(h, &from->frames[frame]);

	if (possession->runs)
		return ct_sink_printf(
			h->ctx->sink, "frame #%u %s runs %s", frame, name, possession->runs_what);
	if (!frame)
		return ct_sink_string(h->ctx->sink, "its thread-local data names the same team");
	return ct_sink_printf(
		h->ctx->sink, "frame #%u %s is the beginning of one of its threads", frame, name);
}

static const char *explain(const struct ct_holders_inference *h,
	const struct ct_evidence_from *from, const struct ct_evidence *e, const struct ct_wanted *w)
{
	const struct ct_possession *possession = w->primitive->possession;
	uint64_t addr = w->addr;
	const char *past = NULL, *future = NULL;

	if (e->inside)
		return explain_inside(h, from, possession, e->of_inside.frame);
	if (e->past >= CT_PAST_MAYBE)
		past = say(h, from, &e->of_past,
			e->past == CT_PAST_SURE ? "has called" : "has probably called", "has taken",
			addr);
	if (e->pad)
		future = say(h, from, &e->of_pad, "would, on an exception, call",
			"would, on an exception, release", addr);
	else if (e->future >= CT_FUTURE_MAYBE)
		future = say(h, from, &e->of_future,
			e->future == CT_FUTURE_SURE ? "will call" : "may call", "will release",
			addr);
	if (!past && !future && e->refers)
		return ct_sink_printf(h->ctx->sink, "frame #%u %s %s", e->of_refers.frame,
			frame_name(h, &from->frames[e->of_refers.frame]), possession->refers);
	if (past && future)
		return ct_sink_printf(h->ctx->sink, "%s and not yet released it; %s", past, future);
	if (past)
		return ct_sink_printf(h->ctx->sink, "%s and not released it since", past);
	return future ? future : "";
}

/* ---- one thread ---- */

static enum ct_status add_candidate(struct ct_holders_inference *h, uint32_t i, uint32_t actor,
	const struct ct_evidence_from *from, const struct ct_evidence *e)
{
	enum level level = weigh_by(h->wanted[i].primitive->possession, e);

	if (level == LEVEL_NONE)
		return CT_OK;
	struct candidate *slot = ct_vec_push(&h->candidates[i]);
	if (!slot)
		return CT_NO_MEMORY;
	*slot = (struct candidate){.actor = actor,
		.level = (uint8_t)level,
		.future = e->inside || e->pad || e->future >= CT_FUTURE_MAYBE,
		.past = e->past == CT_PAST_SURE,
		.took_frame = e->past >= CT_PAST_MAYBE ? e->of_past.frame : CT_NONE,
		.why = explain(h, from, e, &h->wanted[i])};
	return CT_OK;
}

enum ct_status ct_holders_ask(
	struct ct_holders_inference *h, uint32_t actor, const struct ct_evidence_from *from)
{
	enum ct_status status =
		ct_evidence_gather(h->ctx, h->code, h->wanted, h->n, from, h->evidence);
	h->cut = status == CT_DONE;
	return status ? status : ct_holders_add(h, actor, from, h->evidence);
}

enum ct_status ct_holders_add(struct ct_holders_inference *h, uint32_t actor,
	const struct ct_evidence_from *from, const struct ct_evidence *evidence)
{
	enum ct_status status = CT_OK;

	for (uint32_t i = 0; !status && i < h->n; i++)
		status = add_candidate(h, i, actor, from, &evidence[i]);
	return status;
}

/* ---- the conclusion ---- */

static uint32_t count_level(const candidates *c, enum level level)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n; i++)
		n += c->items[i].level == level;
	return n;
}

static const char *address_text(const struct ct_holders_inference *h, const struct ct_wanted *w)
{
	return ct_sink_printf(h->ctx->sink, "0x%" PRIx64, w->addr);
}

static enum ct_hold_mode mode_of(const struct ct_blocking *ctx, const struct ct_wanted *w)
{
	const struct ct_possession *possession = w->primitive->possession;

	return possession->mode_now ? possession->mode_now(ctx, w->addr) : possession->mode;
}

static void add_hold(
	struct ct_holders_inference *h, const struct ct_wanted *w, const struct candidate *c)
{
	ct_sink_hold(h->ctx->sink,
		&(struct ct_hold){.actor = c->actor,
			.resource = w->resource,
			.mode = mode_of(h->ctx, w),
			.trust = c->level == LEVEL_HIGH ? CT_TRUST_INFERRED : CT_TRUST_GUESS,
			.why = c->why,
			.took_frame = c->took_frame});
}

/* Each waiter is linked with each of them: a crowd before a crowd is not told. */
static bool is_crowd(struct ct_holders_inference *h, const struct ct_wanted *w, const candidates *c)
{
	uint64_t links = (uint64_t)h->waiters[w->resource] * c->n;

	if (links <= MAX_LINKS - h->links) {
		h->links += (uint32_t)links;
		return false;
	}
	ct_sink_note(h->ctx->sink, CT_NOTE_LIMIT, address_text(h, w),
		"%u threads wait for this, and the code of %u tells that they may be needed: who "
		"they are is not said",
		h->waiters[w->resource], c->n);
	return true;
}

/* Who took it may have handed it over to one who will release it: then the past alone is none. */
static void doubt_past(const struct ct_wanted *w, candidates *c)
{
	for (uint32_t i = 0; c->n > w->count && i < c->n; i++)
		if (!c->items[i].future)
			c->items[i].level = LEVEL_MEDIUM;
}

/*
 * Those who have it, if there are no more of them than it says; the guesses only when there is room
 * for all of them.
 */
static void conclude_lock(struct ct_holders_inference *h, const struct ct_wanted *w, candidates *c)
{
	doubt_past(w, c);
	uint32_t high = count_level(c, LEVEL_HIGH), all = c->n;
	bool guesses = all <= w->count;

	if (!all || is_crowd(h, w, c))
		return;
	if (high > w->count || (!high && !guesses)) {
		ct_sink_note(h->ctx->sink, CT_NOTE_TWO_CLAIMS, address_text(h, w),
			"the code of %u threads says that they have this, and at most %u can: who "
			"has it is not known",
			high > w->count ? high : all, w->count);
		return;
	}
	for (uint32_t i = 0; i < all; i++)
		if (c->items[i].level == LEVEL_HIGH || guesses)
			add_hold(h, w, &c->items[i]);
	if (!h->cut && (guesses ? all : high) == w->count)
		ct_sink_get_resource(h->ctx->sink, w->resource)->holders = CT_HOLDERS_COMPLETE;
}

static void add_peers(
	struct ct_holders_inference *h, const struct ct_wanted *w, const candidates *c)
{
	for (uint32_t i = 0; i < ct_sink_n_waits(h->ctx->sink); i++) {
		const struct ct_wait *wait = ct_sink_get_wait(h->ctx->sink, i);

		if (wait->resource != w->resource)
			continue;
		for (uint32_t k = 0; k < c->n; k++)
			if (c->items[k].actor != wait->actor)
				ct_sink_peer(h->ctx->sink, i,
					&(struct ct_peer){.actor = c->items[k].actor,
						.trust = c->items[k].level == LEVEL_HIGH
								 ? CT_TRUST_INFERRED
								 : CT_TRUST_GUESS,
						.why = c->items[k].why});
	}
}

/* A semaphore that one thread has taken and will give back, and nobody else will post. */
static void conclude_any_of(
	struct ct_holders_inference *h, const struct ct_wanted *w, const candidates *c)
{
	const struct candidate *only = c->n == 1 ? &c->items[0] : NULL;

	/* Those who were not asked might be others, and so may be those who are missing. */
	if (h->cut || is_crowd(h, w, c) || (w->primitive->possession->belongs && c->n != w->count))
		return;
	if (only && only->past && only->level == LEVEL_HIGH && w->count)
		add_hold(h, w, only);
	add_peers(h, w, c);
}

static bool count_waiters(struct ct_holders_inference *h)
{
	h->waiters = calloc((size_t)ct_sink_n_resources(h->ctx->sink) + 1, sizeof(*h->waiters));
	for (uint32_t i = 0; h->waiters && i < ct_sink_n_waits(h->ctx->sink); i++) {
		uint32_t resource = ct_sink_get_wait(h->ctx->sink, i)->resource;

		if (resource != CT_NONE)
			h->waiters[resource]++;
	}
	return h->waiters != NULL;
}

static int by_actor(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return (x->actor > y->actor) - (x->actor < y->actor);
}

enum ct_status ct_holders_conclude(struct ct_holders_inference *h)
{
	if (!count_waiters(h))
		return CT_NO_MEMORY;
	for (uint32_t i = 0; i < h->n; i++) {
		/* In whatever order they were asked. */
		if (h->candidates[i].n)
			qsort(h->candidates[i].items, h->candidates[i].n,
				sizeof(*h->candidates[i].items), by_actor);
		if (h->wanted[i].primitive->possession->any_of)
			conclude_any_of(h, &h->wanted[i], &h->candidates[i]);
		else
			conclude_lock(h, &h->wanted[i], &h->candidates[i]);
	}
	if (h->cut)
		ct_sink_note(h->ctx->sink, CT_NOTE_LIMIT, "holders",
			"not the code of all threads was looked at for who has what: there are too "
			"many");
	return CT_OK;
}
