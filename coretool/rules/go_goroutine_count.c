/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CT226: how many goroutines there are, when these are many. One core shows no growth, and a busy
 * server has many of them: it is a note, never a finding.
 */
#include "base/hash.h"
#include "rules/findings.h"
#include "rules/policy.h"
#include "rules/words.h"

static bool counts(const struct ct_actor *a)
{
	return a->kind == CT_ACTOR_GOROUTINE && !a->system && a->state != CT_STATE_DEAD;
}

/* Of those made at one place, the most: how many, and one of them. */
static enum ct_status find_largest(const struct ct_facts *facts, uint32_t *ret, uint32_t *one)
{
	ct_autofree uint32_t *made = calloc((size_t)facts->n_sites + 1, sizeof(*made));

	if (!made)
		return CT_NO_MEMORY;
	*ret = 0;
	for (uint32_t i = 0; i < facts->n_actors; i++) {
		uint32_t site =
			counts(&facts->actors[i]) ? ct_goroutine_creator(facts, i) : CT_NONE;

		if (site >= facts->n_sites || ++made[site] <= *ret)
			continue;
		*ret = made[site];
		*one = i;
	}
	return CT_OK;
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	static const struct {
		enum ct_threshold threshold;
		const char *words;
	} steps[] = {
		{CT_THRESHOLD_GOROUTINES_EXTREME, "very many"},
		{CT_THRESHOLD_GOROUTINES_HIGH, "many"},
		{CT_THRESHOLD_GOROUTINES, "more than most programs have"},
	};
	uint32_t n = 0, largest = 0, one = 0;
	size_t step = 0;

	(void)graph;
	for (uint32_t i = 0; i < facts->n_actors; i++)
		n += counts(&facts->actors[i]);
	while (step < CT_COUNT(steps) && n < ct_policy_threshold(policy, steps[step].threshold))
		step++;
	if (step == CT_COUNT(steps))
		return CT_OK;
	enum ct_status status = find_largest(facts, &largest, &one);
	const char *at = !status && largest
				 ? ct_say_site(out->arena, facts, ct_goroutine_creator(facts, one))
				 : NULL;
	if (status)
		return status;
	const char *text = ct_arena_printf(out->arena,
		"%u of the program's own: %s (%u)%s%s; one core shows no growth, so this is no "
		"finding",
		n, steps[step].words, ct_policy_threshold(policy, steps[step].threshold),
		at ? ct_arena_printf(out->arena, "; %u were made by ", largest) : "", at ? at : "");
	return text ? ct_findings_note(out, &ct_rule_go_goroutine_count, "goroutines", text)
		    : CT_NO_MEMORY;
}

const struct ct_rule ct_rule_go_goroutine_count = {
	.id = "CT226",
	.name = "go-goroutine-count",
	.summary = "how many goroutines there are: a note, when these are many",
	.help = "The thresholds goroutines, goroutines-high and goroutines-extreme say from how "
		"many on; those of the runtime do not count. The place that made the most is "
		"named. "
		"Of two cores diff tells what has grown.",
	.silent_when = "There are fewer. It is never a finding of one core, which shows no growth.",
	.level = CT_P2,
	.wants = CT_WANT_GOROUTINES,
	.run = run,
};
