/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT210: goroutines that wait for what only they, or others that wait like them, still reach. Those
 * that were made at one place and wait at one place are one finding.
 */
#include "facts/go.h"
#include "rules/findings.h"
#include "rules/other_side.h"
#include "rules/words.h"

#define MAX_STEPS 8 /* of one finding */

struct kin { /* what those of one finding have in common */
	uint64_t made, stack;
	uint8_t kind;
	uint32_t leak; /* index */
};

/* Who waits for a WaitGroup is told by CT212. */
static const struct {
	const char *waits, *pattern, *hint;
} patterns[CT_N_WAIT_KINDS] = {
	[CT_WAIT_SEND] = {"to send", "nobody is left who could receive",
		"Whoever should receive has returned early, on an error or a timeout: give the "
		"channel room for what is sent, or select on a context's Done() beside the send."},
	[CT_WAIT_RECV] = {"to receive", "nobody is left who could send or close",
		"Have the sender close the channel when it is done, on all its ways out (defer); a "
		"range over a channel ends by that alone. Or select on a context's Done() too."},
	[CT_WAIT_SELECT] = {"in a select", "none of its channels is reached by anybody else",
		"Add a case for a context's Done(), and see that the context is cancelled."},
	[CT_WAIT_MUTEX] = {"for a lock", "nobody is left who could release it",
		"Who had the lock returned without Unlock, or waits for ever itself: use defer."},
	[CT_WAIT_RWLOCK_READ] = {"to read-lock", "nobody is left who could release the lock",
		"Who had the lock returned without Unlock, or waits for ever itself: use defer."},
	[CT_WAIT_RWLOCK_WRITE] = {"to write-lock", "nobody is left who could release the lock",
		"Who had the lock returned without Unlock, or waits for ever itself: use defer."},
	[CT_WAIT_ONCE] = {"for a Once", "nobody is left who could end its function",
		"Its function waits for ever itself: give it what it waits for before Do, or a "
		"time after which it gives up."},
	[CT_WAIT_COND] = {"for a Cond", "nobody is left who could call Signal or Broadcast",
		"Signal or Broadcast is missing on a path, or came before Wait."},
};

static uint8_t kind_of(const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];

	if (!a->n_waits)
		return CT_WAIT_OTHER;
	return a->n_waits > 1 ? CT_WAIT_SELECT : facts->waits[a->first_wait].kind;
}

static int compare_kin(const struct kin *x, const struct kin *y)
{
	if (x->made != y->made)
		return x->made < y->made ? -1 : 1;
	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	return (x->kind > y->kind) - (x->kind < y->kind);
}

static int by_kin(const void *a, const void *b)
{
	const struct kin *x = a, *y = b;
	int order = compare_kin(x, y);

	return order ? order : (x->leak > y->leak) - (x->leak < y->leak);
}

/* Those that wait for each other are told so (CT204). */
static void drop_circles(const struct ct_graph *graph, bool *leaked)
{
	for (uint32_t i = 0; i < graph->n_cycles; i++)
		for (uint32_t k = 0; k < graph->cycles[i].n_edges; k++)
			leaked[graph->cycles[i].edges[k].waiter] = false;
}

static void add_actor(struct ct_findings *out, struct ct_draft *draft, uint32_t actor, uint8_t kind)
{
	const struct ct_actor *a = &out->facts->actors[actor];
	const struct ct_wait *wait = &out->facts->waits[a->first_wait];

	ct_draft_actor(draft, actor);
	if (draft->steps.n >= MAX_STEPS)
		return;
	for (uint32_t i = 0; i < a->n_waits; i++)
		if (wait[i].resource != CT_NONE)
			ct_draft_resource(draft, wait[i].resource);
	ct_draft_step(draft,
		ct_arena_printf(out->arena, "%s waits %s%s%s",
			ct_say_actor(out->arena, out->facts, actor), patterns[kind].waits,
			kind != CT_WAIT_SELECT && wait->resource != CT_NONE ? ", at " : "",
			kind != CT_WAIT_SELECT && wait->resource != CT_NONE
				? ct_say_resource(out->arena, out->facts, wait->resource)
				: ""),
		actor, a->n_waits == 1 ? wait->resource : CT_NONE, ct_own_frame(out->facts, actor));
}

static enum ct_status report(struct ct_findings *out, const struct kin *kin, uint32_t n)
{
	const struct ct_facts *facts = out->facts;
	const struct ct_fact_go *go = facts->go;
	struct ct_draft draft = {.rule = &ct_rule_go_leak, .level = CT_P1};
	uint32_t first = go->leaks[kin->leak].actor;
	const char *at = ct_say_frame(out->arena, facts, first, ct_own_frame(facts, first));
	enum ct_trust worst = CT_TRUST_EXACT;

	for (uint32_t i = 0; i < n; i++) {
		const struct ct_actor *a = &facts->actors[go->leaks[kin[i].leak].actor];

		add_actor(out, &draft, go->leaks[kin[i].leak].actor, kin->kind);
		draft.retained += go->leaks[kin[i].leak].bytes;
		draft.stacks += go->leaks[kin[i].leak].stack;
		for (uint32_t k = 0; k < a->n_waits; k++)
			worst = CT_MAX(worst, facts->waits[a->first_wait + k].trust);
	}
	draft.has_retained = true;
	draft.confidence = ct_confidence_of(facts, worst);
	if (go->leaks_doubt)
		draft.confidence = CT_MAX(draft.confidence, CT_LIKELY);
	draft.title = n == 1 ? ct_arena_printf(out->arena, "%s is leaked: it waits %s, and %s",
				       ct_say_actor(out->arena, facts, first),
				       patterns[kin->kind].waits, patterns[kin->kind].pattern)
			     : ct_arena_printf(out->arena,
				       "%u goroutines are leaked: they wait %s, and %s", n,
				       patterns[kin->kind].waits, patterns[kin->kind].pattern);
	draft.message = ct_arena_printf(out->arena, "%s%s%s%s%s; %s", draft.title,
		at ? "; at " : "", at ? at : "", go->leaks_doubt ? "; not proven, as " : "",
		go->leaks_doubt ? go->leaks_doubt : "", ct_draft_say_kept(out, &draft, n));
	draft.hint = patterns[kin->kind].hint;
	draft.other_side = ct_say_object_and_other_side(out->arena, facts, first);
	if (draft.other_side)
		ct_draft_step(&draft, draft.other_side, CT_NONE, CT_NONE, CT_NONE);
	return ct_findings_add(out, &draft);
}

static uint32_t list_kin(
	const struct ct_facts *facts, const struct ct_graph *graph, bool *leaked, struct kin *ret)
{
	const struct ct_fact_go *go = facts->go;
	uint32_t n = 0;

	for (uint32_t i = 0; i < go->n_leaks; i++)
		leaked[go->leaks[i].actor] = true;
	drop_circles(graph, leaked);
	for (uint32_t i = 0; i < go->n_leaks; i++) {
		uint32_t actor = go->leaks[i].actor;
		uint8_t kind = kind_of(facts, actor);

		if (leaked[actor] && patterns[kind].waits)
			ret[n++] = (struct kin){.made = ct_goroutine_creator(facts, actor),
				.stack = facts->actors[actor].stack,
				.kind = kind,
				.leak = i};
	}
	if (n)
		qsort(ret, n, sizeof(*ret), by_kin);
	return n;
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	uint32_t n = facts->go ? facts->go->n_leaks : 0;
	enum ct_status status = CT_OK;

	(void)policy;
	if (!n)
		return CT_OK;
	ct_autofree struct kin *kin = calloc(n, sizeof(*kin));
	ct_autofree bool *leaked = calloc((size_t)facts->n_actors + 1, sizeof(*leaked));
	if (!kin || !leaked)
		return CT_NO_MEMORY;
	n = list_kin(facts, graph, leaked, kin);
	for (uint32_t i = 0, end; !status && i < n; i = end) {
		for (end = i + 1; end < n && !compare_kin(&kin[i], &kin[end]); end++)
			;
		status = report(out, &kin[i], end - i);
	}
	return status;
}

const struct ct_rule ct_rule_go_leak = {
	.id = "CT210",
	.name = "go-goroutine-leak",
	.summary = "a goroutine waits for what nobody who can run reaches any more",
	.help = "All that variables, finalizers, timers and the stacks of goroutines that can go "
		"on reach is marked, then what those reach that wait for something marked, until "
		"nothing changes. Who waits for something that is not marked will wait for ever. "
		"It is likely only while the garbage collector is at work, goroutines are running, "
		"or a pointer map is missing.",
	.silent_when =
		"Anything that can run reaches one of the objects that it waits for, or the "
		"object is a variable; the wait ends by a time or from outside; it is the main "
		"goroutine, which receives; a part of "
		"memory is missing; all of the program waits (CT203); it is in a circle "
		"(CT204).",
	.level = CT_P1,
	.wants = CT_WANT_GOROUTINES | CT_WANT_LEAKS,
	.run = run,
};
