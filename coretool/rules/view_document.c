/* SPDX-License-Identifier: Apache-2.0 */
/* The view of a document. */
#include "rules/view.h"
#include "rules/words.h"

struct builder {
	struct ct_view_builder b;
	const struct ct_facts *facts;
	uint32_t *stack_of;           /* per stack of the facts: the view's */
	struct ct_view_frame *frames; /* scratch */
};

/* As the JSON report names it: by the symbol, else by the debug information. */
static const char *function_of(const struct ct_site *site)
{
	if (site->function || !site->n_lines)
		return site->function;
	return site->lines[site->n_lines - 1].inlined ? NULL
						      : site->lines[site->n_lines - 1].function;
}

static void add_stack(struct builder *b, uint32_t index)
{
	const struct ct_stack *stack = &b->facts->stacks[index];

	for (uint32_t i = 0; i < stack->n_frames; i++) {
		const struct ct_site *site = &b->facts->sites[stack->frames[i].site];
		bool has_module = site->module != CT_NONE;

		b->frames[i] = (struct ct_view_frame){function_of(site),
			has_module ? b->facts->modules[site->module].path : NULL, site->offset};
	}
	b->stack_of[index] = ct_view_add_stack(&b->b, b->frames, stack->n_frames);
}

static void add_threads(struct builder *b)
{
	for (uint32_t i = 0; i < b->facts->n_actors; i++) {
		const struct ct_actor *a = &b->facts->actors[i];
		const char *waits =
			a->n_waits ? ct_wait_kind_name(b->facts->waits[a->first_wait].kind) : NULL;

		if (a->stack != CT_NONE)
			ct_view_add_thread(&b->b, b->stack_of[a->stack], waits);
	}
}

static void set_holder(struct builder *b, const struct ct_resource *r, struct ct_view_lock *lock)
{
	if (r->owner_gone) {
		lock->holder = lock->holder_label = "a thread that is gone";
		lock->holder_id = r->owner_gone == CT_OWNER_UNNAMED ? 0 : r->owner_gone;
	} else if (r->n_holds) {
		/* As in a report, where the actors list what they hold. */
		uint32_t actor = CT_NONE;

		for (uint32_t i = 0; i < r->n_holds; i++)
			actor = CT_MIN(actor,
				b->facts->holds[b->facts->holds_by_resource[r->first_hold + i]]
					.actor);
		lock->holder = ct_say_actor(b->b.arena, b->facts, actor);
		lock->holder_label = ct_actor_label(b->facts, actor);
		lock->holder_id = b->facts->actors[actor].id;
	}
}

static void add_lock(struct builder *b, const struct ct_resource *r)
{
	const struct ct_wait *first =
		&b->facts->waits[b->facts->waits_by_resource[r->first_waiter]];
	uint32_t stack = b->facts->actors[first->actor].stack;
	struct ct_view_lock lock = {
		.kind = r->kind,
		.name = r->name_of_type ? NULL : r->name,
		.waits = ct_wait_kind_name(first->kind),
		.address = r->address,
		.waiters = r->n_waiters,
	};

	if (stack != CT_NONE && b->stack_of[stack] != CT_NONE)
		lock.place = b->b.stacks.items[b->stack_of[stack]].place;
	set_holder(b, r, &lock);
	ct_view_add_lock(&b->b, &lock);
}

static void add_finding(struct builder *b, const struct ct_finding *f)
{
	const struct ct_view_finding finding = {
		.rule = f->rule,
		.name = f->name,
		.title = f->title,
		.fingerprint = f->fingerprint,
		.level = f->level,
		.confidence = ct_confidence_name(f->confidence),
		.ignored_by = f->ignored_by,
		.n_actors = f->n_actors,
	};

	ct_view_add_finding(&b->b, &finding);
}

static void add_head(struct builder *b, const struct ct_document *document)
{
	const struct ct_fact_target *target = &b->facts->target;
	struct ct_view *view = &b->b.view;

	view->path = ct_view_text(&b->b, target->path);
	view->exe = ct_view_text(&b->b, target->exe);
	view->verdict = ct_verdict_name(document->summary.verdict);
	view->headline = ct_view_text(&b->b, document->summary.headline);
	view->pid = target->pid;
	view->n_threads = document->summary.n_threads;
	view->partial = target->n_partial;
	view->has_stacks = b->facts->wants & CT_WANT_STACKS;
	view->has_locks = true;
}

enum ct_status ct_view_of_document(
	const struct ct_document *document, struct ct_arena *arena, struct ct_view *ret)
{
	const struct ct_facts *facts = document->facts;
	struct builder b = {
		.b = {.arena = arena, .is_static = facts->target.is_static}, .facts = facts};
	uint32_t longest = 0;

	for (uint32_t i = 0; i < facts->n_stacks; i++)
		longest = CT_MAX(longest, facts->stacks[i].n_frames);
	ct_autofree uint32_t *stack_of = calloc((size_t)facts->n_stacks + 1, sizeof(*stack_of));
	ct_autofree struct ct_view_frame *frames = calloc((size_t)longest + 1, sizeof(*frames));
	if (!stack_of || !frames)
		return CT_NO_MEMORY;
	b.stack_of = stack_of;
	b.frames = frames;
	add_head(&b, document);
	for (uint32_t i = 0; i < facts->n_stacks; i++)
		add_stack(&b, i);
	add_threads(&b);
	for (uint32_t i = 0; i < facts->n_resources; i++)
		if (facts->resources[i].n_waiters && !facts->resources[i].is_actor)
			add_lock(&b, &facts->resources[i]);
	for (uint32_t i = 0; i < document->n_findings; i++)
		add_finding(&b, &document->findings[i]);
	return ct_view_finish(&b.b, ret);
}
