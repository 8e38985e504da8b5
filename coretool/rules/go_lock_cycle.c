/* SPDX-License-Identifier: Apache-2.0 */
/* CT204: goroutines, and threads by way of cgo, that wait for each other; or one for itself. */
#include "rules/findings.h"

static bool is_goroutine(const struct ct_facts *facts, uint32_t actor)
{
	return facts->actors[actor].kind == CT_ACTOR_GOROUTINE;
}

bool ct_cycle_has_goroutine(const struct ct_facts *facts, const struct ct_cycle *cycle)
{
	for (uint32_t i = 0; i < cycle->n_edges; i++)
		if (is_goroutine(facts, cycle->edges[i].waiter) ||
			is_goroutine(facts, cycle->edges[i].holder))
			return true;
	return false;
}

static enum ct_status report(struct ct_findings *out, uint32_t cycle)
{
	const struct ct_cycle *c = &out->graph->cycles[cycle];

	if (!ct_cycle_has_goroutine(out->facts, c))
		return CT_OK;
	return c->kind == CT_CYCLE_SELF ? ct_report_self(out, &ct_rule_go_lock_cycle, cycle)
					: ct_report_cycle(out, &ct_rule_go_lock_cycle, cycle);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	enum ct_status status = CT_OK;

	(void)facts, (void)graph, (void)policy;
	for (enum ct_cycle_kind kind = CT_CYCLE_SELF; !status && kind <= CT_CYCLE_KNOT; kind++)
		status = ct_findings_for_cycles(out, kind, report);
	return status;
}

const struct ct_rule ct_rule_go_lock_cycle = {
	.id = "CT204",
	.name = "go-lock-cycle",
	.summary = "goroutines wait for each other in a circle, or one for itself",
	.help = "Each goroutine of the circle waits for a Mutex or RWMutex that the next one has, "
		"or for what it would send, receive or finish; a thread in C code takes part by "
		"the goroutine that called it. Go records no owner: who has a lock is told by the "
		"code that will release it, so that such a finding is likely at most.",
	.silent_when = "The waits form a chain or a diamond; the one that would release is known "
		       "by a guess alone (then it is possible, P2).",
	.level = CT_P0,
	.wants = CT_WANT_STACKS | CT_WANT_GOROUTINES,
	.run = run,
};
