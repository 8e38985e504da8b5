/* SPDX-License-Identifier: Apache-2.0 */
/* CT102, and CT104 where a signal handler is to blame: a thread waits for what it holds itself. */
#include "rules/findings.h"
#include "rules/other_side.h"
#include "rules/words.h"

/* Where a signal interrupted the thread, which runs its handler: in the program's own code, if that
 * is on the stack. CT_NONE: no handler runs. */
static uint32_t interrupted_frame(const struct ct_facts *facts, uint32_t actor)
{
	uint32_t index = facts->actors[actor].stack, first = CT_NONE;
	const struct ct_stack *stack = index != CT_NONE ? &facts->stacks[index] : NULL;

	for (uint32_t i = 1; stack && i < stack->n_frames; i++) {
		if (first == CT_NONE && stack->frames[i - 1].is_signal)
			first = i;
		if (first != CT_NONE && ct_own_site(facts, stack->frames[i].site))
			return i;
	}
	return first;
}

static const char *hint_for(const struct ct_facts *facts, const struct ct_edge *edge, bool handler)
{
	if (handler)
		return "Let the signal handler set a flag or write to a pipe, and do the work "
		       "elsewhere; or block the signal while the lock is held.";
	if (facts->waits[edge->wait].kind == CT_WAIT_ONCE)
		return "Let the initialiser not call, even through others, what is initialised by "
		       "it.";
	return "Release the lock before the call that takes it again, or split that function into "
	       "one that locks and one that expects the lock held.";
}

/* frame: what a signal handler interrupted, or CT_NONE. */
static enum ct_status add(
	struct ct_findings *out, const struct ct_rule *rule, uint32_t cycle, uint32_t frame)
{
	const struct ct_cycle *c = &out->graph->cycles[cycle];
	const struct ct_edge *edge = &c->edges[0];
	bool handler = frame != CT_NONE;
	struct ct_draft draft = {.rule = rule, .level = c->timed ? CT_P1 : CT_P0};
	const char *actor = ct_say_actor(out->arena, out->facts, edge->waiter);
	const char *what =
		ct_say_resource(out->arena, out->facts, out->facts->waits[edge->wait].resource);
	uint32_t behind = 0;

	draft.confidence = ct_confidence_of(out->facts, c->trust);
	draft.title = ct_arena_printf(out->arena, "%s waits%s for %s, which it holds itself", actor,
		handler ? " in a signal handler" : "", what);
	ct_draft_actor(&draft, edge->waiter);
	for (uint32_t a = out->graph->first_of_cycle[cycle]; a != CT_NONE; a = out->graph->next[a])
		if (a != edge->waiter) {
			ct_draft_actor(&draft, a);
			behind++;
		}
	ct_draft_cycle(&draft, cycle);
	ct_draft_edge(out, &draft, edge);
	if (handler)
		ct_draft_step(&draft, ct_arena_printf(out->arena, "a signal interrupted %s", actor),
			edge->waiter, CT_NONE, frame);
	draft.message = ct_arena_printf(out->arena, "%s: %s%s", draft.title,
		c->timed ? "it goes on when its timeout ends" : "it can never go on",
		behind ? ct_arena_printf(out->arena, "; %u more wait behind it", behind) : "");
	draft.hint = hint_for(out->facts, edge, handler);
	draft.other_side = ct_say_object_and_other_side(out->arena, out->facts, edge->waiter);
	return ct_findings_add(out, &draft);
}

enum ct_status ct_report_self(struct ct_findings *out, const struct ct_rule *rule, uint32_t cycle)
{
	return add(out, rule, cycle, CT_NONE);
}

static bool is_go(const struct ct_findings *out, uint32_t cycle)
{
	return ct_cycle_has_goroutine(out->facts, &out->graph->cycles[cycle]);
}

static enum ct_status report_plain(struct ct_findings *out, uint32_t cycle)
{
	uint32_t waiter = out->graph->cycles[cycle].edges[0].waiter;

	if (is_go(out, cycle) || interrupted_frame(out->facts, waiter) != CT_NONE)
		return CT_OK;
	return add(out, &ct_rule_self_deadlock, cycle, CT_NONE);
}

static enum ct_status report_handler(struct ct_findings *out, uint32_t cycle)
{
	uint32_t waiter = out->graph->cycles[cycle].edges[0].waiter;
	uint32_t frame = interrupted_frame(out->facts, waiter);

	if (is_go(out, cycle) || frame == CT_NONE)
		return CT_OK;
	return add(out, &ct_rule_handler_deadlock, cycle, frame);
}

static enum ct_status run_plain(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	(void)facts, (void)graph, (void)policy;
	return ct_findings_for_cycles(out, CT_CYCLE_SELF, report_plain);
}

static enum ct_status run_handler(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	(void)facts, (void)graph, (void)policy;
	return ct_findings_for_cycles(out, CT_CYCLE_SELF, report_handler);
}

const struct ct_rule ct_rule_self_deadlock = {
	.id = "CT102",
	.name = "self-deadlock",
	.summary = "a thread waits for a lock that it holds itself",
	.help = "A mutex that is not recursive was locked again by its owner, or an initialiser of "
		"pthread_once called what it initialises.",
	.silent_when = "The mutex is recursive or of the errorcheck kind: the second lock returns "
		       "at once.",
	.level = CT_P0,
	.run = run_plain,
};

const struct ct_rule ct_rule_handler_deadlock = {
	.id = "CT104",
	.name = "signal-handler-deadlock",
	.summary = "a signal handler waits for a lock that its own thread holds",
	.help = "A signal interrupted a thread that held a lock, and the handler asks for the same "
		"lock: whoever should release it is below the handler on the same stack.",
	.silent_when = "The thread that the handler runs on does not hold what the handler waits "
		       "for.",
	.level = CT_P0,
	.run = run_handler,
};
