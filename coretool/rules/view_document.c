/* SPDX-License-Identifier: Apache-2.0 */
/* The view of a document. */
#include "facts/go_heap.h"
#include "facts/go_pools.h"
#include "rules/view.h"
#include "rules/words.h"

struct builder {
	struct ct_view_builder b;
	const struct ct_facts *facts;
	uint32_t *stack_of; /* per stack of the facts: the view's */
	const char *
		*functions_of; /* per stack: with those inlined, for goroutines; NULL: not yet */
	struct ct_view_frame *frames; /* scratch, of max_frames */
	uint32_t max_frames;
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

/* Those inlined, and the function itself. */
static uint32_t calls_of_site(const struct ct_site *site)
{
	return CT_MAX(site->n_lines, 1u);
}

/* All functions that a traceback shows: the inlined ones too. */
static const char *functions_of(struct builder *b, uint32_t index)
{
	const struct ct_stack *stack = &b->facts->stacks[index];
	uint32_t n = 0;

	if (b->functions_of[index])
		return b->functions_of[index];
	for (uint32_t i = 0; i < stack->n_frames; i++) {
		const struct ct_site *site = &b->facts->sites[stack->frames[i].site];

		for (uint32_t k = 0; k < calls_of_site(site) && n < b->max_frames; k++)
			b->frames[n++].function = k < site->n_lines && site->lines[k].inlined
							  ? site->lines[k].function
							  : function_of(site);
	}
	return b->functions_of[index] = ct_view_functions(&b->b, b->frames, n);
}

static const char *waits_of(const struct builder *b, const struct ct_actor *a)
{
	if (a->reason)
		return b->facts->reasons[a->reason];
	return a->state == CT_STATE_SYSCALL ? ct_actor_state_name(a->state) : NULL;
}

static void add_goroutine(struct builder *b, uint32_t actor)
{
	const struct ct_actor *a = &b->facts->actors[actor];
	uint32_t creator = ct_goroutine_creator(b->facts, actor);
	const struct ct_view_group group = {
		.stack = b->stack_of[a->stack],
		.functions = functions_of(b, a->stack),
		.waits = waits_of(b, a),
		.kind = a->n_waits ? ct_wait_kind_name(b->facts->waits[a->first_wait].kind) : NULL,
		.creator = creator != CT_NONE ? b->facts->sites[creator].function : NULL,
		.n = 1,
	};

	ct_view_add_goroutines(&b->b, &group, a->id);
}

/* Threads of Go's runtime come and go; who runs a goroutine is told as that. */
static void add_actors(struct builder *b)
{
	for (uint32_t i = 0; i < b->facts->n_actors; i++) {
		const struct ct_actor *a = &b->facts->actors[i];
		const char *waits =
			a->n_waits ? ct_wait_kind_name(b->facts->waits[a->first_wait].kind) : NULL;

		if (a->stack == CT_NONE)
			continue;
		if (a->kind == CT_ACTOR_GOROUTINE)
			add_goroutine(b, i);
		else if (!a->system && a->runs == CT_NONE)
			ct_view_add_thread(&b->b, b->stack_of[a->stack], waits);
	}
}

/* A pool without a name is known by its New. */
static void add_pools(struct builder *b)
{
	const struct ct_fact_go_pools *pools = b->facts->go_pools;

	for (uint32_t i = 0; pools && i < pools->n; i++) {
		const struct ct_go_pool *p = &pools->items[i];
		const struct ct_view_amount pool = {
			p->name ? p->name : p->make, p->n_objects, pools->sized ? p->bytes : 0};

		if (pool.name)
			ct_view_add_pool(&b->b, &pool);
	}
	b->b.view.has_pools = pools;
	b->b.view.has_pool_bytes = pools && pools->sized;
}

static void add_types(struct builder *b)
{
	const struct ct_fact_go_heap *heap = b->facts->go_heap;

	for (uint32_t i = 0; heap && i < heap->n_types; i++) {
		const struct ct_go_heap_type *t = &heap->types[i];
		const struct ct_view_amount type = {t->name, t->objects, t->bytes};

		ct_view_add_type(&b->b, &type);
	}
	b->b.view.has_types = heap;
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

/* How many wait for it, but for the runtime's own, and the first of them. */
static uint32_t waiters_of(
	const struct builder *b, const struct ct_resource *r, const struct ct_wait **first)
{
	uint32_t n = 0;

	*first = NULL;
	for (uint32_t i = 0; i < r->n_waiters; i++) {
		const struct ct_wait *wait =
			&b->facts->waits[b->facts->waits_by_resource[r->first_waiter + i]];

		if (b->facts->actors[wait->actor].system)
			continue;
		*first = *first ? *first : wait;
		n++;
	}
	return n;
}

static void add_lock(struct builder *b, const struct ct_resource *r)
{
	const struct ct_wait *first;
	struct ct_view_lock lock = {
		.kind = r->kind,
		.name = r->name_of_type ? NULL : r->name,
		.address = r->address,
		.waiters = waiters_of(b, r, &first),
	};

	if (!first)
		return;
	uint32_t stack = b->facts->actors[first->actor].stack;
	lock.waits = ct_wait_kind_name(first->kind);
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
	view->n_goroutines = document->summary.n_goroutines;
	view->partial = target->n_partial;
	view->has_stacks = b->facts->wants & CT_WANT_STACKS;
	view->has_locks = true;
}

static uint32_t calls_of(const struct ct_facts *facts, const struct ct_stack *stack)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < stack->n_frames; i++)
		n += calls_of_site(&facts->sites[stack->frames[i].site]);
	return n;
}

enum ct_status ct_view_of_document(
	const struct ct_document *document, struct ct_arena *arena, struct ct_view *ret)
{
	const struct ct_facts *facts = document->facts;
	struct builder b = {
		.b = {.arena = arena, .is_static = facts->target.is_static}, .facts = facts};

	for (uint32_t i = 0; i < facts->n_stacks; i++)
		b.max_frames = CT_MAX(b.max_frames, calls_of(facts, &facts->stacks[i]));
	ct_autofree uint32_t *stack_of = calloc((size_t)facts->n_stacks + 1, sizeof(*stack_of));
	ct_autofree const char **functions =
		calloc((size_t)facts->n_stacks + 1, sizeof(*functions));
	ct_autofree struct ct_view_frame *frames =
		calloc((size_t)b.max_frames + 1, sizeof(*frames));
	if (!stack_of || !functions || !frames)
		return CT_NO_MEMORY;
	b.stack_of = stack_of;
	b.functions_of = functions;
	b.frames = frames;
	add_head(&b, document);
	for (uint32_t i = 0; i < facts->n_stacks; i++)
		add_stack(&b, i);
	add_actors(&b);
	add_pools(&b);
	add_types(&b);
	for (uint32_t i = 0; i < facts->n_resources; i++)
		if (facts->resources[i].n_waiters && !facts->resources[i].is_actor)
			add_lock(&b, &facts->resources[i]);
	for (uint32_t i = 0; i < document->n_findings; i++)
		add_finding(&b, &document->findings[i]);
	return ct_view_finish(&b.b, ret);
}
