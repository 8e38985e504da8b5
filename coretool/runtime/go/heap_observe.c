/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/heap_observe.h"

#include <inttypes.h>

#include "facts/go_heap.h"
#include "runtime/go/bad_pointers.h"
#include "runtime/go/heap_path.h"
#include "target/object_name.h"

#define MAX_LINKS 64 /* of a way that is told; the rest is counted */
#define MAX_NAME  256

/* ---- what lives, by type ---- */

#define CLASSES 256 /* of spans */

struct sum {
	uint64_t objects, bytes;
	struct ct_go_object sample;
};

struct sums {
	struct sum *known;             /* by what the objects are known to be */
	struct sum other[2 * CLASSES]; /* of the rest by size, with pointers and without */
};

static int by_bytes(const void *a, const void *b)
{
	const struct ct_go_heap_type *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return strcmp(x->name ? x->name : "", y->name ? y->name : "");
}

static int by_name(const void *a, const void *b)
{
	const struct ct_go_heap_type *x = a, *y = b;

	return strcmp(x->name ? x->name : "", y->name ? y->name : "");
}

/* Types of equal names are one to a reader: of a plugin for example. */
static uint32_t join_names(struct ct_go_heap_type *types, uint32_t n)
{
	uint32_t kept = 0;

	if (n)
		qsort(types, n, sizeof(*types), by_name);
	for (uint32_t i = 0; i < n; i++) {
		if (!kept || by_name(&types[kept - 1], &types[i])) {
			types[kept++] = types[i];
			continue;
		}
		types[kept - 1].objects += types[i].objects;
		types[kept - 1].bytes += types[i].bytes;
	}
	if (kept)
		qsort(types, kept, sizeof(*types), by_bytes);
	return kept;
}

static void count_objects(struct ct_go_world *v, struct sums *sums, struct ct_fact_go_heap *fact)
{
	for (uint32_t i = 0; i < v->heap->n_spans; i++) {
		const struct ct_go_span *s = &v->heap->spans[i];
		struct sum *other = &sums->other[s->class + (s->map == CT_GO_MAP_NONE) * CLASSES];

		for (uint32_t k = 0; k < s->n; k++) {
			const struct ct_go_object object = {
				s, s->start + k * s->elemsize, k, s->first + k};
			uint32_t known = v->typing.of[object.id];

			if (ct_go_mark_has(v->mark, object.id)) {
				struct sum *sum = known ? &sums->known[known - 1] : other;

				sum->objects++;
				sum->bytes += s->elemsize;
				sum->sample = object;
			} else if (ct_go_is_allocated(s, k)) {
				fact->garbage_objects++;
				fact->garbage_bytes += s->elemsize;
			}
		}
	}
}

static uint32_t list_types(struct ct_go_world *v, const struct sum *sums, uint32_t n, bool known,
	struct ct_go_heap_type *ret)
{
	uint32_t n_types = 0;
	char name[MAX_NAME];

	for (uint32_t i = 0; i < n; i++) {
		if (!sums[i].objects)
			continue;
		ct_go_typing_name(&v->typing, &sums[i].sample, name, sizeof(name));
		ret[n_types++] = (struct ct_go_heap_type){
			ct_sink_string(v->o->sink, name), known, sums[i].objects, sums[i].bytes};
	}
	return n_types;
}

static enum ct_status add_types(struct ct_go_world *v, struct ct_fact_go_heap *fact)
{
	uint32_t n_known = v->typing.known.n, n;
	ct_autofree struct sums *sums = calloc(1, sizeof(*sums));
	ct_autofree struct sum *known = calloc((size_t)n_known + 1, sizeof(*known));
	struct ct_go_heap_type *types = ct_arena_new_array(ct_sink_arena(v->o->sink),
		(size_t)n_known + CT_COUNT(sums->other), struct ct_go_heap_type);

	if (!sums || !known || !types)
		return CT_NO_MEMORY;
	sums->known = known;
	count_objects(v, sums, fact);
	n = list_types(v, known, n_known, true, types);
	n += list_types(v, sums->other, CT_COUNT(sums->other), false, types + n);
	fact->n_types = join_names(types, n);
	fact->types = types;
	return CT_OK;
}

static enum ct_status add_heap(struct ct_go_world *v)
{
	struct ct_fact_go_heap fact = {
		.span_bytes = v->heap->bytes, .guessed_stacks = v->n_guessed};
	struct ct_go_marked marked;
	enum ct_status status = add_types(v, &fact);

	ct_go_mark_count(v->mark, &marked);
	fact.objects = marked.objects;
	fact.bytes = marked.bytes;
	fact.guessed_objects = marked.guessed;
	if (marked.unread)
		ct_target_note(v->o->target, CT_NOTE_DAMAGED, "Go heap",
			"%" PRIu64 " parts of objects are not in the core: what only they keep "
			"alive looks unreachable",
			marked.unread);
	if (!status)
		ct_sink_go_heap(v->o->sink, &fact);
	return status;
}

/* ---- one object ---- */

const char *ct_go_name_root(struct ct_go_world *v, const struct ct_go_root *root)
{
	struct ct_sink *sink = v->o->sink;
	const char *name;
	bool from_dwarf;

	switch ((enum ct_go_root_kind)root->kind) {
	case CT_GO_ROOT_VARIABLE:
		if (ct_object_name(v->o->target, root->at, ct_sink_arena(sink), &name, &from_dwarf))
			break;
		return ct_sink_printf(sink, "variable %s", name);
	case CT_GO_ROOT_FINALIZER:
		return "a finalizer that is set (runtime.SetFinalizer), or what its object "
		       "refers to";
	case CT_GO_ROOT_CLEANUP:
		return "a cleanup that is set (runtime.AddCleanup)";
	case CT_GO_ROOT_WEAK:
		return "the handle of a weak pointer";
	case CT_GO_ROOT_QUEUED:
		return "a finalizer or cleanup that is about to run";
	case CT_GO_ROOT_STACK:
		return root->frame && *root->frame
			       ? ct_sink_printf(sink, "%s() in the stack of goroutine %" PRIu64,
					 root->frame, root->goid)
			       : ct_sink_printf(
					 sink, "the stack of goroutine %" PRIu64, root->goid);
	case CT_GO_ROOT_DEFERRED:
		return ct_sink_printf(
			sink, "a call that goroutine %" PRIu64 " has deferred", root->goid);
	case CT_GO_ROOT_REGISTER:
		return ct_sink_printf(sink,
			"a register, or the thread's own stack, of goroutine "
			"%" PRIu64 " that runs",
			root->goid);
	}
	return ct_sink_printf(sink, "variable at 0x%" PRIx64, root->at);
}

const char *ct_go_name_type(struct ct_go_world *v, uint32_t id)
{
	struct ct_go_object object;
	char name[MAX_NAME];

	ct_go_object_get(v->heap, id, &object);
	ct_go_typing_name(&v->typing, &object, name, sizeof(name));
	return ct_sink_string(v->o->sink, name);
}

static enum ct_status add_links(
	struct ct_go_world *v, const struct ct_go_path *path, struct ct_fact_go_object *fact)
{
	uint32_t n = path->steps.n, shown = CT_MIN(n, (uint32_t)MAX_LINKS);
	struct ct_go_link *links =
		ct_arena_new_array(ct_sink_arena(v->o->sink), (size_t)shown + 1, struct ct_go_link);
	struct ct_go_object object;

	if (!links)
		return CT_NO_MEMORY;
	ct_go_object_get(v->heap, path->steps.items[0].id, &object);
	links[0] = (struct ct_go_link){object.start, ct_go_name_root(v, &path->root)};
	for (uint32_t i = 0, at = 1; i + 1 < n; i++) {
		/* Of a long way, where it begins and where it ends. */
		if (n > shown && i >= shown / 2 && i < n - shown / 2) {
			fact->n_left_out++;
			continue;
		}
		ct_go_object_get(v->heap, path->steps.items[i + 1].id, &object);
		links[at++] = (struct ct_go_link){
			object.start, ct_sink_printf(v->o->sink, "%s + %" PRIu64,
					      ct_go_name_type(v, path->steps.items[i].id),
					      path->steps.items[i].offset)};
		fact->n_links = at;
	}
	fact->n_links = CT_MAX(fact->n_links, 1u);
	fact->links = links;
	return CT_OK;
}

static enum ct_status add_object(
	struct ct_go_world *v, uint64_t address, const struct ct_go_object *object)
{
	struct ct_go_path path = {0};
	struct ct_fact_go_object fact = {.address = address,
		.start = object->start,
		.size = object->span->elemsize,
		.allocated = ct_go_is_allocated(object->span, object->index),
		.type = ct_go_name_type(v, object->id)};
	enum ct_status status = CT_OK;

	if (ct_go_mark_has(v->mark, object->id))
		status =
			ct_go_path_find(v->heap, v->masks, ct_go_world_roots, v, object->id, &path);
	if (status == CT_NOT_FOUND)
		status = CT_OK;
	if (!status && path.steps.n) {
		fact.reachable = true;
		fact.guessed = path.root.guessed;
		status = add_links(v, &path, &fact);
	}
	ct_vec_free(&path.steps);
	fact.partial = !ct_go_world_saw_all(v, v->mark) || ct_go_misses(v->o);
	if (!status)
		ct_sink_go_object(v->o->sink, &fact);
	return status;
}

/* ---- what points to where no object is ---- */

static enum ct_status add_freed(struct ct_go_world *v)
{
	struct ct_go_bad_pointer found[CT_GO_BAD_POINTERS];
	uint32_t n;
	bool more;
	enum ct_status status = ct_go_find_bad_pointers(v, found, &n, &more);

	if (status || !n)
		return status;
	struct ct_go_freed_use *uses =
		ct_arena_new_array(ct_sink_arena(v->o->sink), n, struct ct_go_freed_use);
	if (!uses)
		return CT_NO_MEMORY;
	for (uint32_t i = 0; i < n; i++)
		uses[i] = (struct ct_go_freed_use){.object = found[i].from.start,
			.offset = found[i].at - found[i].from.start,
			.to = found[i].value,
			.type = ct_go_name_type(v, found[i].from.id),
			.root = ct_go_name_root(v, &found[i].root)};
	ct_sink_go_freed(v->o->sink, &(struct ct_fact_go_freed){uses, n, more});
	return CT_OK;
}

/* Memory of an arena that is no object: most of it is stacks. */
static void add_place(struct ct_go_world *v, uint64_t address)
{
	const struct ct_go_observation *o = v->o;
	struct ct_fact_go_place fact = {.address = address, .stack_of = CT_NONE};
	struct ct_regs regs;
	struct ct_go_g g;

	for (uint32_t i = 0; i < o->n && fact.stack_of == CT_NONE; i++) {
		if (ct_go_goroutine_at(
			    o->go, ct_sink_get_actor(o->sink, o->first + i)->object, &g) ||
			address < g.stack_low || address >= g.stack_high)
			continue;
		fact.stack_of = o->first + i;
		if (!ct_go_registers(o, &g, &regs))
			fact.sp = ct_reg(&regs, ct_target_arch(o->target)->sp);
	}
	if (fact.stack_of != CT_NONE || ct_go_in_arena(v->heap, address))
		ct_sink_go_place(o->sink, &fact);
}

enum ct_status ct_go_observe_heap(struct ct_go_observation *o, bool wanted, uint64_t address)
{
	struct ct_go_object object = {0};
	struct ct_go_world *v;
	enum ct_status status;

	if (!wanted && !address)
		return CT_OK;
	status = ct_go_world(o, &v);
	if (status)
		return status == CT_NO_MEMORY ? status : CT_OK;
	bool found = address && ct_go_object_at(v->heap, address, &object);
	if (wanted || found)
		status = ct_go_world_types(v);
	if (!status && wanted)
		status = add_heap(v);
	if (!status && wanted)
		status = add_freed(v);
	if (!status && found)
		status = add_object(v, address, &object);
	else if (!status && address)
		add_place(v, address);
	return status == CT_NO_MEMORY ? status : CT_OK;
}
