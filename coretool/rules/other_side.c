/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/other_side.h"

#include "facts/go.h"
#include "facts/go_references.h"
#include "facts/go_timers.h"
#include "rules/contexts.h"
#include "rules/findings.h"
#include "rules/words.h"

#define DOERS_SAID   2
#define CLOSERS_SEEN 64 /* of a channel: whoever waits there is told of them */

/* ---- who ---- */

/* It goes on by itself, or by what is not of this process. */
static bool ends_by_itself(const struct ct_wait *wait)
{
	return !wait->never && (wait->timed || wait->outside || wait->resource == CT_NONE);
}

bool ct_is_blocked(const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];

	for (uint32_t i = 0; i < a->n_waits; i++)
		if (ends_by_itself(&facts->waits[a->first_wait + i]))
			return false;
	return a->n_waits;
}

/* Those who can go on stand before those who cannot; among them the surer first. */
static bool comes_before(
	const struct ct_facts *facts, const struct ct_doer *x, const struct ct_doer *y)
{
	bool x_blocked = ct_is_blocked(facts, x->actor), y_blocked = ct_is_blocked(facts, y->actor);

	if (x_blocked != y_blocked)
		return y_blocked;
	if (x->deed.sure != y->deed.sure)
		return x->deed.sure;
	return x->trust < y->trust;
}

struct doers {
	const struct ct_facts *facts;
	struct ct_doer *list; /* of CT_MAX_DOERS, in order */
	uint32_t n, total;
	bool more; /* than these in all */
};

static void add(struct doers *d, const struct ct_doer *doer)
{
	uint32_t at = d->n;

	d->total++;
	while (at && comes_before(d->facts, doer, &d->list[at - 1]))
		at--;
	if (at == CT_MAX_DOERS)
		return;
	d->n = CT_MIN(d->n + 1, (uint32_t)CT_MAX_DOERS);
	memmove(&d->list[at + 1], &d->list[at], (d->n - at - 1) * sizeof(*d->list));
	d->list[at] = *doer;
}

/* Who closes the channel ends the wait of who sends to it, too: by a panic. */
static void add_closers(struct doers *d, const struct ct_wait *wait)
{
	const struct ct_fact_go *go = d->facts->go;
	uint64_t at = d->facts->resources[wait->resource].address;
	uint32_t lo = 0, hi = go ? go->n_uses : 0;

	CT_BISECT(lo, hi, mid, d->facts->resources[go->uses[mid].resource].address < at);
	for (uint32_t i = lo; go && i < go->n_uses; i++) {
		const struct ct_channel_use *use = &go->uses[i];

		if (use->resource != wait->resource || !use->closes)
			break;
		if (i - lo == CLOSERS_SEEN) {
			d->more = true;
			break;
		}
		if (use->actor != wait->actor)
			add(d, &(struct ct_doer){.actor = use->actor,
				       .trust = CT_TRUST_INFERRED,
				       .wait = wait,
				       .why = use->why,
				       .deed = use->deed});
	}
}

static void add_holders(struct doers *d, const struct ct_wait *wait)
{
	const struct ct_resource *r = &d->facts->resources[wait->resource];

	for (uint32_t i = 0; i < r->n_holds; i++) {
		const struct ct_hold *hold =
			&d->facts->holds[d->facts->holds_by_resource[r->first_hold + i]];

		if (ct_hold_blocks(wait, hold))
			add(d, &(struct ct_doer){.actor = hold->actor,
				       .trust = (uint8_t)hold->trust,
				       .wait = wait,
				       .why = hold->why,
				       .deed = hold->deed,
				       .holds = true});
	}
}

static void add_doers(struct doers *d, const struct ct_wait *wait)
{
	for (uint32_t i = 0; i < wait->n_peers; i++) {
		const struct ct_peer *peer = &d->facts->peers[wait->first_peer + i];

		add(d, &(struct ct_doer){.actor = peer->actor,
			       .trust = (uint8_t)peer->trust,
			       .wait = wait,
			       .why = peer->why,
			       .deed = peer->deed});
	}
	if (wait->resource == CT_NONE)
		return;
	add_holders(d, wait);
	if (wait->kind == CT_WAIT_SEND)
		add_closers(d, wait);
}

uint32_t ct_list_doers(const struct ct_facts *facts, const struct ct_wait *wait,
	struct ct_doer list[CT_MAX_DOERS], uint32_t *n)
{
	struct doers d = {.facts = facts, .list = list};

	add_doers(&d, wait);
	*n = d.n;
	return d.total;
}

/* ---- what they will do ---- */

static const char *const verbs[CT_N_DEEDS] = {
	[CT_DEED_UNLOCK] = "unlock",
	[CT_DEED_SEND] = "send to",
	[CT_DEED_RECEIVE] = "receive from",
	[CT_DEED_CLOSE] = "close",
	[CT_DEED_DONE] = "call Done of",
	[CT_DEED_SIGNAL] = "signal",
	[CT_DEED_RESET] = "reset the timer of",
};

const char *ct_say_deed_place(
	struct ct_arena *arena, const struct ct_facts *facts, const struct ct_deed *deed)
{
	const char *line = deed->site != CT_NONE ? ct_say_line(arena, facts, deed->site) : NULL;

	if (!line)
		return deed->deferred ? " (deferred)" : "";
	return ct_arena_printf(arena, " (%s%s)", deed->deferred ? "deferred, " : "", line);
}

/* how: "will", or less. */
static const char *say_deed(struct ct_arena *arena, const struct ct_facts *facts, const char *how,
	const struct ct_deed *deed, const char *object)
{
	return ct_arena_printf(arena, "%s %s %s%s", how, verbs[deed->kind], object,
		ct_say_deed_place(arena, facts, deed));
}

/* "chan int at 0x…, to send", "a select" */
static const char *say_blocked_on(
	struct ct_arena *arena, const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];
	const struct ct_wait *wait = &facts->waits[a->first_wait];

	if (wait->kind == CT_WAIT_SELECT || a->n_waits > 1)
		return wait->never ? "a select that can never be ready" : "a select";
	if (wait->never || wait->resource == CT_NONE)
		return "a nil channel";
	return ct_arena_printf(arena, "%s%s", ct_say_resource(arena, facts, wait->resource),
		wait->kind == CT_WAIT_SEND   ? ", to send"
		: wait->kind == CT_WAIT_RECV ? ", to receive"
					     : "");
}

const char *ct_say_doer_state(
	struct ct_arena *arena, const struct ct_facts *facts, uint32_t waiter, uint32_t actor)
{
	const char *at = ct_say_frame(arena, facts, actor, ct_own_frame(facts, actor));
	bool blocked = ct_is_blocked(facts, actor);

	if (actor == waiter)
		return ", once it goes on";
	return ct_arena_printf(arena, "%s%s%s%s",
		blocked ? ", but is itself blocked on " : "; it is ",
		blocked ? say_blocked_on(arena, facts, actor)
			: ct_say_activity(arena, facts, actor),
		at ? ", at " : "", at ? at : "");
}

/* ---- nobody ---- */

/* Is it known that nothing which can run reaches what would wake it? *found: it looks so. */
static bool is_lost(const struct ct_facts *facts, uint32_t actor, bool *found)
{
	const struct ct_fact_go *go = facts->go;
	uint32_t lo = 0, hi = go ? go->n_leaks : 0;
	enum ct_trust worst = CT_TRUST_EXACT;
	const struct ct_actor *a = &facts->actors[actor];

	CT_BISECT(lo, hi, mid, go->leaks[mid].actor < actor);
	*found = go && lo < go->n_leaks && go->leaks[lo].actor == actor;
	for (uint32_t i = 0; i < a->n_waits; i++)
		worst = CT_MAX(worst, (enum ct_trust)facts->waits[a->first_wait + i].trust);
	return *found && !go->leaks_doubt && !go->guessed && !facts->target.n_partial &&
	       ct_confidence_of(facts, worst) == CT_PROVEN;
}

const struct ct_go_referred *ct_find_referred(
	const struct ct_facts *facts, const struct ct_wait *wait)
{
	const struct ct_fact_go_references *all = facts->go_references;

	for (uint32_t i = 0; all && wait->resource != CT_NONE && i < all->n; i++)
		if (all->objects[i].address == facts->resources[wait->resource].address)
			return &all->objects[i];
	return NULL;
}

/* Has anybody looked for what else leads to what it waits for, and found nothing? */
static bool has_it_alone(const struct ct_facts *facts, const struct ct_actor *a)
{
	for (uint32_t i = 0; i < a->n_waits; i++) {
		const struct ct_go_referred *o =
			ct_find_referred(facts, &facts->waits[a->first_wait + i]);

		if (!o || o->n || o->n_more || o->own)
			return false;
	}
	return !facts->go_references->partial;
}

static bool is_channel(const struct ct_wait *wait)
{
	return wait->kind == CT_WAIT_SEND || wait->kind == CT_WAIT_RECV;
}

/* "receive from it" */
static const char *say_missed(const struct ct_facts *facts, const struct ct_actor *a)
{
	const struct ct_wait *wait = &facts->waits[a->first_wait];

	if (a->n_waits > 1)
		return "do what any of its cases waits for";
	switch (wait->kind) {
	case CT_WAIT_SEND:
		return "receive from it";
	case CT_WAIT_RECV:
		return ct_resource_value(&facts->resources[wait->resource], "timer")
			       ? "reset its timer"
			       : "send to it or close it";
	case CT_WAIT_WAITGROUP:
		return "call Done of it";
	case CT_WAIT_COND:
		return "signal it";
	case CT_WAIT_ONCE:
		return "end its function";
	default:
		return "unlock it";
	}
}

static const char *say_nobody(struct ct_arena *arena, const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];
	const char *what = say_missed(facts, a);
	const char *it = a->n_waits > 1                             ? "any of its channels"
			 : is_channel(&facts->waits[a->first_wait]) ? "the other end"
								    : "it";
	bool found, lost = is_lost(facts, actor, &found);

	if (lost && has_it_alone(facts, a))
		return ct_arena_printf(arena, "nobody will %s: nothing else leads to %s", what,
			a->n_waits > 1 ? "them" : "it");
	if (lost)
		return ct_arena_printf(
			arena, "nobody will %s: no goroutine that can run holds %s", what, it);
	return ct_arena_printf(arena, "nobody was found that will %s%s%s", what,
		found ? ": no goroutine that can run was seen to hold " : "", found ? it : "");
}

/* ---- a deadline ---- */

/* Of the waits of the actor for the Done() of a context the one that a deadline ends first; NULL:
 * none is known. */
static const struct ct_wait *first_deadline(
	const struct ct_facts *facts, const struct ct_actor *a, uint32_t *whose, int64_t *in)
{
	const struct ct_wait *ret = NULL;

	for (uint32_t i = 0; i < a->n_waits; i++) {
		const struct ct_wait *wait = &facts->waits[a->first_wait + i];
		uint32_t context = ct_context_of_done(facts, wait->resource), by = CT_NONE;
		int64_t ends = context != CT_NONE && wait->kind == CT_WAIT_RECV
				       ? ct_context_ends_in(facts->go_contexts, context, &by)
				       : 0;

		if (!ends || (ret && ends >= *in))
			continue;
		ret = wait;
		*in = ends;
		*whose = by;
	}
	return ret;
}

/* "the deadline of timerCtx 0x… will close it, in at most 3 s"; NULL: none is known. */
static const char *say_deadline(
	struct ct_arena *arena, const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];
	uint32_t whose = CT_NONE;
	int64_t in = 0;
	const struct ct_wait *wait = first_deadline(facts, a, &whose, &in);

	if (!wait)
		return NULL;
	return ct_arena_printf(arena, "the deadline of %s will close %s, in at most %s",
		ct_say_context(arena, &facts->go_contexts->contexts[whose]),
		a->n_waits > 1 ? ct_say_resource(arena, facts, wait->resource) : "it",
		ct_say_at_most(arena, in));
}

/* ---- a timer that calls a function ---- */

/* What the function of a timer would do to what it waits for; NULL: no such is known. */
static const struct ct_go_timer_deed *first_timer(
	const struct ct_facts *facts, const struct ct_actor *a)
{
	const struct ct_fact_go_timers *t = facts->go_timers;
	const struct ct_go_timer_deed *first = NULL;

	for (uint32_t i = 0; t && i < a->n_waits; i++) {
		uint32_t resource = facts->waits[a->first_wait + i].resource;
		uint32_t lo = 0, hi = t->n_deeds;

		CT_BISECT(lo, hi, mid, t->deeds[mid].resource < resource);
		if (lo < t->n_deeds && t->deeds[lo].resource == resource &&
			(!first || ct_go_is_sooner(&t->deeds[lo], first)))
			first = &t->deeds[lo];
	}
	return first;
}

/* "main.stop() main.go:30, which a timer calls in at most 3 s, would close it (main.go:31)": if
 * nobody stops it, and nothing blocks it. "a timer that has it calls main.stop() main.go:30 in at
 * most 3 s" where its code does not tell; NULL where it has no name either. */
static const char *say_timer(struct ct_arena *arena, const struct ct_facts *facts,
	const struct ct_actor *a, const struct ct_go_timer_deed *t)
{
	const char *what = a->n_waits > 1 ? ct_say_resource(arena, facts, t->resource) : "it";
	const char *function = ct_say_site(arena, facts, t->site);
	bool clock = facts->go_timers->clock, due = clock && t->fires <= 0;
	const char *in = clock && !due ? ct_arena_printf(arena, " in at most %s",
						 ct_say_at_most(arena, t->fires))
				       : "";

	if (t->deed.kind)
		return ct_arena_printf(arena, "%s, which a timer%s calls%s, %s",
			function ? function : "a function", due ? " that is due" : "", in,
			say_deed(arena, facts, t->deed.sure ? "would" : "may", &t->deed, what));
	if (!function)
		return NULL;
	return ct_arena_printf(arena, "a timer that has %s%s calls %s%s", what,
		due ? " and is due" : "", function, in);
}

/* ---- the sentence ---- */

static bool is_asked(const struct ct_facts *facts, const struct ct_actor *a)
{
	if (a->kind != CT_ACTOR_GOROUTINE || a->system || !a->n_waits)
		return false;
	for (uint32_t i = 0; i < a->n_waits; i++) {
		const struct ct_wait *wait = &facts->waits[a->first_wait + i];

		/* Nothing can end it: the wait itself says so. */
		if (wait->never || ends_by_itself(wait) || wait->owner_gone ||
			!strcmp(facts->resources[wait->resource].kind, "go_runtime_sema"))
			return false;
	}
	return true;
}

static void add_doer(struct ct_str *s, struct ct_arena *arena, const struct ct_facts *facts,
	const struct ct_doer *doer, bool names)
{
	uint32_t waiter = doer->wait->actor;
	const char *object = names ? ct_say_resource(arena, facts, doer->wait->resource) : "it";

	ct_str_add(s, "%s%s ", s->len ? "; " : "",
		doer->actor == waiter ? "nobody but itself"
				      : ct_say_actor(arena, facts, doer->actor));
	if (doer->deed.kind)
		ct_str_add(s, "%s",
			say_deed(arena, facts, doer->deed.sure ? "will" : "may", &doer->deed,
				object));
	else
		ct_str_add(s, "would %s %s", ct_say_release(facts, doer->wait), object);
	ct_str_add(s, "%s", ct_say_doer_state(arena, facts, waiter, doer->actor));
}

/* What comes by itself, behind those who would do it; that nobody was found, if nothing does. What
 * only leaked goroutines have no timer has, whatever is left in memory. */
static void add_times(
	struct ct_str *s, struct ct_arena *arena, const struct ct_facts *facts, uint32_t actor)
{
	bool leaked;

	(void)is_lost(facts, actor, &leaked);
	const char *deadline = leaked ? NULL : say_deadline(arena, facts, actor);
	const struct ct_actor *a = &facts->actors[actor];
	const struct ct_go_timer_deed *timer = leaked ? NULL : first_timer(facts, a);
	const char *said = timer ? say_timer(arena, facts, a, timer) : NULL;
	bool does = said && timer->deed.kind, nobody = !s->len && !deadline && !does;
	if (deadline)
		ct_str_add(s, "%s%s", s->len ? "; at the latest " : "", deadline);
	else if (nobody)
		ct_str_add(s, "%s", say_nobody(arena, facts, actor));
	if (said)
		ct_str_add(s, "%s%s", nobody ? "; but " : s->len ? "; " : "", said);
}

const char *ct_say_other_side(struct ct_arena *arena, const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];
	struct ct_doer list[CT_MAX_DOERS];
	struct doers d = {.facts = facts, .list = list};
	ct_autostr text = {0};

	if (!is_asked(facts, a))
		return NULL;
	for (uint32_t i = 0; i < a->n_waits; i++)
		add_doers(&d, &facts->waits[a->first_wait + i]);
	for (uint32_t i = 0; i < CT_MIN(d.n, (uint32_t)DOERS_SAID); i++)
		add_doer(&text, arena, facts, &list[i], a->n_waits > 1);
	if (d.total > DOERS_SAID)
		ct_str_add(&text, "; so may %s%u more", d.more ? "at least " : "",
			d.total - DOERS_SAID);
	add_times(&text, arena, facts, actor);
	return text.failed ? NULL : ct_arena_strndup(arena, ct_str_text(&text), text.len);
}

const char *ct_say_object_and_other_side(
	struct ct_arena *arena, const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];
	const char *text = ct_say_other_side(arena, facts, actor);

	if (!text)
		return NULL;
	return ct_arena_printf(arena, "%s: %s",
		a->n_waits == 1
			? ct_say_resource(arena, facts, facts->waits[a->first_wait].resource)
			: ct_arena_printf(
				  arena, "the select of %s", ct_say_actor(arena, facts, actor)),
		text);
}
