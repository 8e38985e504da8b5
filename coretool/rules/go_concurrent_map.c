/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT201: a map is used while it is written. The runtime marks maps that are being written, and ends
 * the process when one that begins to use a map comes upon the mark. Two that are in it already,
 * and only then one of them marks it, it notices never, or too late: those are found by where they
 * are.
 */
#include <inttypes.h>

#include "facts/crash.h"
#include "facts/go_maps.h"
#include "rules/findings.h"
#include "rules/words.h"

#define MAX_STEPS 8

static const char *say_use(const struct ct_go_map_use *use)
{
	return use->writes ? "is writing to" : "is reading";
}

/* It is not known that theirs is the same map: those who may be the other side. */
static void add_others(struct ct_findings *out, struct ct_draft *draft)
{
	const struct ct_facts *facts = out->facts;
	uint32_t n = 0;

	for (uint32_t i = 0; facts->go_maps && i < facts->go_maps->n && n < MAX_STEPS; i++) {
		const struct ct_go_map_use *use = &facts->go_maps->uses[i];

		if (use->actor == facts->crash->actor)
			continue;
		n++;
		ct_draft_step(draft,
			ct_arena_printf(out->arena, "%s %s a map, perhaps this one",
				ct_say_actor(out->arena, facts, use->actor), say_use(use)),
			use->actor, CT_NONE, use->frame);
	}
}

static enum ct_status report_fatal(struct ct_findings *out)
{
	struct ct_draft draft = {.rule = &ct_rule_go_concurrent_map, .level = CT_P0};

	ct_draft_go_fatal(out, &draft);
	add_others(out, &draft);
	return ct_findings_add(out, &draft);
}

/* Those of one map: it is being written, one of them writes, and it is not alone. */
static bool is_race(const struct ct_go_map_use *uses, uint32_t n)
{
	uint32_t writers = 0;

	for (uint32_t i = 0; i < n; i++)
		writers += uses[i].writes;
	return uses->map && uses->marked && writers && n > 1;
}

static void add_user(
	struct ct_findings *out, struct ct_draft *draft, const struct ct_go_map_use *use)
{
	ct_draft_actor(draft, use->actor);
	if (draft->steps.n < MAX_STEPS)
		ct_draft_step(draft,
			ct_arena_printf(out->arena, "%s %s it",
				ct_say_actor(out->arena, out->facts, use->actor), say_use(use)),
			use->actor, CT_NONE, use->frame);
}

static enum ct_status report_race(
	struct ct_findings *out, const struct ct_go_map_use *uses, uint32_t n)
{
	struct ct_draft draft = {.rule = &ct_rule_go_concurrent_map, .level = CT_P0};
	enum ct_trust trust = out->facts->go_maps->exact ? CT_TRUST_LAYOUT : CT_TRUST_INFERRED;
	const char *type = "map";

	for (uint32_t i = 0; i < n; i++)
		if (uses[i].type)
			type = uses[i].type;
	for (unsigned reads = 0; reads < 2; reads++)
		for (uint32_t i = 0; i < n; i++)
			if (uses[i].writes == !reads)
				add_user(out, &draft, &uses[i]);
	draft.confidence = ct_confidence_of(out->facts, trust);
	draft.title = ct_arena_printf(out->arena,
		"%u goroutines are in the middle of using a map that is being written", n);
	draft.message = ct_arena_printf(out->arena, "%s: %s at 0x%" PRIx64 ", which is marked so",
		draft.title, type, uses->map);
	draft.hint = "Guard the map by a mutex that all take, readers too, or use sync.Map; -race "
		     "finds such places in tests.";
	return ct_findings_add(out, &draft);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	const struct ct_fact_go_maps *maps = facts->go_maps;
	const struct ct_crash *c = facts->crash;
	enum ct_status status = CT_OK;

	(void)graph, (void)policy;
	if (c && c->kind && c->class == CT_CRASH_GO && !strcmp(c->kind, "concurrent-map"))
		return report_fatal(out);
	/* Of goroutines that run while they are read each was where it was at another time. */
	if (!maps || !facts->target.still)
		return CT_OK;
	for (uint32_t i = 0, end; !status && i < maps->n; i = end) {
		for (end = i; end < maps->n && maps->uses[end].map == maps->uses[i].map; end++)
			;
		if (is_race(&maps->uses[i], end - i))
			status = report_race(out, &maps->uses[i], end - i);
	}
	return status;
}

const struct ct_rule ct_rule_go_concurrent_map = {
	.id = "CT201",
	.name = "go-concurrent-map",
	.summary = "a map was used by one goroutine while another one wrote to it",
	.help = "Go's runtime marks a map while it is written, and ends the process when it comes "
		"upon such a mark: \"concurrent map writes\" and the like. Goroutines that stand "
		"in "
		"an operation on a map when the process ends are named: the other side may be one "
		"of them, or have gone on. While the process lives, goroutines are found that are "
		"in "
		"the middle of operations on one map that is marked, one of them a writer's: they "
		"began before it was marked, so that the runtime has not seen them.",
	.silent_when =
		"One that writes alone, or readers alone; a map that is not marked: who only has "
		"come to write to it has done nothing yet; one who waits for the lock of it; an "
		"operation that ended in a panic; which map it is is not known of one of them; the "
		"process was not stopped as a whole.",
	.level = CT_P0,
	.wants = CT_WANT_GOROUTINES,
	.run = run,
};
