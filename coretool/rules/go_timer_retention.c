/* SPDX-License-Identifier: Apache-2.0 */
/* CT222: a pending time.AfterFunc whose function alone keeps much memory until it has run. */
#include "rules/findings.h"
#include "rules/policy.h"
#include "rules/timers.h"
#include "rules/words.h"

static const char *say_fires(struct ct_findings *out, int64_t fires, bool endless)
{
	if (!out->facts->go_timers->clock)
		return "nobody knows when";
	if (endless)
		return "never";
	return fires <= 0 ? "it is due"
			  : ct_arena_printf(
				    out->arena, "in at most %s", ct_say_span(out->arena, fires));
}

static enum ct_status report(struct ct_findings *out, const struct ct_timer_group *group)
{
	const struct ct_facts *facts = out->facts;
	const char *doubt = facts->go_timers->doubt;
	struct ct_draft draft = {.rule = &ct_rule_go_timer_retention, .level = CT_P2};
	uint32_t site = group->first->site;
	const char *function = site != CT_NONE ? ct_say_site(out->arena, facts, site) : NULL;
	bool one = group->n_alone == 1;

	function = function ? function : "a function that is not known";
	draft.confidence = doubt ? CT_POSSIBLE : CT_LIKELY;
	draft.subject = site != CT_NONE ? facts->sites[site].function : NULL;
	draft.title =
		one ? ct_arena_printf(out->arena, "a pending timer alone keeps %s, for %s",
			      ct_say_bytes(out->arena, group->retained), function)
		    : ct_arena_printf(out->arena, "%u pending timers alone keep %s, for %s",
			      group->n_alone, ct_say_bytes(out->arena, group->retained), function);
	draft.message = ct_arena_printf(out->arena,
		"%s: what %s function has captured lives until it has run or the timer is stopped "
		"(%s %s); the largest is %s%s%s",
		draft.title, one ? "the" : "each", group->n == 1 ? "it fires:" : "the first fires:",
		say_fires(out, group->first->fires, group->first->endless),
		ct_say_bytes(out->arena, group->largest), doubt ? "; not sure, as " : "",
		doubt ? doubt : "");
	draft.hint = "Stop the timer as soon as it is not needed any more, or let its function "
		     "capture only what it needs.";
	return ct_findings_add(out, &draft);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	uint64_t least = (uint64_t)ct_policy_threshold(policy, CT_THRESHOLD_TIMER_RETENTION) << 10;
	struct ct_timer_groups groups;

	(void)graph;
	enum ct_status status = ct_timer_groups_make(facts, &groups);
	for (uint32_t i = 0; !status && i < groups.n; i++)
		if (groups.groups[i].first->kind == CT_GO_TIMER_FUNCTION &&
			groups.groups[i].n_alone && groups.groups[i].largest >= least)
			status = report(out, &groups.groups[i]);
	ct_timer_groups_free(&groups);
	return status;
}

const struct ct_rule ct_rule_go_timer_retention = {
	.id = "CT222",
	.name = "go-timer-retention",
	.summary = "a pending time.AfterFunc alone keeps much memory alive",
	.help = "All is marked that variables, finalizers and stacks reach by other ways than the "
		"runtime's lists of timers; then what the timer reaches beyond that is counted, "
		"what several share with the first one. The threshold timer-retention says from "
		"how many KiB on, by one of them, those of a function are told. Never proven; "
		"possible at most while the collector is at work or goroutines run.",
	.silent_when = "What the function has captured is smaller, or anything else keeps it; "
		       "somebody has the timer, and could stop it; it was stopped; it is the "
		       "deadline of a context; a part of memory is missing.",
	.level = CT_P2,
	.wants = CT_WANT_GOROUTINES | CT_WANT_TIMERS,
	.run = run,
};
