/* SPDX-License-Identifier: Apache-2.0 */
/* CT102: a thread waits for what it holds itself. */
#include "rules/findings.h"
#include "rules/words.h"

static enum ct_status report(struct ct_findings *out, uint32_t cycle)
{
	const struct ct_cycle *c = &out->graph->cycles[cycle];
	const struct ct_edge *edge = &c->edges[0];
	struct ct_draft draft = {.rule = &ct_rule_self_deadlock, .level = c->timed ? CT_P1 : CT_P0};
	const char *actor = ct_say_actor(out->arena, out->facts, edge->waiter);
	const char *what =
		ct_say_resource(out->arena, out->facts, out->facts->waits[edge->wait].resource);
	uint32_t behind = 0;

	draft.confidence = ct_confidence_of(out->facts, c->trust);
	draft.title =
		ct_arena_printf(out->arena, "%s waits for %s, which it holds itself", actor, what);
	ct_draft_actor(&draft, edge->waiter);
	for (uint32_t a = out->graph->first_of_cycle[cycle]; a != CT_NONE; a = out->graph->next[a])
		if (a != edge->waiter) {
			ct_draft_actor(&draft, a);
			behind++;
		}
	ct_draft_cycle(&draft, cycle);
	ct_draft_edge(out, &draft, edge);
	draft.message = ct_arena_printf(out->arena, "%s: %s%s", draft.title,
		c->timed ? "it goes on when its timeout ends" : "it can never go on",
		behind ? ct_arena_printf(out->arena, "; %u more wait behind it", behind) : "");
	draft.hint = "Release the lock before the call that takes it again, or split that function "
		     "into one "
		     "that locks and one that expects the lock held.";
	return ct_findings_add(out, &draft);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	(void)facts, (void)graph, (void)policy;
	return ct_findings_for_cycles(out, CT_CYCLE_SELF, report);
}

const struct ct_rule ct_rule_self_deadlock = {
	.id = "CT102",
	.name = "self-deadlock",
	.summary = "a thread waits for a lock that it holds itself",
	.help = "A mutex that is not recursive was locked again by its owner.",
	.silent_when = "The mutex is recursive or of the errorcheck kind: the second lock returns "
		       "at once.",
	.level = CT_P0,
	.run = run,
};
