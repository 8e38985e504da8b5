/* SPDX-License-Identifier: Apache-2.0 */
/* CT203: no goroutine of the program can run any more. */
#include "facts/go.h"
#include "rules/findings.h"
#include "rules/words.h"

#define MAX_STEPS 12 /* of the proof */

static bool ends_from_outside(const struct ct_wait *wait)
{
	return wait->timed || wait->outside || wait->kind == CT_WAIT_IO ||
	       wait->kind == CT_WAIT_SLEEP || wait->kind == CT_WAIT_SIGNAL ||
	       wait->kind == CT_WAIT_CHILD || wait->kind == CT_WAIT_OTHER;
}

/* Can it go on by itself, or by what comes from outside? Also when that is not known. */
static bool is_free(const struct ct_facts *facts, const struct ct_actor *a)
{
	if (a->state != CT_STATE_WAITING || !a->n_waits || a->carrier != CT_NONE)
		return true;
	for (uint32_t i = 0; i < a->n_waits; i++)
		if (ends_from_outside(&facts->waits[a->first_wait + i]))
			return true;
	return false;
}

/* Threads that the runtime does not know may call into Go whenever they like. */
static bool has_foreign_threads(const struct ct_facts *facts)
{
	ct_autofree bool *known = calloc((size_t)facts->n_actors + 1, sizeof(*known));

	for (uint32_t i = 0; known && i < facts->go->n_threads; i++)
		if (facts->go->threads[i].actor != CT_NONE)
			known[facts->go->threads[i].actor] = true;
	for (uint32_t a = 0; known && a < facts->n_actors; a++)
		if (facts->actors[a].kind == CT_ACTOR_THREAD &&
			facts->actors[a].state != CT_STATE_ZOMBIE && !known[a])
			return true;
	return !known;
}

static bool is_in(const struct ct_facts *facts, const struct ct_frame *frame, const char *function)
{
	const char *name = facts->sites[frame->site].function;

	return name && !strcmp(name, function);
}

/* Did the runtime come to that conclusion itself? Then it dies in its own check. */
static bool runtime_says_so(const struct ct_facts *facts)
{
	for (uint32_t s = 0; s < facts->n_stacks; s++) {
		const struct ct_frame *frames = facts->stacks[s].frames;

		for (uint32_t i = 1; i < facts->stacks[s].n_frames; i++)
			if (is_in(facts, &frames[i], "runtime.checkdead") &&
				(is_in(facts, &frames[i - 1], "runtime.throw") ||
					is_in(facts, &frames[i - 1], "runtime.fatal")))
				return true;
	}
	return false;
}

static void add_step(struct ct_findings *out, struct ct_draft *draft, uint32_t actor)
{
	const struct ct_facts *facts = out->facts;
	const struct ct_actor *a = &facts->actors[actor];
	const struct ct_wait *wait = &facts->waits[a->first_wait];
	const char *who = ct_say_actor(out->arena, facts, actor);

	ct_draft_step(draft,
		wait->resource == CT_NONE
			? ct_arena_printf(out->arena, "%s waits: %s", who,
				  a->reason ? facts->reasons[a->reason] : wait->why)
			: ct_arena_printf(out->arena, "%s waits for %s (%s)", who,
				  ct_say_resource(out->arena, facts, wait->resource), wait->why),
		actor, wait->resource, ct_own_frame(facts, actor));
}

static const char *title(const struct ct_findings *out, uint32_t first, uint32_t n)
{
	if (out->facts->target.n_partial)
		return ct_arena_printf(out->arena,
			"the runtime found that no goroutine can run any more; %u that wait%s "
			"could be read, more may be in what is missing",
			n, n == 1 ? "s" : "");
	if (n == 1)
		return ct_arena_printf(out->arena,
			"the only goroutine, %s, waits, and nobody is left to wake it",
			ct_say_actor(out->arena, out->facts, first));
	return ct_arena_printf(
		out->arena, "all %u goroutines wait, and none is left to wake them", n);
}

static enum ct_status report(struct ct_findings *out)
{
	const struct ct_facts *facts = out->facts;
	struct ct_draft draft = {.rule = &ct_rule_go_all_asleep, .level = CT_P0};
	uint32_t first = CT_NONE, n = 0;

	for (uint32_t i = 0; i < facts->n_actors; i++) {
		const struct ct_actor *a = &facts->actors[i];

		if (a->kind != CT_ACTOR_GOROUTINE || a->system || a->state != CT_STATE_WAITING)
			continue;
		if (!n++ || a->id == 1)
			first = i;
		ct_draft_actor(&draft, i);
		if (draft.steps.n < MAX_STEPS && a->n_waits)
			add_step(out, &draft, i);
	}
	if (!n)
		return CT_OK;
	draft.confidence = ct_findings_asleep(out) == CT_ASLEEP_PROVEN ? CT_PROVEN : CT_LIKELY;
	draft.title = title(out, first, n);
	const char *at = ct_say_frame(out->arena, facts, first, ct_own_frame(facts, first));
	draft.message = at ? ct_arena_printf(out->arena, "%s; %s is at %s", draft.title,
				     ct_say_actor(out->arena, facts, first), at)
			   : draft.title;
	draft.hint = "Whoever should send, close, unlock or finish has returned, or waits itself: "
		     "look at what each one waits for.";
	return ct_findings_add(out, &draft);
}

static enum ct_asleep find_asleep(const struct ct_facts *facts)
{
	bool said = runtime_says_so(facts);

	/* A timer may have anything done; more may be in what is missing. */
	if (!facts->go || (!said && (facts->target.n_partial || facts->go->n_functions ||
					    has_foreign_threads(facts))))
		return CT_ASLEEP_NOT_KNOWN;
	for (uint32_t i = 0; !said && i < facts->n_actors; i++) {
		const struct ct_actor *a = &facts->actors[i];

		if (a->kind == CT_ACTOR_GOROUTINE && !a->system && is_free(facts, a))
			return CT_ASLEEP_NOT_KNOWN;
	}
	return said && facts->target.still ? CT_ASLEEP_PROVEN : CT_ASLEEP_LIKELY;
}

enum ct_asleep ct_findings_asleep(struct ct_findings *out)
{
	if (out->asleep == CT_ASLEEP_NOT_ASKED)
		out->asleep = find_asleep(out->facts);
	return out->asleep;
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	(void)facts, (void)graph, (void)policy;
	return ct_findings_asleep(out) == CT_ASLEEP_NOT_KNOWN ? CT_OK : report(out);
}

const struct ct_rule ct_rule_go_all_asleep = {
	.id = "CT203",
	.name = "go-all-asleep",
	.summary = "no goroutine can run any more",
	.help = "Each goroutine of the program waits for another one: none runs, sleeps for a "
		"time, "
		"is in a system call or in C code, or waits for a file or a timer. The runtime "
		"notices that itself only where the program has neither C code nor signal "
		"handlers of its own.",
	.silent_when = "Any goroutine can go on by itself or by something outside; a function "
		       "of time.AfterFunc is pending; a thread that the runtime does not know "
		       "might call into Go.",
	.level = CT_P0,
	.wants = CT_WANT_GOROUTINES,
	.run = run,
};
