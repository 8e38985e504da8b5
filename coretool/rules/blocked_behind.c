/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT120: many stand behind one that does something else. One core cannot tell a long wait
 * from a short one, so what the head does, and how many wait, decide how sure we are.
 */
#include "rules/findings.h"
#include "rules/policy.h"
#include "rules/words.h"

#define MAX_STEPS 8 /* of the proof; the others wait for the same */

/* How many must wait behind a head for a finding at all, and for more than "possible"; 0: never. */
struct threshold {
	uint32_t least, sure;
};

static struct threshold threshold_of(
	const struct ct_facts *facts, const struct ct_policy *policy, uint32_t head)
{
	uint32_t io = ct_policy_threshold(policy, CT_THRESHOLD_CONVOY_IO);
	uint32_t running = ct_policy_threshold(policy, CT_THRESHOLD_CONVOY_RUNNING);
	const struct ct_actor *actor = &facts->actors[ct_doing_actor(facts, head)];

	/* One that computes holds a lock for a moment: a busy pool has a few waiters at any time.
	 */
	if (actor->state != CT_STATE_WAITING)
		return (struct threshold){running, 0};
	if (!actor->n_waits || facts->waits[actor->first_wait].brief)
		return (struct threshold){running, 0};
	switch (facts->waits[actor->first_wait].kind) {
	case CT_WAIT_SLEEP:
	case CT_WAIT_SIGNAL:
	case CT_WAIT_CHILD: /* nobody does this for a moment */
		return (struct threshold){1, 1};
	case CT_WAIT_IO:
		return (struct threshold){io, CT_MAX(io, 3u)};
	default: /* a futex that nobody is known to hold: not I/O, not sleep */
		return (struct threshold){UINT32_MAX, 0};
	}
}

static enum ct_status report(struct ct_findings *out, uint32_t root)
{
	const struct ct_facts *facts = out->facts;
	const struct ct_graph *graph = out->graph;
	struct ct_draft draft = {.rule = &ct_rule_blocked_behind, .level = CT_P2};
	struct threshold threshold = threshold_of(facts, out->policy, root);
	bool asleep = facts->actors[ct_doing_actor(facts, root)].state == CT_STATE_WAITING;
	enum ct_trust worst = CT_TRUST_EXACT;
	uint32_t frame = ct_own_frame(facts, root), lock = CT_NONE, n_locks = 0;
	const char *who = ct_say_actor(out->arena, facts, root);
	const char *doing = ct_say_activity(out->arena, facts, root);

	for (uint32_t a = graph->first_of_root[root]; a != CT_NONE; a = graph->next[a]) {
		const struct ct_edge *edge = &graph->edges[graph->first_edge[a]];

		ct_draft_actor(&draft, a);
		worst = CT_MAX(worst, edge->trust);
		if (edge->holder != root)
			continue;
		uint32_t resource = facts->waits[edge->wait].resource;
		uint32_t known = draft.resources.n;
		ct_draft_resource(&draft, resource);
		if (draft.resources.n > known && !facts->resources[resource].is_actor) {
			lock = resource;
			n_locks++;
		}
		if (draft.steps.n < MAX_STEPS)
			ct_draft_edge(out, &draft, edge);
	}
	draft.confidence = ct_confidence_of(facts, worst);
	if (!threshold.sure || draft.actors.n < threshold.sure)
		draft.confidence = CT_POSSIBLE;
	ct_draft_step(
		&draft, ct_arena_printf(out->arena, "%s is %s", who, doing), root, CT_NONE, frame);
	const char *what = NULL;
	if (n_locks > 1)
		what = ct_arena_printf(out->arena, "%u locks that they need", n_locks);
	else if (n_locks)
		what = ct_say_resource(out->arena, facts, lock);
	/* The lock first: it is what the others need. */
	const char *holds = what ? ct_arena_printf(out->arena, " %sholds %s and",
					   worst > CT_TRUST_LAYOUT ? "probably " : "", what)
				 : "";
	draft.title = ct_arena_printf(out->arena, "%u %s %s behind %s, which%s is %s",
		draft.actors.n, ct_say_kind(facts, draft.actors.items, draft.actors.n),
		draft.actors.n == 1 ? "waits" : "wait", who, holds, doing);
	const char *at = ct_say_frame(out->arena, facts, root, frame);
	draft.message =
		ct_arena_printf(out->arena, "%s%s%s", draft.title, at ? ", in " : "", at ? at : "");
	draft.hint = asleep && what
			     ? "Do not sleep or do I/O while holding a lock that others need."
			     : NULL;
	return ct_findings_add(out, &draft);
}

/* A thread that only joins others, as main does, is no victim. */
static bool someone_waits_for_a_lock(
	const struct ct_facts *facts, const struct ct_graph *graph, uint32_t root)
{
	for (uint32_t a = graph->first_of_root[root]; a != CT_NONE; a = graph->next[a]) {
		const struct ct_edge *edge = &graph->edges[graph->first_edge[a]];

		if (!facts->resources[facts->waits[edge->wait].resource].is_actor)
			return true;
	}
	return false;
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	for (uint32_t a = 0; a < facts->n_actors; a++) {
		/* Of one that nobody can wake other rules tell. */
		if (graph->root[a] != a || !graph->behind[a] || graph->orphan[a] != CT_NO_ORPHAN ||
			graph->behind[a] < threshold_of(facts, policy, a).least ||
			!someone_waits_for_a_lock(facts, graph, a))
			continue;
		enum ct_status status = report(out, a);
		if (status)
			return status;
	}
	return CT_OK;
}

const struct ct_rule ct_rule_blocked_behind = {
	.id = "CT120",
	.name = "blocked-behind",
	.summary = "threads or goroutines stand behind one that sleeps, does I/O or computes while "
		   "it holds their lock",
	.help = "The root of a convoy: it holds what the others wait for, directly or through "
		"others, and is itself "
		"in a system call, or running.",
	.silent_when = "Fewer than two wait behind a thread in I/O, or four behind one that runs "
		       "or sleeps for "
		       "less than a second; such short waits are possible at most.",
	.level = CT_P2,
	.run = run,
};
