/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT101, and CT204 where goroutines take part: a circle of threads, each of which waits for what
 * the next one holds; or a knot, in which some wait for what one of several would end, and all of
 * these are in it or stuck as well.
 */
#include "rules/findings.h"
#include "rules/other_side.h"
#include "rules/words.h"

/* The edges of one waiter stand together. */
static bool is_first_of_waiter(const struct ct_cycle *c, uint32_t i)
{
	return !i || c->edges[i - 1].waiter != c->edges[i].waiter;
}

/* All that are in the circle, and all that wait behind it, are stuck. Returns how many are in it.
 */
static uint32_t add_stuck(struct ct_findings *out, struct ct_draft *draft, uint32_t cycle)
{
	const struct ct_cycle *c = &out->graph->cycles[cycle];

	for (uint32_t i = 0; i < c->n_edges; i++)
		if (is_first_of_waiter(c, i))
			ct_draft_actor(draft, c->edges[i].waiter);
	uint32_t members = draft->actors.n;
	for (uint32_t a = out->graph->first_of_cycle[cycle]; a != CT_NONE; a = out->graph->next[a])
		if (!out->graph->in_cycle[a])
			ct_draft_actor(draft, a);
	return members;
}

static const char *title(struct ct_findings *out, const struct ct_cycle *c, uint32_t members)
{
	const struct ct_facts *facts = out->facts;
	const char *first = ct_say_actor(out->arena, facts, c->edges[0].waiter);

	if (members == 2)
		return ct_arena_printf(out->arena, "%s and %s wait for each other", first,
			ct_say_actor(out->arena, facts, c->edges[c->n_edges - 1].waiter));
	return ct_arena_printf(out->arena, "%u %s wait for each other in a %s, %s among them",
		members, ct_cycle_has_goroutine(facts, c) ? "goroutines" : "threads",
		c->kind == CT_CYCLE_KNOT ? "knot" : "circle", first);
}

#define MAX_NAMES 8 /* of locks in one sentence */

/* The edges that the sentence names: one for each lock that somebody waits for. */
static bool is_named(const struct ct_facts *facts, const struct ct_cycle *c, uint32_t i)
{
	return is_first_of_waiter(c, i) &&
	       !facts->resources[facts->waits[c->edges[i].wait].resource].is_actor;
}

struct named { /* a lock, and from which sides it is waited for */
	uint32_t resource;
	bool read, write;
};

/* Adds the lock of an edge to those that are named: once, also when several wait for it. */
static void add_named(struct named *list, uint32_t *n, const struct ct_wait *wait)
{
	uint32_t k = 0;

	while (k < *n && list[k].resource != wait->resource)
		k++;
	if (k == MAX_NAMES + 1)
		return;
	if (k == *n)
		list[(*n)++] = (struct named){.resource = wait->resource};
	list[k].read |= wait->kind == CT_WAIT_RWLOCK_READ;
	list[k].write |= wait->kind == CT_WAIT_RWLOCK_WRITE;
}

struct locks {
	uint32_t waits; /* for locks */
	bool one;       /* all are for the same */
};

static struct locks name_locks(
	struct ct_findings *out, const struct ct_cycle *c, struct ct_str *names)
{
	struct named list[MAX_NAMES + 1]; /* one more tells that there are more */
	uint32_t n = 0, waits = 0;

	for (uint32_t i = 0; i < c->n_edges; i++) {
		if (!is_named(out->facts, c, i))
			continue;
		add_named(list, &n, &out->facts->waits[c->edges[i].wait]);
		waits++;
	}
	for (uint32_t k = 0; k < n && k < MAX_NAMES; k++)
		ct_str_add(names, "%s%s%s",
			!k           ? " over "
			: k + 1 == n ? " and "
				     : ", ",
			ct_say_resource(out->arena, out->facts, list[k].resource),
			list[k].read && list[k].write ? " (read and write side)" : "");
	if (n > MAX_NAMES)
		ct_str_add(names, ", …");
	return (struct locks){waits, n == 1};
}

/* No goroutine can run: nobody but those of a circle of goroutines could end a wait in it. */
static bool is_alone(struct ct_findings *out, const struct ct_cycle *c)
{
	for (uint32_t i = 0; i < c->n_edges; i++)
		if (out->facts->actors[c->edges[i].waiter].kind != CT_ACTOR_GOROUTINE)
			return false;
	return ct_findings_asleep(out) > CT_ASLEEP_NOT_KNOWN;
}

/* What it rests on: of a knot without others that might end a wait, on its edges alone. */
static enum ct_trust rests_on(const struct ct_cycle *c, bool alone)
{
	enum ct_trust worst = CT_TRUST_EXACT;

	for (uint32_t i = 0; i < c->n_edges; i++)
		worst = CT_MAX(worst, c->edges[i].trust);
	return alone ? worst : c->trust;
}

/* A wait that others might end, too: what the knot rests on; or NULL. */
static const char *open_end(struct ct_findings *out, const struct ct_cycle *c)
{
	for (uint32_t i = 0; i < c->n_edges; i++)
		if (c->edges[i].hold == CT_NONE &&
			out->graph->orphan[c->edges[i].waiter] > CT_TRUST_LAYOUT)
			return ct_say_resource(out->arena, out->facts,
				out->facts->waits[c->edges[i].wait].resource);
	return NULL;
}

static const char *say_end(
	struct ct_findings *out, const struct ct_cycle *c, uint32_t members, bool alone)
{
	const char *open = alone ? NULL : open_end(out, c);

	if (c->timed)
		return "it ends when the first timeout does";
	return ct_arena_printf(out->arena, "%s of them can ever go on%s%s",
		members == 2 ? "neither" : "none",
		open ? ", if nobody else ends the wait for " : "", open ? open : "");
}

/* Is one of its locks the loader's, under which constructors and dl_iterate_phdr()'s callers run?
 */
static bool has_loader(const struct ct_facts *facts, const struct ct_cycle *c)
{
	for (uint32_t i = 0; i < c->n_edges; i++) {
		uint32_t resource = facts->waits[c->edges[i].wait].resource;
		const char *name = resource != CT_NONE ? facts->resources[resource].name : NULL;

		/* With the locks that are listed, or by its variable in ld.so alone. */
		if (name && strstr(name, "dl_load_"))
			return true;
	}
	return false;
}

static const char *hint(const struct ct_facts *facts, const struct ct_cycle *c, struct locks locks)
{
	if (!locks.waits)
		return "Each thread joins the next: let one of them end without joining.";
	if (c->kind == CT_CYCLE_KNOT)
		return "Wait for others only with no lock in hand that they need on their way.";
	if (has_loader(facts, c))
		return "What runs under the loader's lock (a library's constructor or destructor, "
		       "a "
		       "callback of dl_iterate_phdr) must not wait for others, who may load "
		       "something, too: move the waiting out of it.";
	if (locks.one && locks.waits == c->n_edges)
		return "Who has this lock must not take it again, not even to read: one who "
		       "asks for it to write may have come in between.";
	if (locks.waits < c->n_edges)
		return "Release the lock before pthread_join: the thread that is joined needs it.";
	if (c->timed)
		return "Take these locks in one order everywhere; the timeouts only hide the "
		       "cycle.";
	return "Take these locks in one order everywhere.";
}

enum ct_status ct_report_cycle(struct ct_findings *out, const struct ct_rule *rule, uint32_t cycle)
{
	const struct ct_cycle *c = &out->graph->cycles[cycle];
	struct ct_draft draft = {.rule = rule, .level = c->timed ? CT_P1 : CT_P0};
	ct_autostr names = {0};
	struct locks locks = name_locks(out, c, &names);
	bool alone = is_alone(out, c);

	draft.confidence = ct_confidence_of(out->facts, rests_on(c, alone));
	uint32_t members = add_stuck(out, &draft, cycle);
	draft.title = title(out, c, members);
	ct_draft_cycle(&draft, cycle);
	for (uint32_t i = 0; i < c->n_edges; i++)
		ct_draft_edge(out, &draft, &c->edges[i]);
	uint32_t others = draft.actors.n - members;
	draft.message = ct_arena_printf(out->arena, "%s%s: %s%s", draft.title, ct_str_text(&names),
		say_end(out, c, members, alone),
		others ? ct_arena_printf(out->arena, "; %u more wait behind them", others) : "");
	draft.hint = hint(out->facts, c, locks);
	draft.other_side = ct_say_object_and_other_side(out->arena, out->facts, c->edges[0].waiter);
	draft.failed |= names.failed;
	return ct_findings_add(out, &draft);
}

static enum ct_status report(struct ct_findings *out, uint32_t cycle)
{
	if (ct_cycle_has_goroutine(out->facts, &out->graph->cycles[cycle]))
		return CT_OK;
	return ct_report_cycle(out, &ct_rule_lock_cycle, cycle);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	(void)facts, (void)graph, (void)policy;
	enum ct_status status = ct_findings_for_cycles(out, CT_CYCLE_LOOP, report);

	return status ? status : ct_findings_for_cycles(out, CT_CYCLE_KNOT, report);
}

const struct ct_rule ct_rule_lock_cycle = {
	.id = "CT101",
	.name = "lock-cycle",
	.summary = "threads wait for each other in a circle",
	.help = "Each thread of the circle waits for a mutex that the next one holds, or for its "
		"end "
		"(pthread_join). None can go on unless one of the waits has a timeout. In a knot "
		"some wait for a signal or a post: those whose code would give it next are in the "
		"knot, too. Since somebody else may, it is likely at most; possible where a thread "
		"runs or serves others outside, and may do anything.",
	.silent_when = "The waits form a chain or a diamond. A circle with a timed wait ends by "
		       "itself and is "
		       "reported P1. Threads that only wake each other make no knot: somebody must "
		       "wait for what another one of it holds.",
	.level = CT_P0,
	.run = run,
};
