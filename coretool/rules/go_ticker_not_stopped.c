/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT221: tickers that run for nobody. Up to Go 1.22, and with asynctimerchan=1, the runtime's list
 * of timers keeps a ticker until it is stopped; since 1.23 an unreachable one is collected.
 */
#include "rules/findings.h"
#include "rules/timers.h"

static enum ct_status report(struct ct_findings *out, const struct ct_timer_group *group)
{
	const struct ct_fact_go_timers *facts = out->facts->go_timers;
	struct ct_draft draft = {.rule = &ct_rule_go_ticker_not_stopped, .level = CT_P2};
	const char *every = ct_say_span(out->arena, group->first->period);

	draft.confidence = facts->doubt ? CT_POSSIBLE : CT_LIKELY;
	draft.subject = ct_arena_printf(out->arena, "every %s", every);
	draft.title =
		group->n == 1
			? ct_arena_printf(out->arena,
				  "a ticker was not stopped and runs for nobody, every %s", every)
			: ct_arena_printf(out->arena,
				  "%u tickers were not stopped and run for nobody, "
				  "every %s",
				  group->n, every);
	draft.message = ct_arena_printf(out->arena,
		"%s: nothing but the runtime's list of timers leads to %s, and that keeps %s%s%s",
		draft.title, group->n == 1 ? "it or its channel" : "them or their channels",
		ct_say_bytes(out->arena, group->retained), facts->doubt ? "; not sure, as " : "",
		facts->doubt ? facts->doubt : "");
	draft.hint = "Have whoever makes a ticker stop it on all ways out (defer ticker.Stop()); "
		     "Go 1.23 collects those that nobody has.";
	return ct_findings_add(out, &draft);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	struct ct_timer_groups groups;

	(void)graph, (void)policy;
	enum ct_status status = ct_timer_groups_make(facts, &groups);
	for (uint32_t i = 0; !status && i < groups.n; i++) {
		const struct ct_timer_group *group = &groups.groups[i];

		if (group->first->kind == CT_GO_TIMER_TICKER && group->first->lasting &&
			group->n_alone)
			status = report(out, group);
	}
	ct_timer_groups_free(&groups);
	return status;
}

const struct ct_rule ct_rule_go_ticker_not_stopped = {
	.id = "CT221",
	.name = "go-ticker-not-stopped",
	.summary = "a ticker runs on that nobody can stop or receive from any more",
	.help = "All is marked that variables, finalizers and stacks reach by other ways than the "
		"runtime's lists of timers; a ticker is told when neither it nor its channel is "
		"marked. It wakes the runtime for ever, and is never collected. Never proven; "
		"possible at most while the collector is at work or goroutines run.",
	.silent_when = "Anything reaches the ticker or its channel; it was stopped; the program is "
		       "of Go 1.23 or later (but for asynctimerchan=1), which collects it; a part "
		       "of memory is missing.",
	.level = CT_P2,
	.wants = CT_WANT_GOROUTINES | CT_WANT_TIMERS,
	.run = run,
};
