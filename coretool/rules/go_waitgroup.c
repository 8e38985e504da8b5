/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT212: goroutines that wait for a WaitGroup which only they, or others that wait for ever, still
 * reach: its counter never comes down to zero. Those that were made at one place and wait at one
 * place are one finding.
 */
#include <inttypes.h>

#include "facts/go.h"
#include "rules/findings.h"
#include "rules/other_side.h"
#include "rules/words.h"

#define MAX_STEPS 8 /* of one finding, for those who wait and for those who would call Done */

struct waiter {
	uint32_t made, stack, actor;
	uint32_t leak; /* index */
};

/* The wait of a leaked goroutine for a WaitGroup, or NULL. */
static const struct ct_wait *awaits(const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];
	const struct ct_wait *wait = a->n_waits ? &facts->waits[a->first_wait] : NULL;

	return wait && wait->kind == CT_WAIT_WAITGROUP && wait->resource != CT_NONE ? wait : NULL;
}

static bool are_kin(const struct waiter *x, const struct waiter *y)
{
	return x->made == y->made && x->stack == y->stack;
}

static int by_place(const void *a, const void *b)
{
	const struct waiter *x = a, *y = b;

	if (x->made != y->made)
		return x->made < y->made ? -1 : 1;
	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	return (x->actor > y->actor) - (x->actor < y->actor);
}

/* ", whose counter is 2", or nothing. */
static const char *say_counter(struct ct_findings *out, const struct ct_wait *wait)
{
	const struct ct_value *counter =
		ct_resource_value(&out->facts->resources[wait->resource], "counter");

	return counter ? ct_arena_printf(out->arena, " whose counter is %" PRId64, counter->number)
		       : "";
}

static void add_waiter(struct ct_findings *out, struct ct_draft *draft, uint32_t actor)
{
	const struct ct_wait *wait = awaits(out->facts, actor);

	ct_draft_actor(draft, actor);
	if (draft->steps.n >= MAX_STEPS)
		return;
	ct_draft_resource(draft, wait->resource);
	ct_draft_step(draft,
		ct_arena_printf(out->arena, "%s waits for %s%s",
			ct_say_actor(out->arena, out->facts, actor),
			ct_say_resource(out->arena, out->facts, wait->resource),
			say_counter(out, wait)),
		actor, wait->resource, ct_own_frame(out->facts, actor));
}

/* Those who would call Done, were they not waiting for ever themselves; how many. */
static uint32_t add_peers(struct ct_findings *out, struct ct_draft *draft, const bool *leaked,
	const struct ct_wait *wait)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < wait->n_peers; i++) {
		const struct ct_peer *peer = &out->facts->peers[wait->first_peer + i];

		if (!leaked[peer->actor])
			continue;
		n++;
		if (draft->steps.n >= 2 * MAX_STEPS)
			continue;
		ct_draft_actor(draft, peer->actor);
		ct_draft_step(draft,
			ct_arena_printf(out->arena,
				"%s would call Done (%s), but waits for ever itself",
				ct_say_actor(out->arena, out->facts, peer->actor), peer->why),
			peer->actor, CT_NONE, ct_own_frame(out->facts, peer->actor));
	}
	return n;
}

static const char *say_title(
	struct ct_findings *out, const struct waiter *list, uint32_t n, uint32_t n_peers)
{
	const char *end = n_peers ? "those who would call Done wait for ever themselves"
				  : "nobody is left who could call Done";

	if (n > 1)
		return ct_arena_printf(out->arena,
			"%u goroutines wait for WaitGroups, and nobody who can go on is left to "
			"call "
			"Done",
			n);
	return ct_arena_printf(out->arena, "%s waits for a WaitGroup%s, and %s",
		ct_say_actor(out->arena, out->facts, list->actor),
		say_counter(out, awaits(out->facts, list->actor)), end);
}

static enum ct_status report(
	struct ct_findings *out, const bool *leaked, const struct waiter *list, uint32_t n)
{
	const struct ct_facts *facts = out->facts;
	const char *doubt = facts->go->leaks_doubt;
	const char *at =
		ct_say_frame(out->arena, facts, list->actor, ct_own_frame(facts, list->actor));
	struct ct_draft draft = {.rule = &ct_rule_go_waitgroup, .level = CT_P1};
	enum ct_trust worst = CT_TRUST_EXACT;
	uint32_t n_peers = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct ct_go_leak *leak = &facts->go->leaks[list[i].leak];

		add_waiter(out, &draft, list[i].actor);
		draft.retained += leak->bytes;
		draft.stacks += leak->stack;
		worst = CT_MAX(worst, awaits(facts, list[i].actor)->trust);
	}
	for (uint32_t i = 0; i < n; i++)
		n_peers += add_peers(out, &draft, leaked, awaits(facts, list[i].actor));
	draft.has_retained = true;
	draft.confidence = ct_confidence_of(facts, worst);
	if (doubt)
		draft.confidence = CT_MAX(draft.confidence, CT_LIKELY);
	draft.title = say_title(out, list, n, n_peers);
	draft.message = ct_arena_printf(out->arena, "%s%s%s%s%s; %s", draft.title,
		at ? "; at " : "", at ? at : "", doubt ? "; not proven, as " : "",
		doubt ? doubt : "", ct_draft_say_kept(out, &draft, n));
	draft.other_side = ct_say_object_and_other_side(out->arena, facts, list->actor);
	draft.hint = "Let each goroutine that is counted begin with defer wg.Done(), call Add "
		     "before the go statement, and for no more than are started (or use wg.Go).";
	return ct_findings_add(out, &draft);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	uint32_t n = facts->go ? facts->go->n_leaks : 0, n_list = 0;
	enum ct_status status = CT_OK;

	(void)graph, (void)policy;
	if (!n)
		return CT_OK;
	ct_autofree bool *leaked = calloc((size_t)facts->n_actors + 1, sizeof(*leaked));
	ct_autofree struct waiter *list = calloc(n, sizeof(*list));
	if (!leaked || !list)
		return CT_NO_MEMORY;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t actor = facts->go->leaks[i].actor;

		leaked[actor] = true;
		if (awaits(facts, actor))
			list[n_list++] = (struct waiter){ct_goroutine_creator(facts, actor),
				facts->actors[actor].stack, actor, i};
	}
	if (n_list)
		qsort(list, n_list, sizeof(*list), by_place);
	for (uint32_t i = 0, end; !status && i < n_list; i = end) {
		for (end = i + 1; end < n_list && are_kin(&list[i], &list[end]); end++)
			;
		status = report(out, leaked, &list[i], end - i);
	}
	return status;
}

const struct ct_rule ct_rule_go_waitgroup = {
	.id = "CT212",
	.name = "go-waitgroup",
	.summary = "a goroutine waits for a WaitGroup whose counter nobody can bring to zero",
	.help = "It is one of those that CT210 finds: no goroutine that can go on, and no "
		"variable, "
		"finalizer or timer, reaches the WaitGroup any more. A path of a worker returned "
		"without Done, Add announced more than were started, or those who would call Done "
		"wait for ever themselves, who are named. As certain as CT210 is.",
	.silent_when = "Workers are still running, or asleep for a time; anything that can go on "
		       "reaches the WaitGroup, as a job in a queue does; it is a variable of a "
		       "package; a part of memory is missing; all of the program waits (CT203).",
	.level = CT_P1,
	.wants = CT_WANT_GOROUTINES | CT_WANT_LEAKS,
	.run = run,
};
