/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT221: tickers that run for nobody. Up to Go 1.22, and with asynctimerchan=1, the runtime's list
 * of timers keeps a ticker until it is stopped; since 1.23 an unreachable one is collected. And, of
 * all versions, tickers that only leaked goroutines have.
 */
#include "facts/go.h"
#include "rules/findings.h"
#include "rules/timers.h"
#include "rules/words.h"

#define MAX_STEPS 8 /* of one finding */

/* ---- that nobody has ---- */

static enum ct_status report_alone(struct ct_findings *out, const struct ct_timer_group *group)
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

/* ---- that leaked goroutines have ---- */

/* Never better than that of the leaks, and never proven. */
static enum ct_confidence confidence_of(
	const struct ct_facts *facts, const uint32_t *keepers, uint32_t n)
{
	enum ct_trust worst = CT_TRUST_EXACT;
	bool doubt = !facts->go || facts->go->leaks_doubt;

	for (uint32_t i = 0; i < n; i++) {
		const struct ct_actor *a = &facts->actors[keepers[i]];

		for (uint32_t k = 0; k < a->n_waits; k++)
			worst = CT_MAX(worst, (enum ct_trust)facts->waits[a->first_wait + k].trust);
	}
	return CT_MAX(ct_confidence_of(facts, worst), doubt ? CT_POSSIBLE : CT_LIKELY);
}

static enum ct_status report_kept(struct ct_findings *out, const struct ct_timer_group *group)
{
	const uint32_t *keepers = group->keepers;
	uint32_t n = group->n_keepers;
	const struct ct_facts *facts = out->facts;
	struct ct_draft draft = {.rule = &ct_rule_go_ticker_not_stopped,
		.level = CT_P2,
		.confidence = confidence_of(facts, keepers, n)};
	const char *every = ct_say_span(out->arena, group->first->period);
	const char *doubt = facts->go ? facts->go->leaks_doubt : NULL;
	const char *at =
		ct_say_frame(out->arena, facts, keepers[0], ct_own_frame(facts, keepers[0]));
	bool one = group->n == 1;

	for (uint32_t i = 0; i < n; i++) {
		ct_draft_actor(&draft, keepers[i]);
		if (draft.steps.n < MAX_STEPS)
			ct_draft_step(&draft,
				ct_arena_printf(out->arena, "%s has it, and is leaked",
					ct_say_actor(out->arena, facts, keepers[i])),
				keepers[i], CT_NONE, ct_own_frame(facts, keepers[i]));
	}
	draft.subject = ct_arena_printf(out->arena, "every %s, of leaked goroutines", every);
	draft.title = ct_arena_printf(out->arena, "%s, every %s, %s left to %s leaked",
		one ? "a ticker" : ct_arena_printf(out->arena, "%u tickers", group->n), every,
		one ? "is" : "are",
		n == 1 ? ct_arena_printf(out->arena, "%s, which is",
				 ct_say_actor(out->arena, facts, keepers[0]))
		       : ct_arena_printf(out->arena, "%u goroutines that are", n));
	draft.message = ct_arena_printf(out->arena,
		"%s%s%s: nobody else can stop %s or receive from %s; %s%s%s", draft.title,
		at ? ", at " : "", at ? at : "", one ? "it" : "them", one ? "it" : "them",
		group->first->idle ? "as nobody waits for that, it costs memory, and no time"
				   : "the runtime is woken for it as long as the process lives",
		doubt ? "; not sure, as " : "", doubt ? doubt : "");
	draft.hint = "End the wait that leaks the goroutine (CT210): what it has deferred, as "
		     "ticker.Stop(), never runs.";
	return ct_findings_add(out, &draft);
}

/* ---- both ---- */

static enum ct_status report(struct ct_findings *out, const struct ct_timer_group *group)
{
	if (group->first->kind != CT_GO_TIMER_TICKER)
		return CT_OK;
	if (group->n_keepers)
		return report_kept(out, group);
	return group->first->lasting && group->n_alone ? report_alone(out, group) : CT_OK;
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	struct ct_timer_groups groups;

	(void)graph, (void)policy;
	enum ct_status status = ct_timer_groups_make(facts, &groups);
	for (uint32_t i = 0; !status && i < groups.n; i++)
		status = report(out, &groups.groups[i]);
	ct_timer_groups_free(&groups);
	return status;
}

const struct ct_rule ct_rule_go_ticker_not_stopped = {
	.id = "CT221",
	.name = "go-ticker-not-stopped",
	.summary = "a ticker runs on that nobody, or only a leaked goroutine, can stop or receive "
		   "from",
	.help = "All is marked that variables, finalizers and stacks reach by other ways than the "
		"runtime's lists of timers; a ticker is told when neither it nor its channel is "
		"marked: it wakes the runtime for ever, and is never collected. The same without "
		"the stacks of leaked goroutines (CT210) tells the tickers that only these have. "
		"Never proven; possible at most while the collector is at work or goroutines run.",
	.silent_when = "Anything else reaches the ticker or its channel; it was stopped; the "
		       "program is of Go 1.23 or later (but for asynctimerchan=1) and no leaked "
		       "goroutine has it: it is collected; a part of memory is missing.",
	.level = CT_P2,
	.wants = CT_WANT_GOROUTINES | CT_WANT_TIMERS,
	.run = run,
};
