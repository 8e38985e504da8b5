/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/internal.h"
#include "target/object_name.h"

struct stack_pointer {
	uint64_t sp;
	uint32_t actor;
};

static int by_sp(const void *a, const void *b)
{
	const struct stack_pointer *x = a, *y = b;

	return (x->sp > y->sp) - (x->sp < y->sp);
}

/* Whose stack is it? The thread with the highest sp below the address, in the same mapping. */
static uint32_t stack_owner(
	struct ct_observation *o, const struct stack_pointer *sps, uint32_t n, uint64_t addr)
{
	const struct ct_map *map = ct_target_map_at(o->target, addr);
	uint32_t lo = 0, hi = n;

	if (!map || map->path)
		return CT_NONE;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		/* 128 bytes below sp belong to the thread too (the red zone of the x86-64 ABI). */
		if (sps[mid].sp <= addr + 128)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && sps[lo - 1].sp >= map->start ? sps[lo - 1].actor : CT_NONE;
}

/* All threads by stack pointer; the caller frees. NULL: no memory. */
static struct stack_pointer *stack_pointers(struct ct_observation *o, uint32_t *n)
{
	const struct ct_arch *arch = ct_target_arch(o->target);
	uint32_t all = (uint32_t)ct_target_n_threads(o->target);
	struct stack_pointer *sps = malloc(((size_t)all + 1) * sizeof(*sps));

	*n = 0;
	for (uint32_t i = 0; sps && i < all; i++) {
		const struct ct_thread *thread = ct_target_thread(o->target, i);

		if (thread->stopped)
			sps[(*n)++] = (struct stack_pointer){ct_reg(thread->regs, arch->sp), i};
	}
	if (sps)
		qsort(sps, *n, sizeof(*sps), by_sp);
	return sps;
}

static void name_resource(
	struct ct_observation *o, uint32_t index, const struct stack_pointer *sps, uint32_t n_sps)
{
	struct ct_resource *r = ct_sink_get_resource(o->sink, index);
	struct ct_arena *arena = ct_sink_arena(o->sink);
	bool from_dwarf;
	const char *name;

	if (r->name)
		return;
	if (o->plan->wants & CT_WANT_NAMES &&
		!ct_object_name(o->target, r->address, arena, &name, &from_dwarf)) {
		r->name = ct_sink_string(o->sink, name);
		return;
	}
	const struct ct_map *map = ct_target_map_at(o->target, r->address);
	uint32_t owner = map ? stack_owner(o, sps, n_sps, r->address) : CT_NONE;
	if (owner != CT_NONE)
		r->where = ct_sink_printf(o->sink,
			"in the stack or thread-local memory of thread %llu",
			(unsigned long long)ct_sink_get_actor(o->sink, owner)->id);
	else if (map && map->path)
		r->where = ct_sink_printf(o->sink, "in %s", map->path);
	else if (map)
		r->where = ct_sink_string(o->sink, "in anonymous memory");
}

/* Is the object at addr one of this primitive: by what is known of it, or by its shape? */
static bool is_asked(struct ct_observation *o, const struct ct_primitive *primitive, uint64_t addr)
{
	const char *object = o->plan->object;

	if (!ct_primitive_applies(primitive, &o->libc))
		return false;
	if (object)
		return primitive->possible && !strcmp(primitive->name, object) &&
		       primitive->possible(&o->blocking, addr);
	return primitive->recognise && primitive->recognise(&o->blocking, addr);
}

/* The object that the plan asks for. */
static void add_asked(struct ct_observation *o, uint64_t addr)
{
	for (size_t i = 0; i < ct_n_primitives; i++) {
		uint32_t resource;

		if (is_asked(o, ct_primitives[i], addr) &&
			!ct_primitives[i]->read(&o->blocking, addr, &resource))
			return;
	}
}

void ct_observe_resources(struct ct_observation *o)
{
	if (o->plan->address)
		add_asked(o, o->plan->address);
	uint32_t n = ct_sink_n_resources(o->sink), n_sps;
	ct_autofree struct stack_pointer *sps = stack_pointers(o, &n_sps);

	for (uint32_t i = 0; sps && i < n; i++)
		name_resource(o, i, sps, n_sps);
}
