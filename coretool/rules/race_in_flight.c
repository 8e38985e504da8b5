/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT218: threads or goroutines that are about to touch the same memory, one of them to write it,
 * without an atomic instruction. They could not both be there if one lock kept them apart.
 */
#include <inttypes.h>

#include "facts/races.h"
#include "rules/findings.h"
#include "rules/words.h"

#define MAX_STEPS 8 /* of one finding */

/* A lock that both have: whatever the instructions are, they are kept apart, or mean to be. */
static bool have_common_lock(const struct ct_facts *facts, uint32_t a, uint32_t b)
{
	const struct ct_actor *x = &facts->actors[a], *y = &facts->actors[b];

	for (uint32_t i = 0; i < x->n_holds; i++)
		for (uint32_t k = 0; k < y->n_holds; k++)
			if (facts->holds[facts->holds_by_actor[x->first_hold + i]].resource ==
				facts->holds[facts->holds_by_actor[y->first_hold + k]].resource)
				return true;
	return false;
}

static bool is_guarded(const struct ct_facts *facts, const struct ct_race_access *list, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = i + 1; k < n && k < i + MAX_STEPS; k++)
			if (have_common_lock(facts, list[i].actor, list[k].actor))
				return true;
	return false;
}

static const char *say_access(
	struct ct_arena *arena, const struct ct_facts *facts, const struct ct_race_access *access)
{
	const char *at = ct_say_site(arena, facts, access->site);

	return ct_arena_printf(arena, "%s is about to %s %u bytes at 0x%" PRIx64 "%s%s: %s",
		ct_say_actor(arena, facts, access->actor),
		!access->write ? "read"
		: access->read ? "read and write"
			       : "write",
		access->size, access->address, at ? ", at " : "", at ? at : "", access->text);
}

static enum ct_status report(struct ct_findings *out, const struct ct_race_access *list, uint32_t n)
{
	struct ct_draft draft = {
		.rule = &ct_rule_race_in_flight, .level = CT_P1, .confidence = CT_LIKELY};
	const char *at = ct_say_site(out->arena, out->facts, list->site);

	for (uint32_t i = 0; i < n; i++) {
		ct_draft_actor(&draft, list[i].actor);
		if (i < MAX_STEPS)
			ct_draft_step(&draft, say_access(out->arena, out->facts, &list[i]),
				list[i].actor, CT_NONE, CT_NONE);
	}
	draft.title = ct_arena_printf(out->arena, "%u %s race for the memory at 0x%" PRIx64, n,
		ct_say_kind(out->facts, draft.actors.items, draft.actors.n), list->address);
	draft.message = ct_arena_printf(out->arena,
		"%s%s%s: they are about to access it, and one to write it, without an atomic "
		"instruction or a lock that both have",
		draft.title, at ? ", one of them at " : "", at ? at : "");
	draft.hint = "Guard it by a lock, or use atomic operations everywhere; -race, or "
		     "-fsanitize=thread, finds such places in tests.";
	return ct_findings_add(out, &draft);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	const struct ct_fact_races *races = facts->races;
	enum ct_status status = CT_OK;

	(void)graph, (void)policy;
	/* Threads that run are not where they were. */
	for (uint32_t i = 0, end; races && facts->target.still && !status && i < races->n;
		i = end) {
		for (end = i;
			end < races->n && races->accesses[end].race == races->accesses[i].race;
			end++)
			;
		if (!is_guarded(facts, &races->accesses[i], end - i))
			status = report(out, &races->accesses[i], end - i);
	}
	return status;
}

const struct ct_rule ct_rule_race_in_flight = {
	.id = "CT218",
	.name = "go-race-in-flight",
	.summary = "two stand on instructions that access the same memory, one to write it",
	.help = "The instruction that each running thread is about to execute is decoded, and the "
		"addresses of its operands are compared. One core is one moment: what happens to "
		"be there is found, and nothing else; and that it is a mistake is likely at most.",
	.silent_when = "One of the instructions is atomic (a lock prefix, xchg); both have one "
		       "lock; code of Go's runtime and package sync; in C, C++ and Rust, where "
		       "atomics of relaxed order are plain moves, none of the two reads and "
		       "writes at once; the process was not stopped as a whole.",
	.level = CT_P1,
	.wants = CT_WANT_STACKS,
	.run = run,
};
