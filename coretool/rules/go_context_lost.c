/* SPDX-License-Identifier: Apache-2.0 */
/* CT223: contexts that were meant to be cancelled, and that nothing can cancel but their parents.
 */
#include <inttypes.h>

#include "rules/contexts.h"
#include "rules/findings.h"
#include "rules/words.h"

#define MAX_STEPS 8

static void add_waiters(
	struct ct_findings *out, struct ct_draft *draft, const struct ct_go_context *x)
{
	const struct ct_facts *facts = out->facts;
	const struct ct_resource *done = x->done == CT_NONE ? NULL : &facts->resources[x->done];

	if (!done)
		return;
	ct_draft_resource(draft, x->done);
	for (uint32_t i = 0; i < done->n_waiters; i++) {
		uint32_t actor =
			facts->waits[facts->waits_by_resource[done->first_waiter + i]].actor;

		ct_draft_actor(draft, actor);
		if (draft->steps.n < MAX_STEPS)
			ct_draft_step(draft,
				ct_arena_printf(out->arena, "%s waits at the Done() of %s",
					ct_say_actor(out->arena, facts, actor),
					ct_say_context(out->arena, x)),
				actor, x->done, ct_own_frame(facts, actor));
	}
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	const struct ct_fact_go_contexts *c = facts->go_contexts;
	struct ct_draft draft = {.rule = &ct_rule_go_context_lost, .level = CT_P2};
	const struct ct_go_context *first = NULL;
	uint32_t n = 0;

	(void)graph, (void)policy;
	for (uint32_t i = 0; c && i < c->n_contexts; i++) {
		if (!c->contexts[i].lost)
			continue;
		first = first ? first : &c->contexts[i];
		n++;
		add_waiters(out, &draft, &c->contexts[i]);
	}
	if (!n)
		return CT_OK;
	draft.confidence = ct_confidence_of(facts, CT_TRUST_INFERRED);
	draft.title =
		n == 1 ? "a context is never cancelled: nothing has its cancel function"
		       : ct_arena_printf(out->arena,
				 "%" PRIu32 " contexts are never cancelled: nothing has their "
				 "cancel functions",
				 n);
	const struct ct_go_context *parent = &c->contexts[first->parent];
	draft.message = ct_arena_printf(out->arena,
		"%s; %s%s is kept by what it is derived from, %s, which is not cancelled either",
		draft.title, n == 1 ? "" : "the first, ", ct_say_context(out->arena, first),
		ct_say_context(out->arena, parent));
	draft.hint =
		"Call the function that context.WithCancel returns when the work is done, most "
		"often by defer; go vet (lostcancel) finds such places.";
	return ct_findings_add(out, &draft);
}

const struct ct_rule ct_rule_go_context_lost = {
	.id = "CT223",
	.name = "go-context-not-cancelled",
	.summary = "a context can be cancelled by its parent alone, which lives",
	.help = "Of all that lives only values of type context.Context, and the parent's list of "
		"children, lead to it; its cancel function would lead to it otherwise. Until the "
		"parent is cancelled it stays in memory, with who waits for it. coretool contexts "
		"looks for such contexts, as all of the heap has to be read for it.",
	.silent_when =
		"It is cancelled, or its parent is, or nothing above it can be; it has a "
		"deadline, which ends it; it is of context.AfterFunc, whose function to stop "
		"it is often dropped; a word that may be any pointer leads to it; a part of "
		"memory is missing.",
	.level = CT_P2,
	.wants = CT_WANT_GOROUTINES | CT_WANT_ALL_CONTEXTS,
	.run = run,
};
