/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT228: a goroutine that waits for the end of others, of which one at least is not known to go on:
 * in http.Server.Shutdown, in sql.DB.Close, or for a WaitGroup after a context was cancelled.
 */
#include "facts/go_context.h"
#include "facts/go_services.h"
#include "rules/contexts.h"
#include "rules/findings.h"
#include "rules/progress.h"
#include "rules/words.h"

#define MAX_STEPS 8 /* of one finding */

struct ending { /* who waits, for whom, and what it is called */
	uint32_t actor;
	const uint32_t *others;
	uint32_t n;
	const char *what, *of, *hint;
};

static void add_step(struct ct_findings *out, struct ct_draft *draft, uint32_t actor, bool goes_on)
{
	const struct ct_facts *facts = out->facts;
	const char *activity = ct_say_activity(out->arena, facts, actor);

	if (draft->steps.n < MAX_STEPS)
		ct_draft_step(draft,
			ct_arena_printf(out->arena, "%s is %s%s",
				ct_say_actor(out->arena, facts, actor), activity,
				goes_on ? ", and may go on"
					: ", and nobody is known who will end that"),
			actor, CT_NONE, ct_own_frame(facts, actor));
}

/* One that does not go on is enough: all are waited for. */
static enum ct_status report(struct ct_findings *out, const struct ending *ending)
{
	const struct ct_facts *facts = out->facts;
	struct ct_draft draft = {.rule = &ct_rule_go_shutdown,
		.level = CT_P1,
		.confidence = ct_confidence_of(facts, CT_TRUST_INFERRED)};
	uint32_t stuck = 0;

	for (uint32_t i = 0; i < ending->n; i++)
		stuck += !ct_may_go_on(facts, ending->others[i]);
	if (!stuck)
		return CT_OK;
	ct_draft_actor(&draft, ending->actor);
	for (unsigned goes_on = 0; goes_on < 2; goes_on++)
		for (uint32_t i = 0; i < ending->n; i++)
			if (ct_may_go_on(facts, ending->others[i]) == (bool)goes_on)
				add_step(out, &draft, ending->others[i], goes_on);
	draft.title = ct_arena_printf(out->arena, "%s is in %s and cannot end",
		ct_say_actor(out->arena, facts, ending->actor), ending->what);
	draft.message = ct_arena_printf(out->arena,
		"%s: of %u %s that it waits for %u will not go on, as far as is known", draft.title,
		ending->n, ending->of, stuck);
	draft.hint = ending->hint;
	return ct_findings_add(out, &draft);
}

static enum ct_status report_server(struct ct_findings *out, const struct ct_go_shutdown *shutdown)
{
	return report(out,
		&(struct ending){.actor = shutdown->actor,
			.others = shutdown->handlers,
			.n = shutdown->n_handlers,
			.what = "http.Server.Shutdown",
			.of = shutdown->n_handlers == 1 ? "connection" : "connections",
			.hint = "Give Shutdown a context with a deadline, and call Close when it "
				"has passed; let handlers end with the context of their request, "
				"or with one that is cancelled in RegisterOnShutdown."});
}

/* It waits for a lock. */
static enum ct_status report_close(struct ct_findings *out, const struct ct_go_shutdown *shutdown)
{
	const struct ct_facts *facts = out->facts;
	const struct ct_actor *a = &facts->actors[shutdown->actor];
	const struct ct_wait *wait = a->n_waits == 1 ? &facts->waits[a->first_wait] : NULL;
	uint32_t n;

	if (!wait || !ct_wait_is_lock(wait->kind) || wait->resource == CT_NONE)
		return CT_OK;
	const struct ct_hold *hold = ct_first_hold(facts, wait, &n);
	if (!hold || hold->trust == CT_TRUST_GUESS)
		return CT_OK;
	return report(out,
		&(struct ending){.actor = shutdown->actor,
			.others = &hold->actor,
			.n = 1,
			.what = "sql.DB.Close",
			.of = "goroutine",
			.hint = "Give queries a context, and cancel it before the DB is closed."});
}

/* ---- WaitGroups ---- */

/* Has it, or one of those that it waits for, a context that is over? */
static bool was_cancelled(
	const struct ct_facts *facts, uint32_t actor, const uint32_t *others, uint32_t n)
{
	const struct ct_fact_go_contexts *c = facts->go_contexts;

	for (uint32_t i = 0; i < c->n_uses; i++) {
		const struct ct_go_context_use *use = &c->uses[i];

		if (use->guessed || !ct_context_is_over(c, use->context))
			continue;
		if (use->actor == actor)
			return true;
		for (uint32_t k = 0; k < n; k++)
			if (use->actor == others[k])
				return true;
	}
	return false;
}

static enum ct_status report_group(struct ct_findings *out, const struct ct_wait *wait)
{
	const struct ct_facts *facts = out->facts;
	uint32_t *others = ct_arena_new_array(out->arena, (size_t)wait->n_peers + 1, uint32_t);
	uint32_t n = 0;

	if (!others)
		return CT_NO_MEMORY;
	for (uint32_t i = 0; i < wait->n_peers; i++) {
		const struct ct_peer *peer = &facts->peers[wait->first_peer + i];

		if (peer->trust != CT_TRUST_GUESS)
			others[n++] = peer->actor;
	}
	if (!was_cancelled(facts, wait->actor, others, n))
		return CT_OK;
	return report(out,
		&(struct ending){.actor = wait->actor,
			.others = others,
			.n = n,
			.what = "WaitGroup.Wait after a context was cancelled",
			.of = n == 1 ? "goroutine" : "goroutines",
			.hint = "Whoever is waited for should end with the context: put what it "
				"waits for into a select with a case for ctx.Done()."});
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	const struct ct_fact_go_services *services = facts->go_services;
	enum ct_status status = CT_OK;

	(void)graph, (void)policy;
	for (uint32_t i = 0; services && !status && i < services->n_shutdowns; i++)
		status = services->shutdowns[i].closing == CT_GO_DB_CLOSE
				 ? report_close(out, &services->shutdowns[i])
				 : report_server(out, &services->shutdowns[i]);
	for (uint32_t i = 0;
		facts->go_contexts && facts->go_contexts->n_uses && !status && i < facts->n_waits;
		i++)
		if (facts->waits[i].kind == CT_WAIT_WAITGROUP && facts->waits[i].n_peers)
			status = report_group(out, &facts->waits[i]);
	return status;
}

const struct ct_rule ct_rule_go_shutdown = {
	.id = "CT228",
	.name = "go-shutdown-stuck",
	.summary = "a shutdown waits for what does not go on",
	.help = "A goroutine is in http.Server.Shutdown, in sql.DB.Close, or waits for a WaitGroup "
		"while it, or one that it waits for, has a context that is over. Each active "
		"connection of that server, and each goroutine that will call Done, is looked "
		"at: one of them waits, and nobody is known who goes on and will end that.",
	.silent_when = "All that it waits for run, sleep, do I/O, or wait for one that does; "
		       "connections that are idle, new, or taken over by their handler; "
		       "connections of HTTP/2; a WaitGroup of which nobody is known to call "
		       "Done, or while no context is over; a part of memory is missing.",
	.level = CT_P1,
	.wants = CT_WANT_STACKS | CT_WANT_GOROUTINES | CT_WANT_CONTEXTS | CT_WANT_SERVICES,
	.run = run,
};
