/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has the lock of a malloc arena? A thread in the middle of malloc or free: the functions that
 * take such a lock release it before they return. A thread that waits for the arena itself is in
 * malloc, too; it counts only for what a signal handler interrupted.
 */
#include <inttypes.h>

#include "blocking/rows.h"
#include "observe/internal.h"

/* The functions whose calls lead into an arena; less their leading underscores. */
static bool is_malloc(const char *name)
{
	static const char *const names[] = {"malloc", "free", "cfree", "calloc", "realloc",
		"reallocarray", "memalign", "aligned_alloc", "posix_memalign", "valloc", "pvalloc",
		"malloc_trim", "libc_malloc", "libc_free", "libc_calloc", "libc_realloc",
		"libc_memalign", "int_malloc", "int_free", "int_realloc", "int_memalign",
		"sysmalloc", "malloc_consolidate"};

	if (!name)
		return false;
	name += strspn(name, "_");
	for (size_t i = 0; i < CT_COUNT(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* The innermost frame of libc's malloc, from a frame on; CT_NONE: none is. */
static uint32_t malloc_frame(struct ct_observation *o, uint32_t actor, uint32_t from)
{
	uint32_t index = ct_sink_get_actor(o->sink, actor)->stack;
	const struct ct_stack *stack = index == CT_NONE ? NULL : ct_sink_get_stack(o->sink, index);

	for (uint32_t i = from; stack && i < stack->n_frames; i++) {
		const struct ct_site *site = ct_sink_get_site(o->sink, stack->frames[i].site);

		if (is_malloc(site->function) && ct_libc_owns(o->target, &o->libc, site->pc))
			return i;
	}
	return CT_NONE;
}

/* The frame behind the innermost signal handler; CT_NONE: there is none. */
static uint32_t interrupted(struct ct_observation *o, uint32_t actor)
{
	uint32_t index = ct_sink_get_actor(o->sink, actor)->stack;
	const struct ct_stack *stack = index == CT_NONE ? NULL : ct_sink_get_stack(o->sink, index);

	for (uint32_t i = 0; stack && i + 1 < stack->n_frames; i++)
		if (stack->frames[i].is_signal)
			return i + 1;
	return CT_NONE;
}

static bool waits_for(struct ct_observation *o, uint32_t actor, uint32_t resource)
{
	const struct ct_actor *a = ct_sink_get_actor(o->sink, actor);

	for (uint32_t i = 0; i < a->n_waits; i++)
		if (ct_sink_get_wait(o->sink, a->first_wait + i)->resource == resource)
			return true;
	return false;
}

/* The frame by which the thread may have the arena. */
static uint32_t evidence(struct ct_observation *o, uint32_t actor, uint32_t resource)
{
	uint32_t from = waits_for(o, actor, resource) ? interrupted(o, actor) : 0;

	return from == CT_NONE ? CT_NONE : malloc_frame(o, actor, from);
}

static void add_holder(struct ct_observation *o, uint32_t resource, uint32_t actor, uint32_t frame)
{
	const struct ct_stack *stack =
		ct_sink_get_stack(o->sink, ct_sink_get_actor(o->sink, actor)->stack);
	const char *function = ct_sink_get_site(o->sink, stack->frames[frame].site)->function;
	bool handler = waits_for(o, actor, resource);

	ct_sink_hold(o->sink,
		&(struct ct_hold){.actor = actor,
			.resource = resource,
			.mode = CT_HOLD_EXCLUSIVE,
			.trust = CT_TRUST_INFERRED,
			.took_frame = frame,
			.why = ct_sink_printf(o->sink,
				"it is the only thread %s %s(), frame #%" PRIu32
				", which takes an arena's lock and releases it before it returns",
				handler ? "whose signal handler interrupted" : "in", function,
				frame)});
}

static void find_holder(struct ct_observation *o, uint32_t resource)
{
	size_t n = ct_target_n_threads(o->target);
	uint32_t found = CT_NONE, frame = CT_NONE;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = evidence(o, i, resource);

		/* Whose stack is not known may be the one; and of several, stacks do not tell
		 * which.
		 */
		if (ct_sink_get_actor(o->sink, i)->stack == CT_NONE ||
			(at != CT_NONE && found != CT_NONE))
			return;
		if (at == CT_NONE)
			continue;
		found = i;
		frame = at;
	}
	if (found != CT_NONE)
		add_holder(o, resource, found, frame);
}

void ct_observe_arena_holders(struct ct_observation *o)
{
	uint32_t n = ct_sink_n_resources(o->sink);

	for (uint32_t i = 0; i < n; i++) {
		const struct ct_resource *r = ct_sink_get_resource(o->sink, i);

		if (!strcmp(r->kind, CT_MALLOC_ARENA) && r->holders == CT_HOLDERS_UNKNOWN)
			find_holder(o, i);
	}
}
