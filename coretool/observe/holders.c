/* SPDX-License-Identifier: Apache-2.0 */
/* Who has what is waited for and records no owner: asked of the code of all threads. */
#include "blocking/holders.h"

#include "base/vec.h"
#include "observe/internal.h"

#define MAX_WANTED 256 /* objects */
#define MAX_FRAMES 64  /* of one stack */

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

struct queue { /* those who wait for a resource */
	uint32_t resource, waiters;
};

static int longest_first(const void *a, const void *b)
{
	const struct queue *x = a, *y = b;

	if (x->waiters != y->waiters)
		return x->waiters < y->waiters ? 1 : -1;
	return (x->resource > y->resource) - (x->resource < y->resource);
}

/*
 * The object that was asked for, everything that somebody waits for, what most wait for first, and
 * all that is held where that was asked for.
 */
static bool collect(struct ct_observation *o, struct lists *lists)
{
	uint32_t n = ct_sink_n_resources(o->sink);
	ct_autofree struct queue *queues = calloc((size_t)n + 1, sizeof(*queues));
	bool ok = queues != NULL;

	for (uint32_t i = 0; ok && i < n; i++) {
		queues[i].resource = i;
		if (o->plan->address &&
			ct_sink_get_resource(o->sink, i)->address == o->plan->address)
			ok = add_wanted(o, i, lists);
	}
	for (uint32_t i = 0; ok && i < ct_sink_n_waits(o->sink); i++) {
		uint32_t resource = ct_sink_get_wait(o->sink, i)->resource;

		if (resource != CT_NONE)
			queues[resource].waiters++;
	}
	if (ok)
		qsort(queues, n, sizeof(*queues), longest_first);
	for (uint32_t i = 0; ok && i < n && (queues[i].waiters || o->plan->wants & CT_WANT_WHOLE);
		i++)
		ok = add_wanted(o, queues[i].resource, lists);
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

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/*
 * The threads in the order in which they are asked: one of each stack, then a second one of each …,
 * since what the budget does not reach for should be the last of a thousand that stand at one
 * place. NULL: no memory.
 */
static uint64_t *asking_order(struct ct_observation *o, uint32_t n)
{
	ct_autofree uint32_t *seen = calloc((size_t)n + 1, sizeof(*seen)); /* by stack */
	uint64_t *order = calloc((size_t)n + 1, sizeof(*order));

	if (!seen || !order) {
		free(order);
		return NULL;
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t stack = ct_sink_get_actor(o->sink, i)->stack;
		uint64_t rank = seen[CT_MIN(stack, n)]++;

		order[i] = rank << 32 | i;
	}
	qsort(order, n, sizeof(*order), by_number);
	return order;
}

static enum ct_status infer(struct ct_observation *o, wanted_list *list)
{
	if (!list->n)
		return CT_OK;
	qsort(list->items, list->n, sizeof(*list->items), by_address);
	struct ct_holders_inference *h = ct_holders_new(&o->blocking, list->items, list->n);
	ct_autofree struct ct_regs *regs = calloc(MAX_FRAMES, sizeof(*regs));
	uint32_t n = (uint32_t)ct_target_n_threads(o->target);
	ct_autofree uint64_t *order = asking_order(o, n);
	enum ct_status status = regs && order ? CT_OK : CT_NO_MEMORY;

	/* Not a machine whose code we know: nothing is said. */
	if (!h)
		return CT_OK;
	for (uint32_t i = 0; !status && i < n; i++)
		status = ask(o, h, (uint32_t)order[i], regs);
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
