/* SPDX-License-Identifier: Apache-2.0 */
/* CT211: goroutines that wait for what can never happen: on a nil channel, or in an empty select.
 */
#include "rules/findings.h"
#include "rules/words.h"

#define MAX_STEPS 8 /* of one finding */

/* The main goroutine's "select {}" is how programs leave the work to others. */
static bool is_stuck(const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];

	return a->kind == CT_ACTOR_GOROUTINE && !a->system && a->n_waits == 1 &&
	       facts->waits[a->first_wait].never &&
	       !(a->id == 1 && facts->waits[a->first_wait].kind == CT_WAIT_SELECT);
}

static const char *what_for(const struct ct_facts *facts, uint32_t actor)
{
	switch (facts->waits[facts->actors[actor].first_wait].kind) {
	case CT_WAIT_SEND:
		return "to send to a nil channel";
	case CT_WAIT_RECV:
		return "to receive from a nil channel";
	default:
		return "in a select that has no case which could ever be ready";
	}
}

static enum ct_status report(
	struct ct_findings *out, const uint32_t *next, uint32_t first, uint32_t n)
{
	const struct ct_facts *facts = out->facts;
	struct ct_draft draft = {.rule = &ct_rule_go_nil_channel, .level = CT_P1};
	enum ct_trust worst = CT_TRUST_EXACT;
	uint32_t frame = ct_own_frame(facts, first);
	const char *at = ct_say_frame(out->arena, facts, first, frame);

	for (uint32_t a = first; a != CT_NONE; a = next[a]) {
		worst = CT_MAX(worst, facts->waits[facts->actors[a].first_wait].trust);
		ct_draft_actor(&draft, a);
		if (draft.steps.n < MAX_STEPS)
			ct_draft_step(&draft,
				ct_arena_printf(out->arena, "%s waits %s",
					ct_say_actor(out->arena, facts, a), what_for(facts, a)),
				a, CT_NONE, ct_own_frame(facts, a));
	}
	draft.confidence = ct_confidence_of(facts, worst);
	draft.title =
		n == 1 ? ct_arena_printf(out->arena, "%s waits %s",
				 ct_say_actor(out->arena, facts, first), what_for(facts, first))
		       : ct_arena_printf(
				 out->arena, "%u goroutines wait %s", n, what_for(facts, first));
	draft.message = ct_arena_printf(out->arena, "%s%s%s: nothing can ever end that",
		draft.title, at ? ", at " : "", at ? at : "");
	draft.hint =
		"A channel variable or field is used before it is made, or after it was set to "
		"nil; a goroutine that has nothing left to do should return.";
	return ct_findings_add(out, &draft);
}

/* Those with one stack are one finding. */
static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	ct_autofree uint32_t *first = malloc(((size_t)facts->n_stacks + 1) * sizeof(*first));
	ct_autofree uint32_t *count = calloc((size_t)facts->n_stacks + 1, sizeof(*count));
	ct_autofree uint32_t *next = malloc(((size_t)facts->n_actors + 1) * sizeof(*next));
	enum ct_status status = CT_OK;

	(void)graph, (void)policy;
	if (!first || !count || !next)
		return CT_NO_MEMORY;
	memset(first, 0xff, ((size_t)facts->n_stacks + 1) * sizeof(*first));
	for (uint32_t a = facts->n_actors; a-- > 0;) {
		/* Without stacks all are together. */
		uint32_t stack = CT_MIN(facts->actors[a].stack, facts->n_stacks);

		next[a] = CT_NONE;
		if (!is_stuck(facts, a))
			continue;
		next[a] = first[stack];
		first[stack] = a;
		count[stack]++;
	}
	for (uint32_t s = 0; !status && s <= facts->n_stacks; s++)
		if (count[s])
			status = report(out, next, first[s], count[s]);
	return status;
}

const struct ct_rule ct_rule_go_nil_channel = {
	.id = "CT211",
	.name = "go-nil-channel",
	.summary = "a goroutine waits on a nil channel or in an empty select, for ever",
	.help = "Nothing can be sent to or received from a nil channel, and a select without "
		"cases, "
		"or with nil channels alone, is never ready.",
	.silent_when = "The select has other cases; it is the main goroutine's select {}, by which "
		       "programs wait until they are stopped.",
	.level = CT_P1,
	.wants = CT_WANT_GOROUTINES,
	.run = run,
};
