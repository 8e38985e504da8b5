/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT202: a pointer that points to no object, or not into the one that it was made of. The runtime
 * ended the process because of it (the check that the compiler adds, checkptr, or the collector,
 * which came upon one); or one was found in an object that lives.
 */
#include <inttypes.h>

#include "facts/crash.h"
#include "facts/go_heap.h"
#include "rules/findings.h"

static const char *say_use(struct ct_arena *arena, const struct ct_go_freed_use *use)
{
	if (!use->object)
		return ct_arena_printf(arena, "%s at 0x%" PRIx64 ", points to 0x%" PRIx64,
			use->root, use->at, use->to);
	return ct_arena_printf(arena, "%s at 0x%" PRIx64 ", kept by %s, points to 0x%" PRIx64,
		use->part, use->object, use->root, use->to);
}

static const char *say_all(struct ct_arena *arena, const struct ct_fact_go_freed *freed)
{
	const struct ct_go_freed_use *first = &freed->uses[0];

	if (freed->n > 1)
		return ct_arena_printf(arena,
			"%s%u pointers that are used lead to memory in which no object is",
			freed->more ? "at least " : "", freed->n);
	if (!first->object)
		return ct_arena_printf(
			arena, "%s points to memory in which no object is", first->root);
	return ct_arena_printf(arena,
		"an object that lives (%s) points to memory in which no object is", first->type);
}

/* What the heap has none in, as far as somebody asked for the heap. */
static enum ct_status report_freed(struct ct_findings *out, const struct ct_fact_go_freed *freed)
{
	const struct ct_go_freed_use *first = &freed->uses[0];
	struct ct_draft draft = {
		.rule = &ct_rule_go_bad_pointer, .level = CT_P0, .confidence = CT_LIKELY};

	for (uint32_t i = 0; i < freed->n; i++)
		ct_draft_step(
			&draft, say_use(out->arena, &freed->uses[i]), CT_NONE, CT_NONE, CT_NONE);
	draft.title = say_all(out->arena, freed);
	draft.subject = first->object ? first->type : first->root;
	draft.message = ct_arena_printf(out->arena,
		"%s: when the garbage collector comes to it, the process ends, unless another "
		"object is there by then, which is damaged instead",
		draft.title);
	draft.hint = "An address that is kept as a uintptr keeps nothing alive: keep an "
		     "unsafe.Pointer, or the slice itself. Look for what makes pointers of "
		     "numbers, and for C code that writes into Go's memory. "
		     "GODEBUG=invalidptr=0 only hides it.";
	return ct_findings_add(out, &draft);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	const struct ct_crash *c = facts->crash;
	struct ct_draft draft = {.rule = &ct_rule_go_bad_pointer, .level = CT_P0};
	enum ct_status status = CT_OK;

	(void)graph, (void)policy;
	/* Of a process that goes on, objects may have come and gone while they were read. */
	if (facts->go_freed && facts->go_freed->n && facts->target.still)
		status = report_freed(out, facts->go_freed);
	if (status || !c || !c->kind || c->class != CT_CRASH_GO ||
		strcmp(c->kind, "bad-pointer") != 0)
		return status;
	ct_draft_go_fatal(out, &draft);
	return ct_findings_add(out, &draft);
}

const struct ct_rule ct_rule_go_bad_pointer = {
	.id = "CT202",
	.name = "go-bad-pointer",
	.summary = "a pointer to no object, or out of its object, as the runtime found it",
	.help = "Go's runtime ended the process: the check of package unsafe's conversions, which "
		"-race and -gcflags=-d=checkptr switch on, names the place where the pointer was "
		"made; the collector, which finds a pointer into memory that has no object "
		"(\"found bad pointer in Go heap\") or to one that is free, can name only where "
		"it was found.",
	.silent_when = "The runtime did not notice, and nobody asked for the heap (coretool heap), "
		       "or a collection is under way, or parts of the heap are missing, or a span "
		       "is being swept or has not as many objects as it counts, or what leads to "
		       "the pointer is not surely used. A pointer that nothing follows any more is "
		       "no mistake: objects that are dead, and not swept yet, have such.",
	.level = CT_P0,
	.wants = CT_WANT_GOROUTINES,
	.run = run,
};
