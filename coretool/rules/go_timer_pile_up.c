/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT230: many timers of time.After that nobody can receive from any more. Up to Go 1.22, and with
 * asynctimerchan=1, each of them lives until it fires; since 1.23 it is collected before.
 */
#include "rules/findings.h"
#include "rules/policy.h"
#include "rules/timers.h"

static enum ct_status report(struct ct_findings *out, const struct ct_timer_group *group)
{
	const struct ct_fact_go_timers *facts = out->facts->go_timers;
	struct ct_draft draft = {.rule = &ct_rule_go_timer_pile_up, .level = CT_P2};

	draft.confidence = facts->doubt ? CT_POSSIBLE : CT_LIKELY;
	draft.subject = "time.After";
	draft.title = ct_arena_printf(out->arena,
		"%u timers of time.After or time.NewTimer are left over, and keep %s", group->n,
		ct_say_bytes(out->arena, group->retained));
	draft.message = ct_arena_printf(out->arena,
		"%s: nothing but the runtime's list of timers leads to them or their "
		"channels%s%s%s%s",
		draft.title,
		group->first->endless ? "; they never fire"
		: facts->clock        ? "; the last one fires in at most "
				      : "",
		facts->clock && !group->first->endless
			? ct_say_span(out->arena, CT_MAX(group->last, INT64_C(0)))
			: "",
		facts->doubt ? "; not sure, as " : "", facts->doubt ? facts->doubt : "");
	draft.hint = "In a loop make one timer with time.NewTimer, and Stop or Reset it, in place "
		     "of time.After; or give the whole a context with a deadline.";
	return ct_findings_add(out, &draft);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	uint32_t least = ct_policy_threshold(policy, CT_THRESHOLD_TIMER_PILE_UP);
	struct ct_timer_groups groups;

	(void)graph;
	enum ct_status status = ct_timer_groups_make(facts, &groups);
	for (uint32_t i = 0; !status && i < groups.n; i++) {
		const struct ct_timer_group *group = &groups.groups[i];

		if (group->first->kind == CT_GO_TIMER_CHANNEL && group->first->lasting &&
			group->n_alone && group->n_alone >= least)
			status = report(out, group);
	}
	ct_timer_groups_free(&groups);
	return status;
}

const struct ct_rule ct_rule_go_timer_pile_up = {
	.id = "CT230",
	.name = "go-timer-pile-up",
	.summary = "many timers of time.After that nobody waits for have piled up",
	.help = "All is marked that variables, finalizers and stacks reach by other ways than the "
		"runtime's lists of timers; a timer counts when neither it nor its channel is "
		"marked. The threshold timer-pile-up says from how many on, and below 100 nothing "
		"is looked at. Never proven; possible at most while the collector is at work or "
		"goroutines run. The runtime does not record who made a timer.",
	.silent_when = "There are fewer; something reaches them or their channels; the program is "
		       "of Go 1.23 or later (but for asynctimerchan=1), which collects them; a "
		       "part of memory is missing.",
	.level = CT_P2,
	.wants = CT_WANT_GOROUTINES | CT_WANT_TIMERS,
	.run = run,
};
