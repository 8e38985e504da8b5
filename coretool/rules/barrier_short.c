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

/* What keeps an actor from going on, if nothing ends it: per actor, a barrier's index or one of
 * these. */
#define FREE    CT_NONE
#define STUCK   (CT_NONE - 1) /* in a cycle, or behind one, or behind an owner that is gone */
#define UNKNOWN (CT_NONE - 2) /* not looked at yet */
#define ON_WAY  (CT_NONE - 3) /* being looked at */

/* Where the chain of an actor ends, or, in *next, by whom it goes on. A timeout ends a wait. */
static uint32_t end_of(
	const struct ct_facts *facts, const struct ct_graph *graph, uint32_t actor, uint32_t *next)
{
	const struct ct_actor *a = &facts->actors[actor];
	const struct ct_wait *wait = a->n_waits ? &facts->waits[a->first_wait] : NULL;

	if (!wait || wait->timed)
		return FREE;
	if (wait->kind == CT_WAIT_BARRIER)
		return wait->resource;
	if (wait->owner_gone)
		return STUCK;
	if (graph->first_edge[actor] == graph->first_edge[actor + 1])
		return FREE;
	*next = graph->edges[graph->first_edge[actor]].holder;
	return UNKNOWN;
}

/* Each actor is walked over twice at most. The caller frees; NULL: no memory. */
static uint32_t *find_ends(const struct ct_facts *facts, const struct ct_graph *graph)
{
	uint32_t *ends = malloc(((size_t)facts->n_actors + 1) * sizeof(*ends));

	for (uint32_t a = 0; ends && a < facts->n_actors; a++)
		ends[a] = UNKNOWN;
	for (uint32_t a = 0; ends && a < facts->n_actors; a++) {
		uint32_t at = a, next = a, end = ends[a];

		while (end == UNKNOWN) {
			ends[at] = ON_WAY;
			end = end_of(facts, graph, at, &next);
			if (end == UNKNOWN) {
				at = next;
				end = ends[at];
			}
		}
		end = end == ON_WAY ? STUCK : end;
		for (at = a; ends[at] == ON_WAY; at = next) {
			ends[at] = end;
			if (end_of(facts, graph, at, &next) != UNKNOWN)
				break;
		}
	}
	return ends;
}

static uint32_t count_able(const struct ct_facts *facts, const uint32_t *ends, uint32_t resource)
{
	uint32_t ret = 0;

	for (uint32_t a = 0; a < facts->n_actors; a++)
		ret += ends[a] != resource && ends[a] != STUCK;
	return ret;
}

/* The waiters, and all that wait behind one of them. Gives the worst trust. */
static enum ct_trust add_stuck(struct ct_findings *out, struct ct_draft *draft,
	const uint32_t *ends, uint32_t resource, uint32_t *n_behind)
{
	const struct ct_facts *facts = out->facts;
	const struct ct_resource *r = &facts->resources[resource];
	enum ct_trust worst = CT_TRUST_EXACT;

	for (uint32_t i = 0; i < r->n_waiters; i++) {
		const struct ct_wait *wait =
			&facts->waits[facts->waits_by_resource[r->first_waiter + i]];

		worst = CT_MAX(worst, wait->trust);
		ct_draft_actor(draft, wait->actor);
		if (i < MAX_STEPS)
			ct_draft_step(draft,
				ct_arena_printf(out->arena, "%s waits at %s",
					ct_say_actor(out->arena, facts, wait->actor),
					ct_say_resource(out->arena, facts, resource)),
				wait->actor, resource, ct_own_frame(facts, wait->actor));
	}
	*n_behind = 0;
	for (uint32_t a = 0; a < facts->n_actors; a++) {
		const struct ct_actor *actor = &facts->actors[a];

		if (ends[a] != resource || facts->waits[actor->first_wait].resource == resource)
			continue;
		ct_draft_actor(draft, a);
		++*n_behind;
	}
	return worst;
}

static enum ct_status report(
	struct ct_findings *out, const uint32_t *ends, uint32_t resource, uint32_t able)
{
	const struct ct_resource *r = &out->facts->resources[resource];
	struct ct_draft draft = {.rule = &ct_rule_barrier_short, .level = CT_P1};
	long long arrived = value_of(r, "arrived"), needed = value_of(r, "needed");
	uint32_t behind;
	enum ct_trust worst = add_stuck(out, &draft, ends, resource, &behind);

	ct_draft_resource(&draft, resource);
	/* Who can still run could start more threads. */
	draft.confidence = able ? CT_POSSIBLE : ct_confidence_of(out->facts, worst);
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
	ct_autofree uint32_t *ends = NULL;

	(void)policy;
	for (uint32_t i = 0; i < facts->n_resources; i++) {
		const struct ct_resource *r = &facts->resources[i];
		enum ct_status status = CT_OK;

		if (strcmp(r->kind, "pthread_barrier") != 0 || r->process_shared || !r->n_waiters ||
			facts->target.n_partial)
			continue;
		ends = ends ? ends : find_ends(facts, graph);
		if (!ends)
			return CT_NO_MEMORY;
		uint32_t able = count_able(facts, ends, i);
		if (value_of(r, "arrived") + able < value_of(r, "needed"))
			status = report(out, ends, i, able);
		if (status)
			return status;
	}
	return CT_OK;
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
