/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT213: goroutines that have a context at hand which has been over for a while, and wait for
 * something else. That the context is meant for just this wait is not known: never proven.
 */
#include <inttypes.h>

#include "facts/go.h"
#include "rules/contexts.h"
#include "rules/findings.h"
#include "rules/progress.h"
#include "rules/words.h"

#define MAX_STEPS 8                   /* of one finding */
#define LONG      INT64_C(1000000000) /* ns for which it is over; what ends needs some time */

static const char *say_wait(const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];

	if (a->n_waits != 1)
		return "waits in a select";
	switch (facts->waits[a->first_wait].kind) {
	case CT_WAIT_SEND:
		return "waits to send";
	case CT_WAIT_RECV:
		return "waits to receive";
	case CT_WAIT_COND:
		return "waits for a Cond";
	default:
		return "waits for a lock";
	}
}

/* Does it wait for what a context should end? */
static bool is_ignoring(const struct ct_facts *facts, const struct ct_actor *a)
{
	for (uint32_t i = 0; i < a->n_waits; i++) {
		const struct ct_wait *wait = &facts->waits[a->first_wait + i];

		if (wait->timed || wait->outside || wait->never || ct_wait_may_end(facts, wait) ||
			(wait->kind != CT_WAIT_SEND && wait->kind != CT_WAIT_RECV &&
				wait->kind != CT_WAIT_COND && !ct_wait_is_lock(wait->kind)))
			return false;
	}
	return a->n_waits != 0;
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);

	return len >= n && !strcmp(name + len - n, end);
}

/* Whoever waits for others to end, or shuts down, does so after the context has ended. */
static bool waits_for_end(const struct ct_facts *facts, const struct ct_actor *a)
{
	const struct ct_stack *stack = a->stack == CT_NONE ? NULL : &facts->stacks[a->stack];

	for (uint32_t i = 0; stack && i < stack->n_frames; i++) {
		const char *name = facts->sites[stack->frames[i].site].function;

		if (name && strncmp(name, "sync.", strlen("sync.")) != 0 &&
			(ends_with(name, ".Wait") || ends_with(name, ".Shutdown")))
			return true;
	}
	return false;
}

static bool is_late(const struct ct_facts *facts, const struct ct_go_context_use *use)
{
	const struct ct_fact_go_contexts *c = facts->go_contexts;
	const struct ct_actor *a = &facts->actors[use->actor];

	return ct_context_use_ignores(facts, use) && !use->deferred &&
	       ct_context_is_over(c, use->context) &&
	       ct_context_over_for(c, use->context) >= LONG && is_ignoring(facts, a) &&
	       !waits_for_end(facts, a);
}

/* "it has timerCtx 0x… in main.cook() kitchen.go:50; context deadline exceeded, for 12 s at least"
 */
static const char *say_use(struct ct_findings *out, const struct ct_go_context_use *use)
{
	const struct ct_fact_go_contexts *c = out->facts->go_contexts;
	const struct ct_go_context *over = &c->contexts[c->contexts[use->context].cancels];
	const char *at = ct_say_frame(out->arena, out->facts, use->actor, use->frame);
	const char *for_what = ct_say_duration(out->arena, ct_context_over_for(c, use->context));

	return ct_arena_printf(out->arena, "%s%s%s has been over for at least %s (%s%s%s)",
		ct_say_context(out->arena, &c->contexts[use->context]),
		at ? ", which it has in " : "", at ? at : "", for_what, over->err,
		over->cause ? ", cause: " : "", over->cause ? over->cause : "");
}

static void add_actor(
	struct ct_findings *out, struct ct_draft *draft, const struct ct_go_context_use *use)
{
	const struct ct_facts *facts = out->facts;
	const struct ct_actor *a = &facts->actors[use->actor];
	uint32_t resource = a->n_waits == 1 ? facts->waits[a->first_wait].resource : CT_NONE;

	ct_draft_actor(draft, use->actor);
	if (resource != CT_NONE)
		ct_draft_resource(draft, resource);
	if (draft->steps.n < MAX_STEPS)
		ct_draft_step(draft,
			ct_arena_printf(out->arena, "%s %s; %s",
				ct_say_actor(out->arena, facts, use->actor),
				say_wait(facts, use->actor), say_use(out, use)),
			use->actor, resource, ct_own_frame(facts, use->actor));
}

static enum ct_status report(struct ct_findings *out, const struct ct_late *late, uint32_t n)
{
	const struct ct_facts *facts = out->facts;
	const struct ct_go_context_use *uses = facts->go_contexts->uses, *first = &uses[late->i];
	struct ct_draft draft = {.rule = &ct_rule_go_context_ignored, .level = CT_P1};
	const char *at =
		ct_say_frame(out->arena, facts, first->actor, ct_own_frame(facts, first->actor));

	for (uint32_t i = 0; i < n; i++)
		add_actor(out, &draft, &uses[late[i].i]);
	draft.confidence = ct_confidence_of(facts, CT_TRUST_INFERRED);
	draft.title =
		n == 1 ? ct_arena_printf(out->arena, "%s does not see that its context is over",
				 ct_say_actor(out->arena, facts, first->actor))
		       : ct_arena_printf(out->arena,
				 "%u goroutines do not see that their contexts are over", n);
	draft.message = ct_arena_printf(out->arena, "%s: %s %s%s%s; %s", draft.title,
		n == 1 ? "it" : "the first", say_wait(facts, first->actor), at ? ", at " : "",
		at ? at : "", say_use(out, first));
	draft.hint =
		"Put what it waits for into a select with a case for ctx.Done(); what cannot be "
		"in a select, a lock or a Cond, should not be held or awaited for so long.";
	return ct_findings_add(out, &draft);
}

/* Of each goroutine the innermost context that is over. */
static uint32_t list_late(const struct ct_facts *facts, struct ct_late *ret)
{
	const struct ct_fact_go_contexts *c = facts->go_contexts;
	uint32_t n = 0, last = CT_NONE;

	for (uint32_t i = 0; i < c->n_uses; i++) {
		uint32_t actor = c->uses[i].actor;

		if (actor == last || !is_late(facts, &c->uses[i]))
			continue;
		last = actor;
		ret[n++] = (struct ct_late){.made = ct_goroutine_creator(facts, actor),
			.stack = facts->actors[actor].stack,
			.i = i};
	}
	return n;
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	(void)graph, (void)policy;
	if (!facts->go_contexts || !facts->go_contexts->n_uses)
		return CT_OK;
	ct_autofree struct ct_late *late = calloc(facts->go_contexts->n_uses, sizeof(*late));
	if (!late)
		return CT_NO_MEMORY;
	return ct_late_by_place(out, late, list_late(facts, late), report);
}

const struct ct_rule ct_rule_go_context_ignored = {
	.id = "CT213",
	.name = "go-context-ignored",
	.summary = "a goroutine waits on although its context is over",
	.help = "It has a context in a frame that will use it yet, the context is cancelled, and a "
		"deadline, its own or one above it, passed a second ago or more; and what it waits "
		"for is a channel, a Cond or a lock. That the wait should end with the context is "
		"likely, and never proven.",
	.silent_when =
		"It waits for the Done() of a context too; it runs a deferred function, or is "
		"in a Wait or a Shutdown; who has the lock, or will serve the channel, goes "
		"on; the wait ends by a time or from outside; the context ended less than a "
		"second ago, or when it ended is not known, as it is of one that was "
		"cancelled by hand; who has the lock is not known; nothing of the goroutine will "
		"use the context again; a part of memory is missing.",
	.level = CT_P1,
	.wants = CT_WANT_GOROUTINES | CT_WANT_CONTEXTS,
	.run = run,
};
