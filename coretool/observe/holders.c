/* SPDX-License-Identifier: Apache-2.0 */
/* Who has what is waited for and records no owner: asked of the code of all threads. */
#include "blocking/holders.h"

#include "base/vec.h"
#include "observe/internal.h"

#define MAX_WANTED 256 /* objects */
#define MAX_FRAMES 64  /* of one stack */
#define CROWD      8   /* threads with one stack */

typedef CT_VEC(struct ct_wanted) wanted_list;

static const struct ct_primitive *primitive_of(
	const struct ct_observation *o, const struct ct_resource *r)
{
	for (size_t i = 0; i < ct_n_primitives; i++)
		if (ct_primitives[i]->possession && !strcmp(ct_primitives[i]->name, r->kind) &&
			ct_primitive_applies(ct_primitives[i], &o->libc))
			return ct_primitives[i];
	return NULL;
}

/* What the program's code is asked about, and what libc's is. */
struct lists {
	wanted_list own, of_libc;
};

static bool add_wanted(struct ct_observation *o, uint32_t resource, struct lists *lists)
{
	const struct ct_resource *r = ct_sink_get_resource(o->sink, resource);
	const struct ct_primitive *primitive = primitive_of(o, r);
	struct ct_wanted wanted = {r->address, resource, 0, primitive};

	if (!primitive)
		return true;
	wanted_list *list = primitive->possession->in_libc ? &lists->of_libc : &lists->own;
	if (list->n >= MAX_WANTED)
		return true;
	for (uint32_t i = 0; i < list->n; i++)
		if (list->items[i].addr == r->address)
			return true;
	wanted.count = primitive->possession->count(&o->blocking, r->address);
	if (!wanted.count)
		return true;
	struct ct_wanted *slot = ct_vec_push(list);
	if (!slot)
		return false;
	*slot = wanted;
	return true;
}

static int by_address(const void *a, const void *b)
{
	const struct ct_wanted *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

/* Everything that somebody waits for, or that was asked for: one object, or all that are held. */
static bool collect(struct ct_observation *o, struct lists *lists)
{
	bool ok = true;

	for (uint32_t i = 0; ok && i < ct_sink_n_waits(o->sink); i++) {
		uint32_t resource = ct_sink_get_wait(o->sink, i)->resource;

		ok = resource == CT_NONE || add_wanted(o, resource, lists);
	}
	for (uint32_t i = 0; ok && i < ct_sink_n_resources(o->sink); i++)
		if (o->plan->wants & CT_WANT_WHOLE ||
			(o->plan->address &&
				ct_sink_get_resource(o->sink, i)->address == o->plan->address))
			ok = add_wanted(o, i, lists);
	return ok;
}

/* The address that the thread waits for, as far as that is known. */
static uint64_t waits_for(struct ct_observation *o, uint32_t actor)
{
	const struct ct_actor *a = ct_sink_get_actor(o->sink, actor);

	for (uint32_t i = 0; i < a->n_waits; i++) {
		uint32_t resource = ct_sink_get_wait(o->sink, a->first_wait + i)->resource;

		if (resource != CT_NONE)
			return ct_sink_get_resource(o->sink, resource)->address;
	}
	return 0;
}

static enum ct_status ask(struct ct_observation *o, struct ct_holders_inference *h, uint32_t actor,
	struct ct_regs *regs)
{
	const struct ct_thread *thread = ct_target_thread(o->target, actor);
	struct ct_unwound unwound;

	if (!thread->stopped)
		return CT_OK;
	enum ct_status status =
		ct_unwind_regs(o->unwinder, thread->regs, regs, MAX_FRAMES, &unwound);
	if (status)
		return status == CT_NO_MEMORY ? status : CT_OK;
	/* Behind a gap in the stack frames and registers do not go together. */
	size_t n = unwound.skipped_at ? unwound.skipped_at : unwound.n;
	const struct ct_evidence_from from = {
		unwound.frames, regs, CT_MIN(n, MAX_FRAMES), waits_for(o, actor)};
	return ct_holders_ask(h, actor, &from);
}

/* One of a crowd that does the same: seldom the one that holds up all. */
static bool is_common(const struct ct_observation *o, uint32_t actor)
{
	uint32_t stack = ct_sink_get_actor(o->sink, actor)->stack;

	return stack != CT_NONE && ct_sink_get_stack(o->sink, stack)->n_actors > CROWD;
}

/* Those first whose stacks are their own: the budget may not reach for a crowd of waiters. */
static enum ct_status ask_all(
	struct ct_observation *o, struct ct_holders_inference *h, struct ct_regs *regs)
{
	uint32_t n = (uint32_t)ct_target_n_threads(o->target);
	enum ct_status status = CT_OK;

	for (int common = 0; common < 2; common++)
		for (uint32_t i = 0; !status && i < n; i++)
			if (is_common(o, i) == common)
				status = ask(o, h, i, regs);
	return status;
}

static enum ct_status infer(struct ct_observation *o, wanted_list *list)
{
	if (!list->n)
		return CT_OK;
	qsort(list->items, list->n, sizeof(*list->items), by_address);
	struct ct_holders_inference *h = ct_holders_new(&o->blocking, list->items, list->n);
	ct_autofree struct ct_regs *regs = calloc(MAX_FRAMES, sizeof(*regs));
	enum ct_status status = regs ? CT_OK : CT_NO_MEMORY;

	/* Not a machine whose code we know: nothing is said. */
	if (!h)
		return CT_OK;
	if (!status)
		status = ask_all(o, h, regs);
	if (!status || status == CT_DONE)
		status = ct_holders_conclude(h);
	ct_holders_free(h);
	return status;
}

enum ct_status ct_observe_holders(struct ct_observation *o)
{
	struct lists lists = {0};
	enum ct_status status = CT_OK;

	if (!o->unwinder)
		return CT_OK;
	if (!collect(o, &lists))
		status = CT_NO_MEMORY;
	if (!status)
		status = infer(o, &lists.own);
	if (!status)
		status = infer(o, &lists.of_libc);
	ct_vec_free(&lists.own);
	ct_vec_free(&lists.of_libc);
	return status;
}
