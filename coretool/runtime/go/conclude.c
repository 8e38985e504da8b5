/* SPDX-License-Identifier: Apache-2.0 */
/* From what the code of goroutines says to holds and peers. */
#include <inttypes.h>

#include "runtime/go/owners.h"
#include "runtime/go/waits.h"

#define MAX_LINKS (1u << 18) /* waiters times those they may need, of all objects */

struct conclusion {
	struct ct_go_observation *o;
	struct ct_go_evidence *e;
	bool cut;
	uint32_t links;
	uint32_t *first_wait, *next_wait; /* of a resource, of a wait; CT_NONE: none */
};

static const char *const verbs[][2] = {
	[CT_GO_CLAIM_MUTEX] = {"sync.(*Mutex).Unlock", "unlock"},
	[CT_GO_CLAIM_WRITER] = {"sync.(*RWMutex).Unlock", "unlock"},
	[CT_GO_CLAIM_READER] = {"sync.(*RWMutex).RUnlock", "unlock"},
	[CT_GO_CLAIM_SEND] = {"send to", "send"},
	[CT_GO_CLAIM_RECEIVE] = {"receive from", "receive"},
	[CT_GO_CLAIM_DONE] = {"sync.(*WaitGroup).Done", "done"},
	[CT_GO_CLAIM_SIGNAL] = {"signal", "signal"},
	[CT_GO_CLAIM_CLOSE] = {"close", "close"},
	[CT_GO_CLAIM_RESET] = {"reset", "reset"},
};

/* "main.holder() at w.go:8" */
static const char *place(const struct conclusion *c, const struct ct_go_found *f)
{
	struct ct_sink *sink = c->o->sink;
	const struct ct_actor *actor = ct_sink_get_actor(sink, f->actor);
	const struct ct_stack *stack =
		actor->stack == CT_NONE ? NULL : ct_sink_get_stack(sink, actor->stack);

	if (!stack || f->frame >= stack->n_frames ||
		(stack->skipped_at && f->frame >= stack->skipped_at))
		return "of its stack";
	const struct ct_site *site = ct_sink_get_site(sink, stack->frames[f->frame].site);
	const struct ct_line *line = site->n_lines ? &site->lines[site->n_lines - 1] : NULL;
	const char *name = line && line->function ? line->function : site->function;
	if (!name)
		return "of its stack";
	if (!line || !line->file || !line->line)
		return ct_sink_printf(sink, "%s()", name);
	const char *slash = strrchr(line->file, '/');
	return ct_sink_printf(
		sink, "%s() at %s:%u", name, slash ? slash + 1 : line->file, line->line);
}

/* "frame #3 main.holder() at w.go:8 will call sync.(*Mutex).Unlock(0x…), deferred" */
static const char *explain(const struct conclusion *c, const struct ct_go_found *f)
{
	const struct ct_go_wanted *w = &c->e->wanted[f->wanted];
	const char *what = f->row ? f->row->function : verbs[w->claim][0];

	if (f->receives && !f->sends && !f->closes)
		return ct_sink_printf(c->o->sink, "frame #%u %s may receive from 0x%" PRIx64,
			f->frame, place(c, f), w->addr);
	return ct_sink_printf(c->o->sink, "frame #%u %s %s call %s(0x%" PRIx64 ")%s", f->frame,
		place(c, f), f->sure ? "will" : "may", what, w->addr,
		f->deferred ? ", deferred" : "");
}

/* What an event of this claim does; of a channel the call tells. */
static enum ct_deed_kind deed_kind(const struct ct_go_wanted *w, const struct ct_go_found *f)
{
	static const enum ct_deed_kind kinds[] = {
		[CT_GO_CLAIM_MUTEX] = CT_DEED_UNLOCK,
		[CT_GO_CLAIM_WRITER] = CT_DEED_UNLOCK,
		[CT_GO_CLAIM_READER] = CT_DEED_UNLOCK,
		[CT_GO_CLAIM_SEND] = CT_DEED_SEND,
		[CT_GO_CLAIM_RECEIVE] = CT_DEED_RECEIVE,
		[CT_GO_CLAIM_DONE] = CT_DEED_DONE,
		[CT_GO_CLAIM_SIGNAL] = CT_DEED_SIGNAL,
		[CT_GO_CLAIM_CLOSE] = CT_DEED_CLOSE,
		[CT_GO_CLAIM_RESET] = CT_DEED_RESET,
	};
	bool closes = f->row && !strcmp(f->row->function, "runtime.closechan");

	return w->claim == CT_GO_CLAIM_SEND && closes ? CT_DEED_CLOSE : kinds[w->claim];
}

struct ct_deed ct_go_deed_of(const struct ct_go_observation *o, const struct ct_go_evidence *e,
	const struct ct_go_found *found)
{
	return (struct ct_deed){.kind = (uint8_t)deed_kind(&e->wanted[found->wanted], found),
		.sure = found->sure,
		.deferred = found->deferred,
		.site = found->pc ? o->site(o->arg, found->pc, false) : CT_NONE};
}

static enum ct_trust trust_of(const struct ct_go_found *f, bool doubt)
{
	return f->sure && !doubt ? CT_TRUST_INFERRED : CT_TRUST_GUESS;
}

static bool is_crowd(struct conclusion *c, const struct ct_go_wanted *w, uint32_t n)
{
	uint64_t links = 0;

	for (uint32_t i = c->first_wait[w->resource]; i != CT_NONE; i = c->next_wait[i])
		links += n;
	if (links <= MAX_LINKS - c->links) {
		c->links += (uint32_t)links;
		return false;
	}
	ct_sink_note(c->o->sink, CT_NOTE_LIMIT, ct_sink_printf(c->o->sink, "0x%" PRIx64, w->addr),
		"many goroutines wait for this, and the code of %u tells that they may be needed: "
		"who they are is not said",
		n);
	return true;
}

/* The sure ones, if there are no more than it can have; guesses only where none is sure. */
static void conclude_lock(
	struct conclusion *c, const struct ct_go_wanted *w, const struct ct_go_found *f, uint32_t n)
{
	struct ct_sink *sink = c->o->sink;
	uint32_t sure = 0;

	for (uint32_t i = 0; i < n; i++)
		sure += f[i].sure;
	uint32_t said = sure ? sure : n;
	if (is_crowd(c, w, said))
		return;
	if (said > w->count) {
		ct_sink_note(sink, CT_NOTE_TWO_CLAIMS, ct_sink_printf(sink, "0x%" PRIx64, w->addr),
			"the code of %u goroutines says that they have this, and at most %u can: "
			"who has it is not known",
			said, w->count);
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		if (!sure || f[i].sure)
			ct_sink_hold(sink,
				&(struct ct_hold){.actor = f[i].actor,
					.resource = w->resource,
					.mode = w->claim == CT_GO_CLAIM_READER ? CT_HOLD_SHARED
									       : CT_HOLD_EXCLUSIVE,
					.trust = trust_of(&f[i], false),
					.why = explain(c, &f[i]),
					.took_frame = CT_NONE,
					.deed = ct_go_deed_of(c->o, c->e, &f[i])});
	if (sure == w->count && !c->cut && !ct_go_misses(c->o) && !c->o->waits->n_unread)
		ct_sink_get_resource(sink, w->resource)->holders = CT_HOLDERS_COMPLETE;
}

static bool is_wait_of(const struct ct_wait *wait, uint8_t claim)
{
	return ((claim != CT_GO_CLAIM_SEND && claim != CT_GO_CLAIM_RESET) ||
		       wait->kind == CT_WAIT_RECV) &&
	       (claim != CT_GO_CLAIM_RECEIVE || wait->kind == CT_WAIT_SEND);
}

static void conclude_peers(
	struct conclusion *c, const struct ct_go_wanted *w, const struct ct_go_found *f, uint32_t n)
{
	/* Others may do it, too, where somebody does it to what is not known, or is not known
	 * himself. Done is waited for from each who is to call it, whoever else is. */
	bool doubt =
		w->claim != CT_GO_CLAIM_DONE && (c->cut || c->e->unclear || ct_go_misses(c->o));

	if (is_crowd(c, w, n))
		return;
	for (uint32_t i = 0; i < n; i++) {
		const char *why = explain(c, &f[i]);
		const struct ct_deed deed = ct_go_deed_of(c->o, c->e, &f[i]);

		for (uint32_t k = c->first_wait[w->resource]; k != CT_NONE; k = c->next_wait[k]) {
			const struct ct_wait *wait = ct_sink_get_wait(c->o->sink, k);

			if (wait->actor != f[i].actor && is_wait_of(wait, w->claim))
				ct_sink_peer(c->o->sink, k,
					&(struct ct_peer){.actor = f[i].actor,
						.trust = trust_of(&f[i], doubt),
						.why = why,
						.deed = deed});
		}
	}
}

/* Who uses a channel is of interest where somebody will close it, or has panicked at it. */
static bool add_uses(
	struct conclusion *c, const struct ct_go_wanted *w, const struct ct_go_found *f, uint32_t n)
{
	bool closed = false;

	for (uint32_t i = 0; i < n; i++)
		closed |= f[i].closes;
	if (!closed && !w->panicked)
		return true;
	for (uint32_t k = 0; k < 2 * n; k++) {
		uint32_t i = k % n;
		bool told = f[i].closes || f[i].sends || w->panicked;

		/* Those who close it first, then the others. */
		if (f[i].closes != (k < n))
			continue;
		struct ct_channel_use *slot = ct_vec_push(&c->o->uses);
		if (!slot)
			return false;
		*slot = (struct ct_channel_use){.actor = f[i].actor,
			.resource = w->resource,
			.sends = f[i].sends,
			.receives = f[i].receives,
			.closes = f[i].closes,
			.sure = f[i].sure,
			.over = w->panicked,
			.endless = f[i].endless,
			.why = told ? explain(c, &f[i]) : NULL,
			.deed = f[i].closes ? ct_go_deed_of(c->o, c->e, &f[i])
					    : (struct ct_deed){0}};
	}
	return true;
}

static int by_question(const void *a, const void *b)
{
	const struct ct_go_found *x = a, *y = b;

	if (x->wanted != y->wanted)
		return x->wanted > y->wanted ? 1 : -1;
	return x->actor == y->actor ? 0 : x->actor > y->actor ? 1 : -1;
}

static bool link_waits(struct conclusion *c)
{
	uint32_t n = ct_sink_n_waits(c->o->sink), n_resources = ct_sink_n_resources(c->o->sink);

	c->first_wait = malloc(((size_t)n_resources + 1) * sizeof(*c->first_wait));
	c->next_wait = malloc(((size_t)n + 1) * sizeof(*c->next_wait));
	if (!c->first_wait || !c->next_wait)
		return false;
	for (uint32_t i = 0; i < n_resources; i++)
		c->first_wait[i] = CT_NONE;
	for (uint32_t i = n; i-- > 0;) {
		uint32_t resource = ct_sink_get_wait(c->o->sink, i)->resource;

		c->next_wait[i] = CT_NONE;
		if (resource == CT_NONE)
			continue;
		c->next_wait[i] = c->first_wait[resource];
		c->first_wait[resource] = i;
	}
	return true;
}

enum ct_status ct_go_conclude(struct ct_go_observation *o, struct ct_go_evidence *e, bool cut)
{
	struct conclusion c = {.o = o, .e = e, .cut = cut};
	struct ct_go_found *f = e->found.items;
	uint32_t n = e->found.n;
	bool ok = link_waits(&c);

	if (n)
		qsort(f, n, sizeof(*f), by_question);
	for (uint32_t i = 0, end; ok && i < n; i = end) {
		const struct ct_go_wanted *w = &e->wanted[f[i].wanted];

		for (end = i; end < n && f[end].wanted == f[i].wanted; end++)
			;
		if (ct_go_claims_hold(w->claim))
			conclude_lock(&c, w, &f[i], end - i);
		else if (w->claim == CT_GO_CLAIM_CLOSE)
			ok = add_uses(&c, w, &f[i], end - i);
		else
			conclude_peers(&c, w, &f[i], end - i);
	}
	if (cut)
		ct_sink_note(o->sink, CT_NOTE_LIMIT, "holders",
			"not the code of all goroutines was looked at for who has what: there are "
			"too many");
	free(c.first_wait);
	free(c.next_wait);
	return ok ? CT_OK : CT_NO_MEMORY;
}
