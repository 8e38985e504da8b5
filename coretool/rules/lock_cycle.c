/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT101, and CT204 where goroutines take part: a circle of threads, each of which waits for what
 * the next one holds; or a knot, in which some wait for what one of several would end, and all of
 * these are in it or stuck as well.
 */
#include "rules/findings.h"
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

static uint32_t name_locks(struct ct_findings *out, const struct ct_cycle *c, struct ct_str *names)
{
	uint32_t n = 0, last = 0;

	for (uint32_t i = 0; i < c->n_edges; i++)
		last = is_first_of_waiter(c, i) ? i : last;
	for (uint32_t i = 0; i < c->n_edges; i++) {
		if (!is_named(out->facts, c, i))
			continue;
		if (n < MAX_NAMES)
			ct_str_add(names, "%s%s",
				!n          ? " over "
				: i == last ? " and "
					    : ", ",
				ct_say_resource(out->arena, out->facts,
					out->facts->waits[c->edges[i].wait].resource));
		n++;
	}
	if (n > MAX_NAMES)
		ct_str_add(names, ", …");
	return n;
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

static const char *say_end(struct ct_findings *out, const struct ct_cycle *c, uint32_t members)
{
	const char *open = open_end(out, c);

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

static const char *hint(const struct ct_facts *facts, const struct ct_cycle *c, uint32_t n_locks)
{
	if (!n_locks)
		return "Each thread joins the next: let one of them end without joining.";
	if (c->kind == CT_CYCLE_KNOT)
		return "Wait for others only with no lock in hand that they need on their way.";
	if (has_loader(facts, c))
		return "What runs under the loader's lock (a library's constructor or destructor, "
		       "a "
		       "callback of dl_iterate_phdr) must not wait for others, who may load "
		       "something, too: move the waiting out of it.";
	if (n_locks < c->n_edges)
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
	uint32_t n_locks = name_locks(out, c, &names);

	draft.confidence = ct_confidence_of(out->facts, c->trust);
	uint32_t members = add_stuck(out, &draft, cycle);
	draft.title = title(out, c, members);
	ct_draft_cycle(&draft, cycle);
	for (uint32_t i = 0; i < c->n_edges; i++)
		ct_draft_edge(out, &draft, &c->edges[i]);
	uint32_t others = draft.actors.n - members;
	draft.message = ct_arena_printf(out->arena, "%s%s: %s%s", draft.title, ct_str_text(&names),
		say_end(out, c, members),
		others ? ct_arena_printf(out->arena, "; %u more wait behind them", others) : "");
	draft.hint = hint(out->facts, c, n_locks);
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
