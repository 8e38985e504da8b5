/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/heap_observe.h"

#include <inttypes.h>

#include "facts/go_heap.h"
#include "runtime/go/allocations.h"
#include "runtime/go/bad_pointers.h"
#include "runtime/go/heap_live.h"
#include "runtime/go/heap_path.h"
#include "target/object_name.h"

#define MAX_LINKS 64 /* of a way that is told; the rest is counted */
#define MAX_NAME  256
#define MAX_HAS   8 /* finalizers and the like of one object that are told */

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
		links[at++] = (struct ct_go_link){object.start,
			ct_go_name_part(v, path->steps.items[i].id, path->steps.items[i].offset)};
		fact->n_links = at;
	}
	fact->n_links = CT_MAX(fact->n_links, 1u);
	fact->links = links;
	return CT_OK;
}

/* ---- what the runtime has written down about it ---- */

struct written {
	struct ct_go_world *v;
	const struct ct_go_object *object;
	struct ct_fact_go_object *fact;
	const char *has[MAX_HAS + 1];
	uint32_t n_left; /* that has no room for */
	bool sampled;    /* a record of its allocation was seen: each object has one */
	enum ct_status status;
};

/* Of the function value at this address; NULL: not known. */
static const char *name_function(struct ct_go_world *v, uint64_t at)
{
	const struct ct_go *go = v->o->go;
	struct ct_go_function function;
	uint64_t closure, pc;

	if (ct_read_u64(go->target, at, &closure) || ct_read_u64(go->target, closure, &pc) ||
		!ct_go_function_at(&go->tables, pc, &function) || function.entry != pc)
		return NULL;
	return ct_go_function_name(&function);
}

static void add_has(struct written *w, const char *what, const char *function)
{
	struct ct_fact_go_object *fact = w->fact;

	if (fact->n_has == MAX_HAS) {
		w->n_left++;
		return;
	}
	const char *words = function ? ct_sink_printf(w->v->o->sink, "%s: %s()", what, function)
				     : ct_sink_string(w->v->o->sink, what);
	if (words)
		w->has[fact->n_has++] = words;
}

static void see_special(void *arg, const struct ct_go_special *special)
{
	struct written *w = arg;
	const struct ct_go *go = w->v->o->go;
	struct ct_go_object object;

	if (w->status || !ct_go_special_object(w->v->heap, special, &object) ||
		object.id != w->object->id)
		return;
	switch ((enum ct_go_special_kind)special->kind) {
	case CT_GO_SPECIAL_FINALIZER:
		add_has(w, "a finalizer",
			name_function(w->v, special->at + ct_go_at(go, SPECIALFINALIZER_FN)));
		break;
	case CT_GO_SPECIAL_CLEANUP:
		/* cleanupFn: call, function, argument; before, what calls it is a closure. */
		add_has(w, "a cleanup",
			ct_go_has(go, SPECIALCLEANUP_CLEANUP)
				? name_function(w->v,
					  special->at + ct_go_at(go, SPECIALCLEANUP_CLEANUP) + 8)
				: NULL);
		break;
	case CT_GO_SPECIAL_WEAK:
		add_has(w, "a weak pointer to it", NULL);
		break;
	case CT_GO_SPECIAL_PROFILE:
		if (w->sampled)
			break;
		w->sampled = true;
		w->status = ct_go_allocation_stack(w->v, special, &w->fact->allocation);
		if (w->status == CT_FAULT)
			w->status = CT_OK;
		break;
	case CT_GO_SPECIAL_OTHER:
		break;
	}
}

/* A slot that is free has nothing, whatever is left in the lists. */
static enum ct_status add_written(
	struct ct_go_world *v, const struct ct_go_object *object, struct ct_fact_go_object *fact)
{
	struct written w = {.v = v, .object = object, .fact = fact};

	if (!fact->allocated)
		return CT_OK;
	(void)ct_go_specials_of(v->heap, object->span, see_special, &w);
	if (w.n_left) {
		w.has[fact->n_has] =
			ct_sink_printf(v->o->sink, "%" PRIu32 " more of these", w.n_left);
		fact->n_has += w.has[fact->n_has] != NULL;
	}
	fact->has = ct_arena_copy(ct_sink_arena(v->o->sink), w.has, fact->n_has * sizeof(*w.has));
	return w.status ? w.status : fact->has ? CT_OK : CT_NO_MEMORY;
}

static enum ct_status add_object(
	struct ct_go_world *v, uint64_t address, const struct ct_go_object *object)
{
	struct ct_go_path path = {0};
	struct ct_fact_go_object fact = {.address = address,
		.start = object->start,
		.size = object->span->elemsize,
		.allocated = ct_go_is_allocated(object->span, object->index),
		.type = ct_go_name_type(v, object->id),
		.allocation = CT_NONE};
	enum ct_status status = add_written(v, object, &fact);

	if (!status && ct_go_mark_has(v->mark, object->id))
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
	for (uint32_t i = 0; i < n; i++) {
		const struct ct_go_bad_pointer *one = &found[i];

		uses[i] = (struct ct_go_freed_use){
			.at = one->at, .to = one->value, .root = ct_go_name_root(v, &one->root)};
		if (one->from.span) {
			uses[i].object = one->from.start;
			uses[i].type = ct_go_name_type(v, one->from.id);
			uses[i].part = ct_go_name_part(v, one->from.id, one->at - one->from.start);
		}
	}
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
		status = ct_go_observe_live(v);
	if (!status && wanted)
		status = add_freed(v);
	if (!status && found)
		status = add_object(v, address, &object);
	else if (!status && address)
		add_place(v, address);
	return status == CT_NO_MEMORY ? status : CT_OK;
}
