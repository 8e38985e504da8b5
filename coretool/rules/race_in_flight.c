/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT218: threads or goroutines that are about to touch the same memory, one of them to write it,
 * without an atomic instruction. They could not both be there if one lock kept them apart.
 */
#include <inttypes.h>

#include "facts/races.h"
#include "rules/findings.h"
#include "rules/words.h"

#define MAX_STEPS 8  /* of one finding */
#define MAX_LOCKS 16 /* of one that are compared with the other's, in each pair */

static const struct ct_hold *hold_of(const struct ct_facts *facts, uint32_t actor, uint32_t i)
{
	return &facts->holds[facts->holds_by_actor[facts->actors[actor].first_hold + i]];
}

/* A lock that both have, one of them for itself alone: it is known wrongly, or was handed on. */
static bool have_common_lock(const struct ct_facts *facts, uint32_t a, uint32_t b)
{
	uint32_t n = facts->actors[a].n_holds, m = facts->actors[b].n_holds;

	if (n > MAX_LOCKS || m > MAX_LOCKS)
		return true;
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < m; k++) {
			const struct ct_hold *x = hold_of(facts, a, i), *y = hold_of(facts, b, k);

			if (x->resource == y->resource &&
				(x->mode == CT_HOLD_EXCLUSIVE || y->mode == CT_HOLD_EXCLUSIVE))
				return true;
		}
	return false;
}

/* What compilers count for reports of coverage and profiles is meant to be inexact. */
static bool is_instrumentation(const char *object)
{
	static const char *const prefixes[] = {
		"__gcov", "__llvm_gcov", "__profc_", "__prf", "__sancov", "goCover"};

	for (size_t i = 0; object && i < CT_COUNT(prefixes); i++)
		if (!strncmp(object, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

static bool overlap(const struct ct_access *a, const struct ct_access *b)
{
	return a->address < b->address ? b->address - a->address < a->size
				       : a->address - b->address < b->size;
}

static bool write_the_same(const struct ct_access *a, const struct ct_access *b)
{
	return a->has_constant && b->has_constant && a->constant == b->constant &&
	       a->address == b->address && a->size == b->size;
}

/*
 * In Go what is not atomic may not be there beside another. Elsewhere plain moves may be atomic
 * ones, and who only reads may look again (as behind a seqlock), so that both must write, and one
 * of them as no atomic access does: read and write at once without a lock prefix.
 */
static bool conflict(const struct ct_access *a, const struct ct_access *b)
{
	if (a->is_go && b->is_go)
		return (a->write || b->write) && !write_the_same(a, b);
	return a->write && b->write && (a->read || b->read);
}

static bool race(const struct ct_facts *facts, const struct ct_access *a, const struct ct_access *b)
{
	return a->actor != b->actor && overlap(a, b) && conflict(a, b) &&
	       !have_common_lock(facts, a->actor, b->actor);
}

/* Does it race with one of these? */
static bool has_rival(const struct ct_facts *facts, const struct ct_access *of,
	const struct ct_access *list, uint32_t n)
{
	if (!ct_own_site(facts, of->site) || is_instrumentation(of->object))
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (ct_own_site(facts, list[i].site) && race(facts, of, &list[i]))
			return true;
	return false;
}

static const char *say_access(
	struct ct_arena *arena, const struct ct_facts *facts, const struct ct_access *access)
{
	const char *at = ct_say_site(arena, facts, access->site);

	return ct_arena_printf(arena, "%s is about to %s %s (%u byte%s at 0x%" PRIx64 ")%s%s: %s",
		ct_say_actor(arena, facts, access->actor),
		!access->write ? "read"
		: access->read ? "read and write"
			       : "write",
		access->object ? access->object : "memory", access->size,
		access->size == 1 ? "" : "s", access->address, at ? ", in " : "", at ? at : "",
		access->text);
}

static const char *say_place(struct ct_arena *arena, const struct ct_access *access)
{
	return access->object ? access->object
			      : ct_arena_printf(arena, "the memory at 0x%" PRIx64, access->address);
}

/* The accesses of one place. */
static enum ct_status judge(struct ct_findings *out, const struct ct_access *list, uint32_t n)
{
	struct ct_draft draft = {
		.rule = &ct_rule_race_in_flight, .level = CT_P1, .confidence = CT_LIKELY};
	const struct ct_access *first = NULL;
	uint32_t racing = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (!has_rival(out->facts, &list[i], list, n))
			continue;
		if (!racing++)
			first = &list[i];
		ct_draft_actor(&draft, list[i].actor);
		if (racing <= MAX_STEPS)
			ct_draft_step(&draft, say_access(out->arena, out->facts, &list[i]),
				list[i].actor, CT_NONE, CT_NONE);
	}
	if (!first)
		return CT_OK;
	const char *at = ct_say_site(out->arena, out->facts, first->site);
	draft.title = ct_arena_printf(out->arena, "%u %s race for %s", racing,
		ct_say_kind(out->facts, draft.actors.items, draft.actors.n),
		say_place(out->arena, first));
	draft.message = ct_arena_printf(out->arena,
		"%s%s%s: each is about to access it, at least one to write, and neither a lock nor "
		"an atomic instruction keeps them apart",
		draft.title, at ? ", one of them in " : "", at ? at : "");
	draft.hint =
		"Guard it by a lock that all take, or use atomic operations everywhere; -race, "
		"or -fsanitize=thread, finds such places in tests.";
	return ct_findings_add(out, &draft);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	const struct ct_fact_races *races = facts->races;
	enum ct_status status = CT_OK;

	(void)graph, (void)policy;
	/* Of threads that run while they are read each was where it was at another time. */
	if (!races || !facts->target.still)
		return CT_OK;
	for (uint32_t i = 0, end; !status && i < races->n; i = end) {
		for (end = i;
			end < races->n && races->accesses[end].place == races->accesses[i].place;
			end++)
			;
		status = judge(out, &races->accesses[i], end - i);
	}
	return status;
}

const struct ct_rule ct_rule_race_in_flight = {
	.id = "CT218",
	.name = "go-race-in-flight",
	.summary = "two stand on instructions that access the same memory, one to write it",
	.help = "The instruction that each running thread executes next is decoded, and the "
		"addresses of its operands are compared, for goroutines and threads alike. One "
		"core is one moment: what happens to be there is found, and nothing else; and that "
		"it is a mistake is likely at most.",
	.silent_when =
		"One of the instructions is atomic (a lock prefix, xchg); one of them has a lock "
		"for itself that the other has, too; all write the same constant; code of Go's "
		"runtime, of package sync, of the C library, or of no file; counters of coverage; "
		"in C, C++ and Rust, where atomics of relaxed order are plain moves, unless both "
		"write, and one of them reads and writes at once; the process was not stopped as "
		"a whole.",
	.level = CT_P1,
	.wants = CT_WANT_STACKS | CT_WANT_NAMES,
	.run = run,
};
