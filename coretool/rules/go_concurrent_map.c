/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT201: the runtime ended the process because a map was used while it was written. It marks maps
 * that are being written, and so has seen two goroutines in one; this one found the mark.
 */
#include "facts/crash.h"
#include "rules/findings.h"
#include "rules/words.h"

#define MAX_STEPS 8

static bool begins_with_one(const char *function, const char *const *names)
{
	for (; *names; names++)
		if (!strncmp(function, *names, strlen(*names)))
			return true;
	return false;
}

/* The first frame that is not of the runtime, and what it does to a map there; NULL: nothing. */
static const char *use_of_map(const struct ct_facts *facts, uint32_t actor, uint32_t *frame)
{
	static const char *const writes[] = {"runtime.mapassign", "runtime.mapdelete",
		"runtime.mapclear", "internal/runtime/maps.(*Map).Put",
		"internal/runtime/maps.(*Map).Delete", "internal/runtime/maps.(*Map).Clear", NULL};
	static const char *const reads[] = {"runtime.mapaccess", "runtime.mapiter",
		"internal/runtime/maps.(*Iter)", "internal/runtime/maps.(*Map).Get", NULL};
	uint32_t index = facts->actors[actor].stack;
	const char *use = NULL;

	for (uint32_t i = 0; index != CT_NONE && i < facts->stacks[index].n_frames; i++) {
		const char *name = facts->sites[facts->stacks[index].frames[i].site].function;

		if (!name)
			return NULL;
		if (begins_with_one(name, writes))
			use = "is writing to a map";
		else if (begins_with_one(name, reads))
			use = "is reading a map";
		*frame = i;
		if (strncmp(name, "runtime.", 8) != 0 &&
			strncmp(name, "internal/runtime/", 17) != 0)
			return use;
	}
	return NULL;
}

/* It is not known that theirs is the same map: those who may be the other side. */
static void add_others(struct ct_findings *out, struct ct_draft *draft)
{
	const struct ct_facts *facts = out->facts;
	uint32_t n = 0;

	for (uint32_t i = 0; i < facts->n_actors && n < MAX_STEPS; i++) {
		const struct ct_actor *a = &facts->actors[i];
		uint32_t frame = CT_NONE;
		const char *use = a->kind == CT_ACTOR_GOROUTINE && i != facts->crash->actor &&
						  a->state != CT_STATE_WAITING
					  ? use_of_map(facts, i, &frame)
					  : NULL;

		if (!use)
			continue;
		n++;
		ct_draft_step(draft,
			ct_arena_printf(out->arena, "%s %s, perhaps this one",
				ct_say_actor(out->arena, facts, i), use),
			i, CT_NONE, frame);
	}
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	const struct ct_crash *c = facts->crash;
	struct ct_draft draft = {.rule = &ct_rule_go_concurrent_map, .level = CT_P0};

	(void)graph, (void)policy;
	if (!c || !c->kind || c->class != CT_CRASH_GO || strcmp(c->kind, "concurrent-map") != 0)
		return CT_OK;
	ct_draft_go_fatal(out, &draft);
	add_others(out, &draft);
	return ct_findings_add(out, &draft);
}

const struct ct_rule ct_rule_go_concurrent_map = {
	.id = "CT201",
	.name = "go-concurrent-map",
	.summary = "a map was used by one goroutine while another one wrote to it",
	.help = "Go's runtime marks a map while it is written, and ends the process when it comes "
		"upon such a mark: \"concurrent map writes\" and the like. Goroutines that stand "
		"in "
		"an operation on a map when the process ends are named: the other side may be one "
		"of them, or have gone on.",
	.silent_when = "The runtime did not notice: one that writes alone, or readers alone.",
	.level = CT_P0,
	.wants = CT_WANT_GOROUTINES,
	.run = run,
};
