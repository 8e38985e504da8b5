/* SPDX-License-Identifier: Apache-2.0 */
/* CT103: the recorded owner of a lock that somebody waits for is no thread of this process. */
#include "rules/findings.h"
#include "rules/words.h"

#define MAX_STEPS 8 /* of the proof; the others wait for the same */

/* The waiters of the lock with the worst trust of their waits; true when each ends by itself. */
static bool add_waiters(
	struct ct_findings *out, struct ct_draft *draft, uint32_t resource, enum ct_trust *worst)
{
	const struct ct_facts *facts = out->facts;
	const struct ct_resource *r = &facts->resources[resource];
	const char *what = ct_say_resource(out->arena, facts, resource);
	bool timed = true;

	for (uint32_t i = 0; i < r->n_waiters; i++) {
		const struct ct_wait *wait =
			&facts->waits[facts->waits_by_resource[r->first_waiter + i]];

		*worst = CT_MAX(*worst, wait->trust);
		timed &= wait->timed;
		ct_draft_actor(draft, wait->actor);
		if (i < MAX_STEPS)
			ct_draft_step(draft,
				ct_arena_printf(out->arena, "%s waits for %s, held by %s",
					ct_say_actor(out->arena, facts, wait->actor), what,
					ct_owner_gone_words(out->arena, facts, resource)),
				wait->actor, resource, ct_own_frame(facts, wait->actor));
	}
	return timed;
}

/* All that wait behind the waiters are as stuck. */
static uint32_t add_behind(struct ct_findings *out, struct ct_draft *draft, uint32_t resource)
{
	const struct ct_graph *graph = out->graph;
	uint32_t n = 0;

	for (uint32_t a = graph->first_of_lost[resource]; a != CT_NONE; a = graph->next[a])
		if (graph->first_edge[a] < graph->first_edge[a + 1]) {
			ct_draft_actor(draft, a);
			n++;
		}
	return n;
}

static enum ct_status report(struct ct_findings *out, uint32_t resource)
{
	const struct ct_resource *r = &out->facts->resources[resource];
	struct ct_draft draft = {.rule = &ct_rule_dead_owner};
	enum ct_trust worst = CT_TRUST_EXACT;
	bool timed = add_waiters(out, &draft, resource, &worst);
	uint32_t behind = add_behind(out, &draft, resource);

	ct_draft_resource(&draft, resource);
	if (r->owner_exited == CT_NONE)
		ct_draft_exited(out, &draft, "it may have been its owner: ");
	draft.confidence = ct_confidence_of(out->facts, worst);
	draft.level = timed ? CT_P1 : CT_P0;
	draft.title = ct_arena_printf(out->arena, "%s is held by %s",
		ct_say_resource(out->arena, out->facts, resource),
		ct_owner_gone_words(out->arena, out->facts, resource));
	draft.message = ct_arena_printf(out->arena,
		"%s: nobody will release it, and %u thread%s %s%s", draft.title, r->n_waiters,
		r->n_waiters == 1 ? " waits" : "s wait",
		timed ? "for it until a timeout" : "for ever",
		behind ? ct_arena_printf(out->arena, "; %u more wait behind them", behind) : "");
	draft.hint =
		"A thread exited, or was cancelled, between lock and unlock: unlock on every way "
		"out "
		"(pthread_cleanup_push, a guard object), or make the mutex robust. Or fork() "
		"copied the "
		"lock while another thread held it: use pthread_atfork, or exec right after fork.";
	return ct_findings_add(out, &draft);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	(void)graph, (void)policy;
	for (uint32_t r = 0; r < facts->n_resources; r++) {
		enum ct_status status = CT_OK;

		if (facts->resources[r].owner_gone && facts->resources[r].n_waiters)
			status = report(out, r);
		if (status)
			return status;
	}
	return CT_OK;
}

const struct ct_rule ct_rule_dead_owner = {
	.id = "CT103",
	.name = "dead-owner",
	.summary = "a lock's owner has exited without releasing it",
	.help = "The owner field of a mutex names a thread that is not in this process, and "
		"somebody waits for "
		"the mutex.",
	.silent_when = "The mutex is process-shared (its owner may live elsewhere), the list of "
		       "threads is "
		       "incomplete, or the memory has no mutex's shape.",
	.level = CT_P0,
	.run = run,
};
