/* SPDX-License-Identifier: Apache-2.0 */
/* CT111: fewer threads can still come to a barrier than it waits for. */
#include "rules/findings.h"
#include "rules/words.h"

#define MAX_STEPS 8 /* of the proof; the others wait for the same */

static int64_t value_of(const struct ct_resource *r, const char *key)
{
	for (uint32_t i = 0; i < r->n_values; i++)
		if (!strcmp(r->values[i].key, key))
			return r->values[i].number;
	return 0;
}

/* Does the actor wait at the barrier, or behind one that does? */
static bool is_kept(const struct ct_facts *facts, const struct ct_graph *graph, uint32_t actor,
	uint32_t resource)
{
	uint32_t root = graph->root[actor];

	return root != CT_NONE && facts->actors[root].n_waits &&
	       facts->waits[facts->actors[root].first_wait].resource == resource;
}

/* Those who could still come, if no more threads are started. */
static uint32_t count_able(const struct ct_facts *facts, const struct ct_graph *graph)
{
	uint32_t ret = 0;

	for (uint32_t a = 0; a < facts->n_actors; a++)
		ret += !graph->unmet[a] && facts->actors[a].state != CT_STATE_ZOMBIE &&
		       facts->actors[a].state != CT_STATE_DEAD;
	return ret;
}

/* The waiters, and all that wait behind one of them. Gives the worst trust. */
static enum ct_trust add_stuck(
	struct ct_findings *out, struct ct_draft *draft, uint32_t resource, uint32_t *n_behind)
{
	const struct ct_facts *facts = out->facts;
	const struct ct_resource *r = &facts->resources[resource];
	enum ct_trust worst = CT_TRUST_EXACT;

	for (uint32_t i = 0; i < r->n_waiters; i++) {
		const struct ct_wait *wait =
			&facts->waits[facts->waits_by_resource[r->first_waiter + i]];

		/* Who is no orphan could be freed by threads that are still to be started. */
		worst = CT_MAX(worst, out->graph->orphan[wait->actor] == CT_NO_ORPHAN
					      ? CT_TRUST_GUESS
					      : (enum ct_trust)out->graph->orphan[wait->actor]);
		ct_draft_actor(draft, wait->actor);
		if (i < MAX_STEPS)
			ct_draft_step(draft,
				ct_arena_printf(out->arena, "%s waits at %s",
					ct_say_actor(out->arena, facts, wait->actor),
					ct_say_resource(out->arena, facts, resource)),
				wait->actor, resource, ct_own_frame(facts, wait->actor));
	}
	*n_behind = 0;
	for (uint32_t a = 0; a < facts->n_actors; a++)
		if (facts->actors[a].n_waits && is_kept(facts, out->graph, a, resource) &&
			facts->waits[facts->actors[a].first_wait].resource != resource) {
			ct_draft_actor(draft, a);
			++*n_behind;
		}
	return worst;
}

static enum ct_status report(struct ct_findings *out, uint32_t resource)
{
	const struct ct_resource *r = &out->facts->resources[resource];
	struct ct_draft draft = {.rule = &ct_rule_barrier_short, .level = CT_P1};
	long long arrived = value_of(r, "arrived"), needed = value_of(r, "needed");
	uint32_t behind, able = count_able(out->facts, out->graph);
	enum ct_trust worst = add_stuck(out, &draft, resource, &behind);

	ct_draft_resource(&draft, resource);
	draft.confidence = ct_confidence_of(out->facts, worst);
	draft.title =
		ct_arena_printf(out->arena, "%s waits for %lld threads: %lld have come, and %s can",
			ct_say_resource(out->arena, out->facts, resource), needed, arrived,
			able ? ct_arena_printf(out->arena, "only %u more", able) : "nobody else");
	draft.message = ct_arena_printf(out->arena, "%s%s", draft.title,
		behind ? ct_arena_printf(out->arena, "; %u more wait behind them", behind) : "");
	draft.hint = "A thread that should have come has exited, or was never started, or returned "
		     "before the barrier: count those that take part.";
	return ct_findings_add(out, &draft);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	enum ct_status status = CT_OK;

	(void)policy;
	for (uint32_t i = 0; !status && i < facts->n_resources; i++) {
		const struct ct_resource *r = &facts->resources[i];

		if (!r->n_waiters || !ct_barrier_missing(facts, i) || facts->target.n_partial)
			continue;
		if (graph->unmet[facts->waits[facts->waits_by_resource[r->first_waiter]].actor])
			status = report(out, i);
	}
	return status;
}

const struct ct_rule ct_rule_barrier_short = {
	.id = "CT111",
	.name = "barrier-short",
	.summary = "fewer threads can come to a barrier than it waits for",
	.help = "Threads wait at a barrier, and those that have not come wait for them, are stuck "
		"elsewhere or do not exist.",
	.silent_when = "As many threads as are missing can run, or sleep and may come; the barrier "
		       "is shared with other processes; the list of threads is incomplete.",
	.level = CT_P1,
	.run = run,
};
