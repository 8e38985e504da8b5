/* SPDX-License-Identifier: Apache-2.0 */
/* CT112: the bytes of a lock are what no lock or unlock leaves behind. */
#include "rules/findings.h"
#include "rules/words.h"

#define MAX_STEPS 8

static enum ct_status report(struct ct_findings *out, uint32_t resource)
{
	const struct ct_facts *facts = out->facts;
	const struct ct_resource *r = &facts->resources[resource];
	const char *what = ct_say_resource(out->arena, facts, resource);
	struct ct_draft draft = {.rule = &ct_rule_corrupt_lock, .level = CT_P1};
	enum ct_trust worst = r->n_waiters ? CT_TRUST_EXACT : r->corrupt_trust;

	ct_draft_resource(&draft, resource);
	ct_draft_step(&draft, ct_arena_printf(out->arena, "%s: %s", what, r->corrupt), CT_NONE,
		resource, CT_NONE);
	for (uint32_t i = 0; i < r->n_waiters; i++) {
		const struct ct_wait *wait =
			&facts->waits[facts->waits_by_resource[r->first_waiter + i]];

		worst = CT_MAX(worst, wait->trust);
		ct_draft_actor(&draft, wait->actor);
		if (i < MAX_STEPS)
			ct_draft_step(&draft,
				ct_arena_printf(out->arena, "%s waits for it",
					ct_say_actor(out->arena, facts, wait->actor)),
				wait->actor, resource, ct_own_frame(facts, wait->actor));
	}
	draft.confidence = ct_confidence_of(facts, worst);
	draft.title = ct_arena_printf(out->arena, "%s is damaged: %s", what, r->corrupt);
	draft.message = r->n_waiters
				? ct_arena_printf(out->arena, "%s; %u %s %s for it", draft.title,
					  r->n_waiters,
					  ct_say_kind(facts, draft.actors.items, draft.actors.n),
					  r->n_waiters == 1 ? "waits" : "wait")
				: draft.title;
	draft.hint =
		"Something wrote over it: an overrun of what lies before it, a use after free, "
		"or a lock that was never initialised, or destroyed or copied while in use. "
		"A watchpoint or the address sanitizer finds who.";
	return ct_findings_add(out, &draft);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	(void)graph, (void)policy;
	for (uint32_t i = 0; i < facts->n_resources; i++) {
		enum ct_status status = facts->resources[i].corrupt ? report(out, i) : CT_OK;

		if (status)
			return status;
	}
	return CT_OK;
}

const struct ct_rule ct_rule_corrupt_lock = {
	.id = "CT112",
	.name = "corrupt-lock",
	.summary = "the bytes of a lock are what no lock or unlock leaves behind",
	.help = "A thread sleeps in pthread_mutex_lock on it, or debug information says that a "
		"mutex "
		"is there; and its lock word, owner or kind is one that no state has.",
	.silent_when =
		"The state is one of those inside of lock and unlock; the lock was destroyed, "
		"or is in a union; nothing but its address says that it is a lock.",
	.level = CT_P1,
	.run = run,
};
