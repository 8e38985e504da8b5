/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT220: goroutines that look leaked, though something still reaches what they wait for: many,
 * made at one place and waiting for channels at one place, that came one after the other over a
 * long time and of which none was ever woken. Those that wait for locks are told by CT122; what a
 * Cond or a WaitGroup waits for is in other hands.
 *
 * The runtime notes the start of a wait at the collection that follows it, so each age is a lower
 * bound and those between two collections are equal; without a note there is no age, and then the
 * wait is as young as can be. Whoever is woken now and then has an age that says nothing of when he
 * was made: that the older one always waits longer is the sign that none was.
 */
#include <inttypes.h>

#include "facts/go.h"
#include "rules/findings.h"
#include "rules/policy.h"
#include "rules/progress.h"
#include "rules/words.h"

#define SECOND    UINT64_C(1000000000)
#define PARTS     4   /* of the time in which they came: in each some have … */
#define FEW       16  /* … that are at least one in so many */
#define NEWCOMERS 8   /* one in so many may be on the way to the wait, or be out of order */
#define MAX_CASES 16  /* of a select */
#define LOOKED_AT 64  /* of a place, of whom it is asked whether anybody will wake them */
#define PLACES    256 /* that are looked at in full */

struct suspect {
	uint32_t made; /* site */
	uint32_t stack, actor;
	uint8_t kind; /* of wait */
	uint64_t id, age;
};

struct place { /* a stack */
	uint32_t n;
	uint64_t oldest;
};

struct makers {                 /* goroutines by where they were made */
	uint32_t *first, *next; /* by site, and by actor; CT_NONE */
};

struct group {                      /* of one finding */
	const struct suspect *list; /* by id */
	uint32_t n;
	uint64_t oldest, youngest; /* ages */
};

static const struct {
	const char *waits, *harmless;
	enum ct_confidence confidence;
} kinds[CT_N_WAIT_KINDS] = {
	[CT_WAIT_SEND] = {"to send", "somebody will come to receive", CT_LIKELY},
	[CT_WAIT_RECV] = {"to receive",
		"each is there for something that is still in use, as a client that had no event "
		"yet",
		CT_POSSIBLE},
	[CT_WAIT_SELECT] = {"in a select",
		"each is there for something that is still in use, as a client that had no event "
		"yet",
		CT_POSSIBLE},
};

/* One that waits for nothing but what other goroutines do, without an end in sight. */
static bool is_suspect(const struct ct_facts *facts, uint32_t actor, struct suspect *ret)
{
	const struct ct_actor *a = &facts->actors[actor];

	if (a->kind != CT_ACTOR_GOROUTINE || a->state != CT_STATE_WAITING || a->system ||
		a->bubble || a->carrier != CT_NONE || a->stack == CT_NONE || !a->n_waits ||
		a->n_waits > MAX_CASES)
		return false;
	for (uint32_t i = 0; i < a->n_waits; i++) {
		const struct ct_wait *wait = &facts->waits[a->first_wait + i];

		if (wait->timed || wait->outside || wait->never || wait->resource == CT_NONE ||
			wait->trust > CT_TRUST_LAYOUT || !kinds[wait->kind].waits ||
			ct_wait_is_for_end(facts, wait))
			return false;
	}
	const struct ct_wait *first = &facts->waits[a->first_wait];
	*ret = (struct suspect){.stack = a->stack,
		.actor = actor,
		.kind = a->n_waits > 1 ? CT_WAIT_SELECT : first->kind,
		.id = a->id,
		.age = first->has_since ? first->since_ns : 0};
	return true;
}

/* ---- one place ---- */

/* Did they come all the time from the first one to the last? */
static bool came_steadily(const struct group *g)
{
	uint64_t part = (g->oldest - g->youngest) / PARTS + 1;
	uint32_t parts[PARTS] = {0};

	for (uint32_t i = 0; i < g->n; i++)
		parts[(g->list[i].age - g->youngest) / part]++;
	for (unsigned i = 0; i < PARTS; i++)
		if (parts[i] < g->n / FEW + 1)
			return false;
	return true;
}

/* Has each waited since it came? Numbers are given in the order of making, but each P has some in
 * store: neighbours may have changed places. */
static bool in_order(const struct group *g)
{
	uint32_t n = 0, apart = CT_MAX(g->n / PARTS, 1u);

	for (uint32_t i = apart; i < g->n; i++)
		n += g->list[i].age > g->list[i - apart].age;
	return n <= g->n / NEWCOMERS;
}

/* Those that take from one channel are workers, who have nothing to do. */
static bool is_pool(const struct ct_facts *facts, const struct group *g)
{
	const struct ct_actor *first = &facts->actors[g->list[0].actor];

	for (uint32_t i = 0; i < first->n_waits; i++) {
		const struct ct_wait *wait = &facts->waits[first->first_wait + i];
		uint32_t n = 0;

		if (wait->kind != CT_WAIT_RECV)
			continue;
		for (uint32_t k = 0; k < g->n; k++) {
			const struct ct_actor *a = &facts->actors[g->list[k].actor];
			bool same = false;

			for (uint32_t w = 0; w < a->n_waits && !same; w++)
				same = facts->waits[a->first_wait + w].resource == wait->resource;
			n += same;
		}
		if (n > g->n / 2)
			return true;
	}
	return false;
}

/*
 * Work in flight: of those made there some do other things, that are older than most of these.
 * Those that were made last may just not have come to the wait yet. Few of another group are enough
 * for an answer: all groups together look at each goroutine hardly more than once.
 */
static bool has_work(
	const struct ct_facts *facts, const struct makers *makers, const struct group *g)
{
	uint64_t last = g->list[g->n - 1 - g->n / NEWCOMERS].id;
	uint32_t newcomers = 0;

	for (uint32_t i = makers->first[g->list->made]; i != CT_NONE; i = makers->next[i]) {
		struct suspect other;

		if (is_suspect(facts, i, &other) && other.stack == g->list->stack &&
			other.kind == g->list->kind)
			continue;
		if (facts->actors[i].id < last || ++newcomers > g->n / NEWCOMERS)
			return true;
	}
	return false;
}

static bool somebody_comes(const struct ct_facts *facts, const struct group *g)
{
	uint32_t step = g->n / LOOKED_AT + 1;

	for (uint32_t i = 0; i < g->n; i += step)
		if (ct_may_go_on(facts, g->list[i].actor))
			return true;
	return false;
}

/* ---- what is said ---- */

static void add_step(struct ct_findings *out, struct ct_draft *draft, const struct suspect *s)
{
	const struct ct_facts *facts = out->facts;
	uint32_t first = facts->actors[s->actor].first_wait;
	uint32_t resource = s->kind == CT_WAIT_SELECT ? CT_NONE : facts->waits[first].resource;

	ct_draft_step(draft,
		ct_arena_printf(out->arena, "%s waits %s%s%s%s",
			ct_say_actor(out->arena, facts, s->actor), kinds[s->kind].waits,
			resource != CT_NONE ? ", at " : "",
			resource != CT_NONE ? ct_say_resource(out->arena, facts, resource) : "",
			s->age ? ct_arena_printf(out->arena, ", for at least %" PRIu64 " s",
					 s->age / SECOND)
			       : ", since after the last collection"),
		s->actor, resource, ct_own_frame(facts, s->actor));
	if (resource != CT_NONE)
		ct_draft_resource(draft, resource);
}

static enum ct_status report(struct ct_findings *out, const struct group *g)
{
	const struct ct_facts *facts = out->facts;
	struct ct_draft draft = {.rule = &ct_rule_go_leak_suspect,
		.level = CT_P2,
		.confidence = CT_MAX(kinds[g->list->kind].confidence,
			ct_confidence_of(facts, CT_TRUST_INFERRED))};
	uint32_t first = g->list[0].actor;
	const char *at = ct_say_frame(out->arena, facts, first, ct_own_frame(facts, first));
	const char *by = ct_say_site(out->arena, facts, g->list->made);
	const char *unknown = facts->go->leaks_unknown;

	for (uint32_t i = 0; i < g->n; i++)
		ct_draft_actor(&draft, g->list[i].actor);
	add_step(out, &draft, &g->list[0]);
	add_step(out, &draft, &g->list[g->n / 2]);
	add_step(out, &draft, &g->list[g->n - 1]);
	draft.title = ct_arena_printf(out->arena, "%u goroutines look leaked: they wait %s", g->n,
		kinds[g->list->kind].waits);
	draft.message = ct_arena_printf(out->arena,
		"%s%s%s%s%s; they came one after the other, the first waits for at least %" PRIu64
		" s, and none of them seems to have been woken since it came; not proven%s%s",
		draft.title, at ? ", at " : "", at ? at : "", by ? "; made by " : "", by ? by : "",
		g->oldest / SECOND,
		unknown ? "; whether something still reaches what they wait for is not known: "
			: ", as something still reaches what they wait for",
		unknown ? unknown : "");
	draft.hint = ct_arena_printf(out->arena,
		"Harmless when %s. Else let them end: select on a context's Done() beside the "
		"wait. coretool diff of two cores tells whether they become more.",
		kinds[g->list->kind].harmless);
	return ct_findings_add(out, &draft);
}

static enum ct_status judge(struct ct_findings *out, const struct makers *makers,
	const struct suspect *list, uint32_t n, uint64_t least)
{
	struct group g = {.list = list, .n = n, .youngest = UINT64_MAX};

	for (uint32_t i = 0; i < n; i++) {
		g.oldest = CT_MAX(g.oldest, list[i].age);
		g.youngest = CT_MIN(g.youngest, list[i].age);
	}
	if (g.oldest - g.youngest < least || !came_steadily(&g) || !in_order(&g) ||
		is_pool(out->facts, &g) || has_work(out->facts, makers, &g) ||
		somebody_comes(out->facts, &g))
		return CT_OK;
	return report(out, &g);
}

/* ---- all places ---- */

static int compare_places(const struct suspect *x, const struct suspect *y)
{
	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	if (x->made != y->made)
		return x->made < y->made ? -1 : 1;
	return (x->kind > y->kind) - (x->kind < y->kind);
}

static int by_place(const void *a, const void *b)
{
	const struct suspect *x = a, *y = b;
	int order = compare_places(x, y);

	return order ? order : (x->id > y->id) - (x->id < y->id);
}

/* Whoever another finding speaks of is told; who is leaked, though a rule about that be off, is no
 * suspect. */
static void take_told(const struct ct_findings *out, bool *told)
{
	for (uint32_t i = 0; i < out->list.n; i++)
		for (uint32_t k = 0; k < out->list.items[i].n_actors; k++)
			told[out->list.items[i].actors[k]] = true;
	for (uint32_t i = 0; i < out->facts->go->n_leaks; i++)
		told[out->facts->go->leaks[i].actor] = true;
}

/* Counts those at each stack; how many there are where they are many and old. */
static uint32_t count_places(const struct ct_facts *facts, const bool *told, uint32_t least,
	uint64_t age, struct place *places)
{
	struct suspect s;
	uint32_t n = 0;

	for (uint32_t i = 0; i < facts->n_actors; i++) {
		if (told[i] || !is_suspect(facts, i, &s))
			continue;
		places[s.stack].n++;
		places[s.stack].oldest = CT_MAX(places[s.stack].oldest, s.age);
	}
	for (uint32_t i = 0; i < facts->n_stacks; i++) {
		if (places[i].n < least || places[i].oldest < age)
			places[i].n = 0;
		n += places[i].n;
	}
	return n;
}

static enum ct_status group_by_maker(const struct ct_facts *facts, struct makers *ret)
{
	ret->first = malloc(((size_t)facts->n_sites + 1) * sizeof(*ret->first));
	ret->next = malloc(((size_t)facts->n_actors + 1) * sizeof(*ret->next));
	if (!ret->first || !ret->next)
		return CT_NO_MEMORY;
	memset(ret->first, 0xff, facts->n_sites * sizeof(*ret->first));
	for (uint32_t i = 0; i < facts->n_actors; i++) {
		uint32_t made = facts->actors[i].kind == CT_ACTOR_GOROUTINE
					? ct_goroutine_creator(facts, i)
					: CT_NONE;

		if (made == CT_NONE)
			continue;
		ret->next[i] = ret->first[made];
		ret->first[made] = i;
	}
	return CT_OK;
}

static enum ct_status judge_each(struct ct_findings *out, const struct suspect *list, uint32_t n,
	uint32_t least, uint64_t age)
{
	struct makers makers = {0};
	enum ct_status status = group_by_maker(out->facts, &makers);
	uint32_t looked_at = 0;

	for (uint32_t i = 0, end; !status && i < n && looked_at < PLACES; i = end) {
		for (end = i + 1; end < n && !compare_places(&list[i], &list[end]); end++)
			;
		if (end - i < least)
			continue;
		looked_at++;
		status = judge(out, &makers, &list[i], end - i, age);
	}
	free(makers.first);
	free(makers.next);
	return status;
}

static enum ct_status look_at(struct ct_findings *out, const bool *told, const struct place *places,
	uint32_t n, uint32_t least, uint64_t age)
{
	const struct ct_facts *facts = out->facts;
	ct_autofree struct suspect *list = calloc(n, sizeof(*list));
	uint32_t found = 0;

	if (!list)
		return CT_NO_MEMORY;
	for (uint32_t i = 0; i < facts->n_actors && found < n; i++)
		if (!told[i] && is_suspect(facts, i, &list[found]) && places[list[found].stack].n) {
			list[found].made = ct_goroutine_creator(facts, i);
			found += list[found].made != CT_NONE;
		}
	if (!found)
		return CT_OK;
	qsort(list, found, sizeof(*list), by_place);
	return judge_each(out, list, found, least, age);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	uint32_t least = CT_MAX(ct_policy_threshold(policy, CT_THRESHOLD_SUSPECTS), 2u);
	uint64_t age = ct_policy_threshold(policy, CT_THRESHOLD_SUSPECT_AGE) * SECOND;

	(void)graph;
	/* Who would wake them may be in what is missing. */
	if (!facts->go || facts->go->guessed || facts->target.n_partial)
		return CT_OK;
	ct_autofree bool *told = calloc((size_t)facts->n_actors + 1, sizeof(*told));
	ct_autofree struct place *places = calloc((size_t)facts->n_stacks + 1, sizeof(*places));
	if (!told || !places)
		return CT_NO_MEMORY;
	take_told(out, told);
	uint32_t n = count_places(facts, told, least, CT_MAX(age, 1u), places);
	return n ? look_at(out, told, places, n, least, CT_MAX(age, 1u)) : CT_OK;
}

const struct ct_rule ct_rule_go_leak_suspect = {
	.id = "CT220",
	.name = "go-leak-suspect",
	.summary = "many goroutines of one place have come over a long time, and wait since they "
		   "came",
	.help = "Something still reaches what they wait for, so CT210 does not speak of them. They "
		"were made at one place and wait at one place; they came one after the other, "
		"and the older one always waits longer, so that none was ever woken. How long they "
		"wait is known from the first collection of garbage on that they wait in. The "
		"thresholds leak-suspects and leak-suspect-age say how many they are, and how many "
		"seconds lie between the first and the last. The most numerous come first.",
	.silent_when =
		"The wait is for something else than a channel, ends by a time or from outside "
		"(network, files), or by a struct {}, as that of a context; all take from one "
		"channel (a pool of workers); some that were made there before them do something "
		"else (work in flight); they came all at once, or have been woken since; no "
		"collection has noted when they began; somebody who goes on is known who will "
		"wake them; another finding speaks of them; the runtime made them; a part of "
		"memory is missing, or the layouts are those of another version.",
	.level = CT_P2,
	.wants = CT_WANT_STACKS | CT_WANT_GOROUTINES | CT_WANT_LEAKS,
	.run = run,
};
