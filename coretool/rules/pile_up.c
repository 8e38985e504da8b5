/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT122: many threads stand at one place, all for one lock. One core shows no growth; that they
 * pile up behind a lock which somebody has is what makes it more than a full pool.
 */
#include "rules/findings.h"
#include "rules/policy.h"
#include "rules/words.h"

#define MAX_STEPS 3 /* of the proof; all stand at the same place */

/* Whose turn it will be some day: those who can never go on are other rules'. */
static bool is_piled(const struct ct_facts *facts, const struct ct_graph *graph, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];
	const struct ct_wait *wait = a->n_waits ? &facts->waits[a->first_wait] : NULL;

	return wait && a->kind == CT_ACTOR_THREAD && a->stack != CT_NONE &&
	       wait->resource != CT_NONE && !wait->timed && ct_wait_kind_has_holder(wait->kind) &&
	       !facts->resources[wait->resource].is_actor && graph->orphan[actor] == CT_NO_ORPHAN &&
	       graph->cycle_of[actor] == CT_NONE;
}

static uint32_t resource_of(const struct ct_facts *facts, uint32_t actor)
{
	return facts->waits[facts->actors[actor].first_wait].resource;
}

/* The members of a stack, in the order of actors: first[stack], then next[]. */
static enum ct_status report(
	struct ct_findings *out, const uint32_t *next, uint32_t first, uint32_t n)
{
	const struct ct_facts *facts = out->facts;
	struct ct_draft draft = {.rule = &ct_rule_pile_up, .level = CT_P2};
	enum ct_trust worst = CT_TRUST_EXACT;
	uint32_t frame = ct_own_frame(facts, first), resource = resource_of(facts, first);
	const char *what = ct_say_resource(out->arena, facts, resource);
	const char *at = ct_say_frame(out->arena, facts, first, frame);

	for (uint32_t a = first; a != CT_NONE; a = next[a]) {
		worst = CT_MAX(worst, facts->waits[facts->actors[a].first_wait].trust);
		ct_draft_actor(&draft, a);
		if (draft.steps.n < MAX_STEPS)
			ct_draft_step(&draft,
				ct_arena_printf(out->arena, "%s waits for %s",
					ct_say_actor(out->arena, facts, a), what),
				a, resource, frame);
	}
	ct_draft_resource(&draft, resource);
	draft.confidence = ct_confidence_of(facts, worst);
	draft.title = ct_arena_printf(out->arena, "%u %s pile up at one place%s%s, for %s", n,
		ct_say_kind(facts, draft.actors.items, draft.actors.n), at ? ", " : "",
		at ? at : "", what);
	draft.message = draft.title;
	draft.hint = "Let fewer threads in (a bounded pool, a timeout on the lock), or hold the "
		     "lock for less.";
	return ct_findings_add(out, &draft);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	uint32_t least = ct_policy_threshold(policy, CT_THRESHOLD_PILE_UP_ALONE);
	ct_autofree uint32_t *first = malloc(((size_t)facts->n_stacks + 1) * sizeof(*first));
	ct_autofree uint32_t *count = calloc((size_t)facts->n_stacks + 1, sizeof(*count));
	ct_autofree uint32_t *next = malloc(((size_t)facts->n_actors + 1) * sizeof(*next));
	enum ct_status status = CT_OK;

	if (!first || !count || !next)
		return CT_NO_MEMORY;
	memset(first, 0xff, (size_t)facts->n_stacks * sizeof(*first));
	for (uint32_t a = facts->n_actors; a-- > 0;) {
		uint32_t stack = facts->actors[a].stack;

		next[a] = CT_NONE;
		/* One stack may be at a lock of each session: those are no pile. */
		if (!is_piled(facts, graph, a) ||
			(first[stack] != CT_NONE &&
				resource_of(facts, first[stack]) != resource_of(facts, a)))
			continue;
		next[a] = first[stack];
		first[stack] = a;
		count[stack]++;
	}
	for (uint32_t s = 0; !status && s < facts->n_stacks; s++)
		if (count[s] && count[s] >= least)
			status = report(out, next, first[s], count[s]);
	return status;
}

const struct ct_rule ct_rule_pile_up = {
	.id = "CT122",
	.name = "stack-pile-up",
	.summary = "many threads with one stack stand behind one lock",
	.help = "At least as many threads as the threshold pile-up-alone says have the same stack "
		"and "
		"wait for the same lock, which somebody has. Of two cores diff tells of fewer, "
		"when they have grown.",
	.silent_when = "What they wait for is work, like an idle pool's, and no lock; they can "
		       "never go on, of which other rules tell; fewer than the threshold.",
	.level = CT_P2,
	.wants = CT_WANT_STACKS,
	.run = run,
};
