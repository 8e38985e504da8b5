/* SPDX-License-Identifier: Apache-2.0 */
/* CT110: threads that nobody is left to wake. */
#include "rules/findings.h"
#include "rules/words.h"

#define MAX_STEPS 8 /* of the proof; the others wait for the same */

/* How the wait would end: "signal it", and what to look at when nobody does. */
struct manner {
	enum ct_wait_kind kind;
	const char *waits, *ends, *hint;
};

static struct manner manner_of(enum ct_wait_kind kind)
{
	static const struct manner manners[] = {
		{CT_WAIT_COND, "a signal of ", "signal it",
			"Whoever changes what the condition is about must signal it afterwards, "
			"with the mutex held when it changes; on its way out, too, a thread that "
			"others wait for must tell them."},
		{CT_WAIT_SEM, "a post of ", "post it",
			"Every way out of the code that should post the semaphore must post it."},
	};
	static const struct manner other = {CT_N_WAIT_KINDS, "", "end that wait",
		"Whoever should wake these threads has exited or waits itself."};

	for (size_t i = 0; i < CT_COUNT(manners); i++)
		if (manners[i].kind == kind)
			return manners[i];
	return ct_wait_kind_has_holder(kind)
		       ? (struct manner){kind, "", "release it",
				 "Its holder is not recorded: look for the code that takes it and "
				 "returns without releasing it."}
		       : other;
}

/* What keeps an orphan, directly or at the end of its chain: a resource, or CT_NONE where other
 * rules tell. */
static uint32_t end_of(const struct ct_facts *facts, const struct ct_graph *graph, uint32_t actor)
{
	uint32_t root = graph->root[actor];

	/* Of goroutines other rules tell. */
	if (facts->actors[actor].kind == CT_ACTOR_GOROUTINE ||
		graph->orphan[actor] == CT_NO_ORPHAN || graph->cycle_of[actor] != CT_NONE ||
		root == CT_NONE || !facts->actors[root].n_waits)
		return CT_NONE;
	const struct ct_wait *wait = &facts->waits[facts->actors[root].first_wait];
	/* CT111 counts who can come. */
	if (wait->resource == CT_NONE || ct_barrier_missing(facts, wait->resource))
		return CT_NONE;
	return wait->resource;
}

static bool waits_for(const struct ct_facts *facts, uint32_t actor, uint32_t resource)
{
	return facts->waits[facts->actors[actor].first_wait].resource == resource;
}

/* The stuck ones of one object: first those that wait for it, then those behind them. */
struct stuck {
	uint32_t n, behind, first;
	bool same_label;
	enum ct_trust worst;
};

static struct stuck add_stuck(struct ct_findings *out, struct ct_draft *draft,
	const struct manner *manner, uint32_t resource, const uint32_t *next, uint32_t first)
{
	const struct ct_facts *facts = out->facts;
	struct stuck ret = {.first = CT_NONE, .same_label = true};

	for (uint32_t a = first; a != CT_NONE; a = next[a]) {
		if (!waits_for(facts, a, resource))
			continue;
		if (!ret.n++)
			ret.first = a;
		const char *label = ct_actor_label(facts, a);
		const char *common = ct_actor_label(facts, ret.first);
		ret.same_label &= label && common && !strcmp(label, common);
		ret.worst = CT_MAX(ret.worst, (enum ct_trust)out->graph->orphan[a]);
		ct_draft_actor(draft, a);
		if (ret.n <= MAX_STEPS)
			ct_draft_step(draft,
				ct_arena_printf(out->arena, "%s waits for %s%s",
					ct_say_actor(out->arena, facts, a), manner->waits,
					ct_say_resource(out->arena, facts, resource)),
				a, resource, ct_own_frame(facts, a));
	}
	for (uint32_t a = first; a != CT_NONE; a = next[a])
		if (!waits_for(facts, a, resource)) {
			ct_draft_actor(draft, a);
			ret.behind++;
		}
	return ret;
}

static const char *say_stuck(struct ct_findings *out, const struct stuck *stuck)
{
	const char *label = ct_actor_label(out->facts, stuck->first);

	if (stuck->n == 1)
		return ct_arena_printf(
			out->arena, "%s waits", ct_say_actor(out->arena, out->facts, stuck->first));
	if (stuck->same_label)
		return ct_arena_printf(out->arena, "%u threads (%s) wait", stuck->n, label);
	return ct_arena_printf(out->arena, "%u threads wait", stuck->n);
}

/* Why it is not proven, as far as a signal's handler is the reason. */
static const char *say_handler(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct stuck *stuck, enum ct_wait_kind kind)
{
	if (stuck->worst != CT_TRUST_INFERRED)
		return "";
	if (kind == CT_WAIT_SEM)
		return "; a signal's handler could still do it";
	for (uint32_t w = 0; w < facts->n_waits; w++)
		if (facts->waits[w].kind == CT_WAIT_SEM &&
			graph->orphan[facts->waits[w].actor] != CT_NO_ORPHAN)
			return "; a signal's handler could still post the semaphore that another "
			       "thread waits for";
	return "";
}

/* A process is called as its main thread is, by whoever numbers both. */
static bool is_main(const struct ct_facts *facts, const struct ct_actor *actor)
{
	return (int64_t)(actor->lwp ? actor->lwp : actor->id) == facts->target.pid;
}

/*
 * A main thread that waits for a semaphore, and a handler of SIGTERM that posts it, is how programs
 * rest until they shall end. A core does not say which handlers there are.
 */
static bool main_may_rest(const struct ct_facts *facts, const struct ct_graph *graph)
{
	for (uint32_t a = 0; a < facts->n_actors; a++) {
		const struct ct_actor *actor = &facts->actors[a];

		if (is_main(facts, actor) && actor->n_waits &&
			facts->waits[actor->first_wait].kind == CT_WAIT_SEM &&
			graph->orphan[a] != CT_NO_ORPHAN)
			return true;
	}
	return false;
}

static enum ct_status report(struct ct_findings *out, uint32_t resource, const uint32_t *next,
	uint32_t first, bool may_rest)
{
	const struct ct_facts *facts = out->facts;
	struct ct_draft draft = {.rule = &ct_rule_orphan, .level = CT_P1};
	const struct ct_resource *r = &facts->resources[resource];
	struct manner manner =
		manner_of(facts->waits[facts->waits_by_resource[r->first_waiter]].kind);
	struct stuck stuck = add_stuck(out, &draft, &manner, resource, next, first);

	ct_draft_resource(&draft, resource);
	ct_draft_exited(out, &draft, "");
	draft.confidence = ct_confidence_of(facts, stuck.worst);
	if (draft.confidence != CT_PROVEN && may_rest) {
		draft.confidence = CT_POSSIBLE;
		draft.level = CT_P2;
	}
	draft.title = ct_arena_printf(out->arena,
		"%s for %s%s, and no thread is left that could %s", say_stuck(out, &stuck),
		manner.waits, ct_say_resource(out->arena, facts, resource), manner.ends);
	draft.message = ct_arena_printf(out->arena, "%s%s%s", draft.title,
		stuck.behind ? ct_arena_printf(out->arena, "; %u more wait behind %s", stuck.behind,
				       stuck.n == 1 ? "it" : "them")
			     : "",
		say_handler(facts, out->graph, &stuck, manner.kind));
	draft.hint = manner.hint;
	return ct_findings_add(out, &draft);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	ct_autofree uint32_t *first = malloc(((size_t)facts->n_resources + 1) * sizeof(*first));
	ct_autofree uint32_t *next = malloc(((size_t)facts->n_actors + 1) * sizeof(*next));
	enum ct_status status = CT_OK;

	(void)policy;
	if (!first || !next)
		return CT_NO_MEMORY;
	/* Whoever is not in a damaged source might wake them. */
	if (facts->target.n_partial)
		return CT_OK;
	bool may_rest = main_may_rest(facts, graph);
	memset(first, 0xff, (size_t)facts->n_resources * sizeof(*first));
	for (uint32_t a = facts->n_actors; a-- > 0;) {
		uint32_t end = end_of(facts, graph, a);

		next[a] = end != CT_NONE ? first[end] : CT_NONE;
		if (end != CT_NONE)
			first[end] = a;
	}
	for (uint32_t r = 0; !status && r < facts->n_resources; r++)
		if (first[r] != CT_NONE)
			status = report(out, r, next, first[r], may_rest);
	return status;
}

const struct ct_rule ct_rule_orphan = {
	.id = "CT110",
	.name = "orphaned-thread",
	.summary = "threads wait, and no thread is left that could wake them",
	.help = "Each thread of the process waits for another one: none runs, sleeps for a time, "
		"or waits for something outside, like a file or a signal. What the threads of the "
		"finding wait for has no recorded holder, so that anyone could have woken them, "
		"and nobody can. likely: a semaphore is among what they wait for, which a "
		"signal's handler may post; possible, when it is the main thread that waits "
		"for it, as programs do until they shall end.",
	.silent_when = "Any thread runs, has a timeout or waits for something outside: it could be "
		       "the one that wakes them, as in an idle pool; the list of threads is "
		       "incomplete.",
	.level = CT_P1,
	.run = run,
};
