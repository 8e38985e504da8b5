/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT217: goroutines that can run, in a loop where all that they come to is ready at once: a closed
 * channel, a default case. One core is one moment, so this is likely at most.
 */
#include "facts/go.h"
#include "rules/findings.h"
#include "rules/words.h"

#define MAX_STEPS 8

static const char *function_of(const struct ct_facts *facts, const struct ct_go_spin *spin)
{
	uint32_t stack = facts->actors[spin->actor].stack;

	if (stack == CT_NONE || spin->frame >= facts->stacks[stack].n_frames)
		return NULL;
	return facts->sites[facts->stacks[stack].frames[spin->frame].site].function;
}

static bool in_one_loop(
	const struct ct_facts *facts, const struct ct_go_spin *a, const struct ct_go_spin *b)
{
	const char *x = function_of(facts, a), *y = function_of(facts, b);

	return x && y && !strcmp(x, y);
}

static enum ct_status report(struct ct_findings *out, uint32_t first)
{
	const struct ct_facts *facts = out->facts;
	const struct ct_go_spin *spins = facts->go->spins;
	struct ct_draft draft = {.rule = &ct_rule_go_spin, .level = CT_P1};
	const char *at = ct_say_frame(out->arena, facts, spins[first].actor, spins[first].frame);
	uint32_t n = 0;

	for (uint32_t i = first; i < facts->go->n_spins; i++) {
		if (i != first && !in_one_loop(facts, &spins[first], &spins[i]))
			continue;
		ct_draft_actor(&draft, spins[i].actor);
		if (n++ < MAX_STEPS)
			ct_draft_step(&draft,
				ct_arena_printf(out->arena, "%s: %s",
					ct_say_actor(out->arena, facts, spins[i].actor),
					spins[i].why),
				spins[i].actor, CT_NONE, spins[i].frame);
	}
	draft.confidence = CT_LIKELY;
	draft.title = n == 1 ? ct_arena_printf(out->arena, "%s spins%s%s",
				       ct_say_actor(out->arena, facts, spins[first].actor),
				       at ? ", at " : "", at ? at : "")
			     : ct_arena_printf(out->arena, "%u goroutines spin%s%s", n,
				       at ? ", at " : "", at ? at : "");
	draft.message = ct_arena_printf(out->arena,
		"%s: each way round its loop has only what is ready at once, and nothing comes of "
		"it",
		draft.title);
	draft.hint = "Leave the loop, or set the channel to nil, when a receive says that it is "
		     "closed (v, ok := <-c); without a default case the select waits by itself.";
	return ct_findings_add(out, &draft);
}

/* Those in one function are one finding. */
static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	uint32_t n = facts->go ? facts->go->n_spins : 0;
	enum ct_status status = CT_OK;

	(void)graph, (void)policy;
	for (uint32_t i = 0; !status && i < n; i++) {
		bool told = false;

		for (uint32_t k = 0; k < i && !told; k++)
			told = in_one_loop(facts, &facts->go->spins[k], &facts->go->spins[i]);
		if (!told)
			status = report(out, i);
	}
	return status;
}

const struct ct_rule ct_rule_go_spin = {
	.id = "CT217",
	.name = "go-spin",
	.summary = "a goroutine goes round a loop in which everything is ready at once",
	.help = "It can run, and its code is evaluated with channels as they are: no path leaves "
		"the loop, each comes to a channel operation that is ready at once, and nothing "
		"else is called or stored. It uses a CPU for nothing. One core is one moment: "
		"somebody may just be about to send.",
	.silent_when =
		"The loop sleeps, waits, or calls anything else; it is left on some path, as "
		"where something is tried once; a loop that counts or computes.",
	.level = CT_P1,
	.wants = CT_WANT_STACKS | CT_WANT_GOROUTINES,
	.run = run,
};
