/* SPDX-License-Identifier: Apache-2.0 */
/* CT101: a circle of threads, each of which waits for what the next one holds. */
#include "rules/findings.h"
#include "rules/words.h"

/* All that are in the circle, and all that wait behind it, are stuck. */
static void add_stuck(struct ct_findings *out, struct ct_draft *draft, uint32_t cycle)
{
	const struct ct_cycle *c = &out->graph->cycles[cycle];

	for (uint32_t i = 0; i < c->n_edges; i++)
		ct_draft_actor(draft, c->edges[i].waiter);
	for (uint32_t a = out->graph->first_of_cycle[cycle]; a != CT_NONE; a = out->graph->next[a])
		if (!out->graph->in_cycle[a])
			ct_draft_actor(draft, a);
}

static const char *title(struct ct_findings *out, const struct ct_cycle *c)
{
	const struct ct_facts *facts = out->facts;
	const char *first = ct_say_actor(out->arena, facts, c->edges[0].waiter);

	if (c->n_edges == 2)
		return ct_arena_printf(out->arena, "%s and %s wait for each other", first,
			ct_say_actor(out->arena, facts, c->edges[1].waiter));
	return ct_arena_printf(out->arena,
		"%u threads wait for each other in a circle, %s among them", c->n_edges, first);
}

#define MAX_NAMES 8 /* of locks in one sentence */

static uint32_t name_locks(struct ct_findings *out, const struct ct_cycle *c, struct ct_str *names)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n_edges; i++) {
		uint32_t resource = out->facts->waits[c->edges[i].wait].resource;

		if (out->facts->resources[resource].is_actor)
			continue;
		if (n < MAX_NAMES)
			ct_str_add(names, "%s%s",
				!n                    ? " over "
				: i + 1 == c->n_edges ? " and "
						      : ", ",
				ct_say_resource(out->arena, out->facts, resource));
		n++;
	}
	if (n > MAX_NAMES)
		ct_str_add(names, ", …");
	return n;
}

static const char *hint(const struct ct_cycle *c, uint32_t n_locks)
{
	if (!n_locks)
		return "Each thread joins the next: let one of them end without joining.";
	if (n_locks < c->n_edges)
		return "Release the lock before pthread_join: the thread that is joined needs it.";
	if (c->timed)
		return "Take these locks in one order everywhere; the timeouts only hide the "
		       "cycle.";
	return "Take these locks in one order everywhere.";
}

static enum ct_status report(struct ct_findings *out, uint32_t cycle)
{
	const struct ct_cycle *c = &out->graph->cycles[cycle];
	struct ct_draft draft = {.rule = &ct_rule_lock_cycle, .level = c->timed ? CT_P1 : CT_P0};
	ct_autostr names = {0};
	uint32_t n_locks = name_locks(out, c, &names);
	const char *end = c->timed          ? "it ends when the first timeout does"
			  : c->n_edges == 2 ? "neither of them can ever go on"
					    : "none of them can ever go on";

	draft.confidence = ct_confidence_of(out->facts, c->trust);
	draft.title = title(out, c);
	add_stuck(out, &draft, cycle);
	ct_draft_cycle(&draft, cycle);
	for (uint32_t i = 0; i < c->n_edges; i++)
		ct_draft_edge(out, &draft, &c->edges[i]);
	uint32_t others = draft.actors.n - c->n_edges;
	draft.message = ct_arena_printf(out->arena, "%s%s: %s%s", draft.title, ct_str_text(&names),
		end,
		others ? ct_arena_printf(out->arena, "; %u more wait behind them", others) : "");
	draft.hint = hint(c, n_locks);
	draft.failed |= names.failed;
	return ct_findings_add(out, &draft);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	(void)facts, (void)graph, (void)policy;
	return ct_findings_for_cycles(out, CT_CYCLE_LOOP, report);
}

const struct ct_rule ct_rule_lock_cycle = {
	.id = "CT101",
	.name = "lock-cycle",
	.summary = "threads wait for each other in a circle",
	.help = "Each thread of the circle waits for a mutex that the next one holds, or for its "
		"end "
		"(pthread_join). None can go on unless one of the waits has a timeout.",
	.silent_when = "The waits form a chain or a diamond. A circle with a timed wait ends by "
		       "itself and is "
		       "reported P1.",
	.level = CT_P0,
	.run = run,
};
