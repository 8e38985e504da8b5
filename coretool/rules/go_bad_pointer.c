/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT202: the runtime ended the process because of a pointer that points to no object, or not into
 * the one that it was made of: the check that the compiler adds (checkptr), or the collector, which
 * came upon one.
 */
#include "facts/crash.h"
#include "rules/findings.h"

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	const struct ct_crash *c = facts->crash;
	struct ct_draft draft = {.rule = &ct_rule_go_bad_pointer, .level = CT_P0};

	(void)graph, (void)policy;
	if (!c || !c->kind || c->class != CT_CRASH_GO || strcmp(c->kind, "bad-pointer") != 0)
		return CT_OK;
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
	.silent_when = "The runtime did not notice. A pointer that nothing follows any more is "
		       "no mistake: objects that are dead, and not swept yet, have such.",
	.level = CT_P0,
	.wants = CT_WANT_GOROUTINES,
	.run = run,
};
