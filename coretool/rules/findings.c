/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/findings.h"

#include <inttypes.h>

#include "facts/go.h"
#include "rules/other_side.h"
#include "rules/policy.h"
#include "rules/words.h"

static void push(struct ct_indices *list, uint32_t value, bool *failed)
{
	uint32_t *slot = ct_vec_push(list);

	if (slot)
		*slot = value;
	else
		*failed = true;
}

void ct_draft_actor(struct ct_draft *draft, uint32_t actor)
{
	push(&draft->actors, actor, &draft->failed);
}

void ct_draft_resource(struct ct_draft *draft, uint32_t resource)
{
	struct ct_hash_it it = ct_hash_find(&draft->seen, ct_hash_u64(resource));
	uint32_t value;

	while (ct_hash_next(&draft->seen, &it, &value))
		if (value == resource)
			return;
	draft->failed |= !ct_hash_insert(&draft->seen, ct_hash_u64(resource), resource);
	push(&draft->resources, resource, &draft->failed);
}

void ct_draft_cycle(struct ct_draft *draft, uint32_t cycle)
{
	push(&draft->cycles, cycle, &draft->failed);
}

void ct_draft_step(
	struct ct_draft *draft, const char *text, uint32_t actor, uint32_t resource, uint32_t frame)
{
	struct ct_step *slot = text ? ct_vec_push(&draft->steps) : NULL;

	if (slot)
		*slot = (struct ct_step){text, actor, resource, frame};
	else
		draft->failed = true;
}

static void draft_free(struct ct_draft *draft)
{
	ct_hash_free(&draft->seen);
	ct_vec_free(&draft->actors);
	ct_vec_free(&draft->resources);
	ct_vec_free(&draft->cycles);
	ct_vec_free(&draft->steps);
}

/* Is it about goroutines that were read by the layouts of another version of Go? */
static bool is_guessed(const struct ct_facts *facts, const struct ct_draft *draft)
{
	if (!facts->go || !facts->go->guessed)
		return false;
	for (size_t i = 0; i < draft->actors.n; i++)
		if (facts->actors[draft->actors.items[i]].kind == CT_ACTOR_GOROUTINE)
			return true;
	return false;
}

const char *ct_draft_say_kept(struct ct_findings *out, const struct ct_draft *draft, uint32_t n)
{
	return ct_arena_printf(out->arena,
		"%s %" PRIu64 " bytes alive that nothing else does, and %" PRIu64 " of stacks",
		n == 1 ? "it keeps" : "they keep", draft->retained, draft->stacks);
}

enum ct_status ct_findings_add(struct ct_findings *out, struct ct_draft *draft)
{
	struct ct_finding *f = draft->failed ? NULL : ct_vec_push(&out->list);

	if (!f) {
		draft_free(draft);
		return CT_NO_MEMORY;
	}
	*f = (struct ct_finding){
		.rule = draft->rule->id,
		.name = draft->rule->name,
		.level = draft->level,
		.confidence = draft->confidence,
		.title = draft->title,
		.message = draft->message,
		.hint = draft->hint,
		.other_side = draft->other_side,
		.subject = draft->subject,
		.has_retained = draft->has_retained,
		.retained = draft->retained,
		.stacks = draft->stacks,
		.actors = ct_arena_copy(
			out->arena, draft->actors.items, draft->actors.n * sizeof(uint32_t)),
		.resources = ct_arena_copy(
			out->arena, draft->resources.items, draft->resources.n * sizeof(uint32_t)),
		.cycles = ct_arena_copy(
			out->arena, draft->cycles.items, draft->cycles.n * sizeof(uint32_t)),
		.steps = ct_arena_copy(
			out->arena, draft->steps.items, draft->steps.n * sizeof(struct ct_step)),
		.n_actors = draft->actors.n,
		.n_resources = draft->resources.n,
		.n_cycles = draft->cycles.n,
		.n_steps = draft->steps.n,
	};
	if (is_guessed(out->facts, draft) && f->confidence == CT_PROVEN)
		f->confidence = CT_LIKELY;
	uint32_t level = ct_policy_level(out->policy, draft->rule->id);
	if (level < CT_N_LEVELS)
		f->level = level;
	/* "possible" is never above P2. */
	if (f->confidence == CT_POSSIBLE)
		f->level = CT_P2;
	draft_free(draft);
	return CT_OK;
}

enum ct_confidence ct_confidence_of(const struct ct_facts *facts, enum ct_trust worst)
{
	if (worst == CT_TRUST_GUESS)
		return CT_POSSIBLE;
	return worst == CT_TRUST_INFERRED || !facts->target.still ? CT_LIKELY : CT_PROVEN;
}

/* ", which would unlock it (deferred, main.go:40), but is itself blocked on …", or nothing; of who
 * has nothing to unlock it is said already what it would do. */
static const char *say_deed(struct ct_findings *out, const struct ct_edge *edge)
{
	const struct ct_facts *facts = out->facts;
	bool holds = edge->hold != CT_NONE;
	const struct ct_deed *deed =
		holds ? &facts->holds[edge->hold].deed : &facts->peers[edge->peer].deed;

	if (!deed->kind)
		return "";
	return ct_arena_printf(out->arena, "%s%s%s", holds ? ", which would unlock it" : "",
		ct_say_deed_place(out->arena, facts, deed),
		ct_say_doer_state(out->arena, facts, edge->waiter, edge->holder));
}

void ct_draft_edge(struct ct_findings *out, struct ct_draft *draft, const struct ct_edge *edge)
{
	const struct ct_facts *facts = out->facts;
	const struct ct_wait *wait = &facts->waits[edge->wait];
	uint32_t frame = ct_own_frame(facts, edge->waiter);
	const char *waiter = ct_say_actor(out->arena, facts, edge->waiter);
	const char *holder = ct_say_actor(out->arena, facts, edge->holder);
	const char *other = say_deed(out, edge);

	if (edge->hold == CT_NONE)
		ct_draft_step(draft,
			ct_arena_printf(out->arena, "%s waits for %s, which %s would %s%s: %s",
				waiter, ct_say_resource(out->arena, facts, wait->resource), holder,
				ct_say_release(facts, wait), other, facts->peers[edge->peer].why),
			edge->waiter, wait->resource, frame);
	else if (facts->resources[wait->resource].is_actor)
		ct_draft_step(draft,
			ct_arena_printf(out->arena, "%s waits for %s to end", waiter, holder),
			edge->waiter, wait->resource, frame);
	else
		ct_draft_step(draft,
			ct_arena_printf(out->arena, "%s waits for %s, held by %s%s", waiter,
				ct_say_resource(out->arena, facts, wait->resource), holder, other),
			edge->waiter, wait->resource, frame);
	ct_draft_resource(draft, wait->resource);
}

#define MAX_EXITED 4 /* threads that are named */

void ct_draft_exited(struct ct_findings *out, struct ct_draft *draft, const char *before)
{
	const struct ct_facts *facts = out->facts;

	/* They stand behind all others. */
	for (uint32_t a = facts->n_actors, n = 0; a-- > 0 && n < MAX_EXITED; n++) {
		if (facts->actors[a].state != CT_STATE_ZOMBIE)
			return;
		ct_draft_step(draft,
			ct_arena_printf(out->arena, "%s%s has exited", before,
				ct_say_actor(out->arena, facts, a)),
			a, CT_NONE, CT_NONE);
	}
}

enum ct_status ct_findings_for_cycles(struct ct_findings *out, enum ct_cycle_kind kind,
	enum ct_status (*report)(struct ct_findings *out, uint32_t cycle))
{
	for (uint32_t c = 0; c < out->graph->n_cycles; c++) {
		enum ct_status status = out->graph->cycles[c].kind == kind ? report(out, c) : CT_OK;

		if (status)
			return status;
	}
	return CT_OK;
}

enum ct_status ct_findings_note(
	struct ct_findings *out, const struct ct_rule *rule, const char *about, const char *text)
{
	struct ct_note *slot = ct_vec_push(&out->notes);

	if (!slot)
		return CT_NO_MEMORY;
	*slot = (struct ct_note){(unsigned)strtoul(rule->id + 2, NULL, 10), about, text};
	return CT_OK;
}
