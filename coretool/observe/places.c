/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a resource is that no variable of a module has: on a stack, in thread-local memory, in a
 * block of the heap. What is known of such a place makes a name: a thread-local variable's, that of
 * a static pointer to the block, or of the class that the object in it is of.
 */
#include <inttypes.h>

#include "base/vec.h"
#include "blocking/libc_heap.h"
#include "observe/internal.h"
#include "target/object_name.h"
#include "target/tls.h"

#define RED_ZONE     128u /* below the stack pointer, of leaf functions (x86-64 ABI) */
#define FAR          (UINT64_C(1) << 20) /* below its descriptor a thread has stack alone */
#define CHUNKS       (UINT64_C(1) << 21) /* of malloc that are passed; a few hundredths of a second */
#define CHUNKS_ASKED (UINT64_C(1) << 14) /* where each read is a question to a debugger */
#define CLASSES      32u                 /* that are looked up, of objects on the heap */

struct thread_place {
	uint64_t at; /* stack pointer, or descriptor */
	uint32_t actor;
};

struct class_member { /* of a class, by its table, at an offset */
	uint64_t word, offset;
	const char *name; /* NULL: it has none */
};

struct places {
	struct ct_observation *o;
	CT_VEC(uint32_t) lost; /* resources without a name, by address */
	CT_VEC(struct thread_place) sps;
	CT_VEC(struct thread_place) objects;
	CT_VEC(struct ct_pointed) blocks; /* without a name */
	CT_VEC(uint32_t) block_of;        /* the resource of each */
	struct ct_tls *tls;
	struct ct_heap_walk heap;
	struct class_member classes[CLASSES];
	uint32_t n_classes;
	bool no_memory;
};

static int by_address(const void *a, const void *b, void *arg)
{
	struct ct_sink *sink = arg;
	uint64_t x = ct_sink_get_resource(sink, *(const uint32_t *)a)->address;
	uint64_t y = ct_sink_get_resource(sink, *(const uint32_t *)b)->address;

	return (x > y) - (x < y);
}

static int by_at(const void *a, const void *b)
{
	const struct thread_place *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* The first of places[] that is above addr; n: none is. */
static uint32_t first_above(const struct thread_place *places, uint32_t n, uint64_t addr)
{
	uint32_t lo = 0, hi = n;

	CT_BISECT(lo, hi, mid, places[mid].at <= addr);
	return lo;
}

/* Go code runs on stacks out of Go's own heap: what lies above them there may be anything. */
static bool is_in_go(const struct places *p, const struct ct_thread *thread)
{
	const struct ct_arch *arch = ct_target_arch(p->o->target);
	struct ct_go_function function;

	return p->o->go &&
	       ct_go_function_at(&p->o->go->tables, ct_reg(thread->regs, arch->pc), &function);
}

static void add_threads(struct places *p)
{
	const struct ct_arch *arch = ct_target_arch(p->o->target);
	uint32_t n = (uint32_t)ct_target_n_threads(p->o->target);

	for (uint32_t i = 0; i < n; i++) {
		const struct ct_thread *thread = ct_target_thread(p->o->target, i);
		uint64_t object = ct_sink_get_actor(p->o->sink, i)->object;
		bool has_stack = thread->stopped && !is_in_go(p, thread);
		struct thread_place *sp = has_stack ? ct_vec_push(&p->sps) : NULL;
		struct thread_place *tp = object ? ct_vec_push(&p->objects) : NULL;

		if (sp)
			*sp = (struct thread_place){ct_reg(thread->regs, arch->sp), i};
		if (tp)
			*tp = (struct thread_place){object, i};
		p->no_memory |= (has_stack && !sp) || (object && !tp);
	}
	if (p->sps.n)
		qsort(p->sps.items, p->sps.n, sizeof(*p->sps.items), by_at);
	if (p->objects.n)
		qsort(p->objects.items, p->objects.n, sizeof(*p->objects.items), by_at);
}

static void place_at(struct places *p, struct ct_resource *r, enum ct_place place, uint32_t actor)
{
	r->place = place;
	r->place_actor = actor;
	r->where = ct_sink_printf(p->o->sink, "%s of thread %" PRIu64,
		place == CT_PLACE_TLS ? "in the thread-local memory" : "on the stack",
		ct_sink_get_actor(p->o->sink, actor)->id);
}

/* Below the descriptor of its thread, in one of the blocks of the modules. */
static bool is_thread_local(struct places *p, struct ct_resource *r)
{
	const struct ct_map *map = ct_target_map_at(p->o->target, r->address);
	uint32_t i = first_above(p->objects.items, p->objects.n, r->address);
	const struct thread_place *thread = i < p->objects.n ? &p->objects.items[i] : NULL;
	bool glibc = p->o->libc.kind == CT_LIBC_GLIBC, inside;
	struct ct_symbol symbol;
	uint64_t offset;

	if (!thread || !map || thread->at >= map->end || thread->at - r->address > FAR)
		return false;
	if (!ct_tls_variable(p->tls, thread->at, glibc, r->address, &symbol, &offset, &inside)) {
		const char *name = ct_symbol_demangle(ct_sink_arena(p->o->sink), symbol.name);

		r->name = offset ? ct_sink_printf(p->o->sink, "%s+0x%" PRIx64, name, offset)
				 : ct_sink_string(p->o->sink, name);
	} else if (!inside) {
		return false;
	}
	place_at(p, r, CT_PLACE_TLS, thread->actor);
	return true;
}

/* The thread with the highest stack pointer below it, in the same mapping. */
static bool is_on_stack(struct places *p, struct ct_resource *r)
{
	const struct ct_map *map = ct_target_map_at(p->o->target, r->address);
	uint32_t i = first_above(p->sps.items, p->sps.n, r->address + RED_ZONE);

	if (!map || map->path || !i || p->sps.items[i - 1].at < map->start)
		return false;
	place_at(p, r, CT_PLACE_STACK, p->sps.items[i - 1].actor);
	return true;
}

/* Of what class the object at the block's start is, and what is at the offset in it. */
static const char *class_member(struct places *p, uint64_t word, uint64_t offset)
{
	const char *name = NULL;

	for (uint32_t i = 0; i < p->n_classes; i++)
		if (p->classes[i].word == word && p->classes[i].offset == offset)
			return p->classes[i].name;
	if (p->n_classes == CLASSES)
		return NULL;
	if (ct_class_member(p->o->target, word, offset, ct_sink_arena(p->o->sink), &name))
		name = NULL;
	p->classes[p->n_classes++] =
		(struct class_member){word, offset, ct_sink_string(p->o->sink, name)};
	return p->classes[p->n_classes - 1].name;
}

static bool is_on_heap(struct places *p, uint32_t resource)
{
	struct ct_resource *r = ct_sink_get_resource(p->o->sink, resource);
	struct ct_libc_block block;
	uint64_t word = 0;

	if (p->o->libc.kind != CT_LIBC_GLIBC || ct_libc_block_at(&p->heap, r->address, &block) ||
		r->address - block.start >= block.size)
		return false;
	const struct ct_heap_block in = {r->address - block.start, block.size};
	r->place = CT_PLACE_HEAP;
	r->block = ct_arena_copy(ct_sink_arena(p->o->sink), &in, sizeof(in));
	r->where = ct_sink_printf(p->o->sink,
		"%s0x%" PRIx64 " in a block of the heap of %" PRIu64 " bytes, at 0x%" PRIx64,
		block.free ? "freed: " : "", in.offset, block.size, block.start);
	if (!(p->o->plan->wants & CT_WANT_NAMES) || block.free)
		return true;
	(void)!ct_read_u64(p->o->target, block.start, &word);
	r->name = class_member(p, word, in.offset);
	r->name_of_type = r->name != NULL;
	if (r->name)
		return true;
	struct ct_pointed *slot = ct_vec_push(&p->blocks);
	uint32_t *of = ct_vec_push(&p->block_of);
	p->no_memory |= !slot || !of;
	if (slot && of) {
		*slot = (struct ct_pointed){block.start, block.size, r->address, NULL};
		*of = resource;
	}
	return true;
}

static void name_by_pointers(struct places *p)
{
	struct ct_observation *o = p->o;

	for (size_t i = 0; i < ct_target_n_modules(o->target) && p->blocks.n; i++)
		if (ct_observe_is_own(ct_target_module(o->target, i)))
			ct_pointed_names(o->target, ct_target_module(o->target, i), p->blocks.items,
				p->blocks.n, ct_sink_arena(o->sink));
	for (uint32_t i = 0; i < p->blocks.n; i++)
		if (p->blocks.items[i].name)
			ct_sink_get_resource(o->sink, p->block_of.items[i])->name =
				ct_sink_string(o->sink, p->blocks.items[i].name);
}

static void find_lost(struct places *p)
{
	struct ct_sink *sink = p->o->sink;

	for (uint32_t i = 0; i < ct_sink_n_resources(sink); i++) {
		const struct ct_resource *r = ct_sink_get_resource(sink, i);
		uint32_t *slot = r->name || r->is_actor ? &i : ct_vec_push(&p->lost);

		p->no_memory |= !slot;
		if (slot)
			*slot = i;
	}
	if (p->lost.n)
		qsort_r(p->lost.items, p->lost.n, sizeof(uint32_t), by_address, sink);
}

static void find_places(struct places *p)
{
	struct ct_observation *o = p->o;

	add_threads(p);
	for (uint32_t i = 0; i < p->lost.n && !p->no_memory; i++) {
		struct ct_resource *r = ct_sink_get_resource(o->sink, p->lost.items[i]);
		const struct ct_map *map = ct_target_map_at(o->target, r->address);

		if (is_thread_local(p, r) || is_on_stack(p, r) || is_on_heap(p, p->lost.items[i]))
			continue;
		if (map)
			r->where = map->path ? ct_sink_printf(o->sink, "in %s", map->path)
					     : ct_sink_string(o->sink, "in anonymous memory");
	}
	if (o->plan->wants & CT_WANT_NAMES && !p->no_memory)
		name_by_pointers(p);
}

enum ct_status ct_observe_places(struct ct_observation *o)
{
	struct places p = {.o = o,
		.heap = {.target = o->target,
			.budget = ct_target_has_view(o->target) ? CHUNKS : CHUNKS_ASKED}};

	find_lost(&p);
	if (p.lost.n && !p.no_memory) {
		p.tls = ct_tls_new(o->target);
		p.no_memory |= !p.tls;
	}
	if (p.tls)
		find_places(&p);
	ct_tls_free(p.tls);
	ct_vec_free(&p.lost);
	ct_vec_free(&p.sps);
	ct_vec_free(&p.objects);
	ct_vec_free(&p.blocks);
	ct_vec_free(&p.block_of);
	return p.no_memory ? CT_NO_MEMORY : CT_OK;
}
