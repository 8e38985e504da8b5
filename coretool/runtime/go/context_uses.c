/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/context_uses.h"

#include "runtime/go/defers.h"

#define MAX_OF_ONE 64         /* uses of one goroutine */
#define MAX_USES   (1u << 22) /* of all */

struct look {
	struct ct_go_observation *o;
	struct ct_go_world *world;
	struct ct_go_contexts *contexts;
	struct ct_go_uses *uses;
	uint32_t actor;
	uint32_t first; /* use of this actor */
	bool failed;
};

static void look_at(void *arg, const struct ct_go_root *root)
{
	struct look *l = arg;
	uint32_t context = ct_go_context_at(l->contexts, root->value);

	if (context == CT_NONE || l->uses->list.n - l->first >= MAX_OF_ONE ||
		l->uses->list.n >= MAX_USES)
		return;
	for (uint32_t i = l->first; i < l->uses->list.n; i++)
		if (l->uses->list.items[i].context == context)
			return;
	struct ct_go_context_use *slot = ct_vec_push(&l->uses->list);
	if (!slot) {
		l->failed = true;
		return;
	}
	*slot = (struct ct_go_context_use){.context = context,
		.actor = l->actor,
		.frame = root->pc ? ct_go_frame_of(l->o, l->actor, root->pc) : CT_NONE,
		.guessed = root->guessed};
}

/* ---- deferred functions ---- */

/* Is it in a function that was deferred? Whoever cleans up knows that it is over. */
static bool is_deferred(struct ct_go_observation *o, uint32_t actor)
{
	uint64_t at = ct_sink_get_actor(o->sink, actor)->object, callee = 0;
	struct ct_unwound stack;
	struct ct_regs regs;
	struct ct_go_g g;

	if (!o->unwinder || ct_go_goroutine_at(o->go, at, &g) || ct_go_registers(o, &g, &regs) ||
		ct_go_unwind(o, &g, &regs, &stack))
		return false;
	for (size_t i = 0; i < stack.n; i++) {
		const struct ct_unwound_frame *frame = &stack.frames[i];
		struct ct_go_function function;

		if (!ct_go_function_at(&o->go->tables, frame->pc - frame->is_call, &function)) {
			callee = 0;
			continue;
		}
		const char *name = ct_go_function_name(&function);
		/* Those of them call what was deferred in a loop, or is run by a panic. */
		if (!strcmp(name, "runtime.deferreturn") || !strcmp(name, "runtime.gopanic") ||
			!strcmp(name, "runtime.Goexit") ||
			(callee && frame->cfa && stack.frames[i - 1].cfa &&
				ct_go_may_defer(o->go, &function, stack.frames[i - 1].cfa,
					frame->cfa, callee)))
			return true;
		callee = function.entry;
	}
	return false;
}

static bool is_over(const struct ct_go_contexts *c, uint32_t i)
{
	uint32_t cancels = c->list.items[i].cancels;

	return cancels != CT_NONE && c->list.items[cancels].cancelled;
}

/* Only of contexts that are over it matters. */
static void find_deferred(struct look *l)
{
	uint32_t actor = CT_NONE;
	bool deferred = false;

	for (uint32_t i = 0; i < l->uses->list.n; i++) {
		struct ct_go_context_use *use = &l->uses->list.items[i];

		if (!is_over(l->contexts, use->context))
			continue;
		if (use->actor != actor)
			deferred = is_deferred(l->o, use->actor);
		actor = use->actor;
		use->deferred = deferred;
	}
}

enum ct_status ct_go_uses_find(struct ct_go_observation *o, struct ct_go_world *world,
	struct ct_go_contexts *contexts, struct ct_go_uses *ret)
{
	struct look l = {.o = o, .world = world, .contexts = contexts, .uses = ret};
	enum ct_status status = CT_OK;

	for (uint32_t i = 0; status != CT_NO_MEMORY && i < o->n; i++) {
		struct ct_go_g g;

		l.actor = o->first + i;
		l.first = ret->list.n;
		if (ct_go_goroutine_at(o->go, ct_sink_get_actor(o->sink, l.actor)->object, &g))
			continue;
		/* Of a stack that cannot be read nothing is known. */
		status = ct_go_roots_goroutine(&world->stacks, &g, look_at, &l);
	}
	if (status == CT_NO_MEMORY || l.failed)
		return CT_NO_MEMORY;
	find_deferred(&l);
	return CT_OK;
}
