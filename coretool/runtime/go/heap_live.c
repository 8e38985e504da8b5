/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lives in the heap: objects and bytes of each type, and of those without a known type by
 * size; and for each of these rows where the sampled ones of it were allocated.
 */
#include "runtime/go/heap_live.h"

#include <inttypes.h>

#include "runtime/go/allocations.h"
#include "runtime/go/profile_bucket.h"

#define CLASSES  256 /* of spans */
#define MAX_NAME 256

struct row {
	uint64_t objects, bytes;
	double expected; /* samples */
	struct ct_go_object sample;
	const char *name;
};

struct table {
	struct ct_go_world *world;
	struct row *rows;
	uint32_t n;
	struct ct_go_heap_type *types;
	uint32_t n_types;
};

/* By what the object is known to be; else by its size, with pointers and without. */
static uint32_t row_of(const struct ct_go_world *w, const struct ct_go_object *object)
{
	const struct ct_go_span *s = object->span;
	uint32_t known = w->typing.of[object->id];

	return known ? known - 1
		     : w->typing.known.n + s->class + (s->map == CT_GO_MAP_NONE) * CLASSES;
}

static void count_objects(struct table *t, struct ct_fact_go_heap *fact)
{
	const struct ct_go_world *w = t->world;
	int64_t rate = ct_go_profile_rate(w->o->go, w->o->go->globals.heaprate);

	for (uint32_t i = 0; i < w->heap->n_spans; i++) {
		const struct ct_go_span *s = &w->heap->spans[i];
		double chance = ct_go_sample_chance(rate, s->elemsize);

		for (uint32_t k = 0; k < s->n; k++) {
			const struct ct_go_object object = {
				s, s->start + k * s->elemsize, k, s->first + k};

			if (ct_go_mark_has(w->mark, object.id)) {
				struct row *row = &t->rows[row_of(w, &object)];

				row->objects++;
				row->bytes += s->elemsize;
				row->expected += chance;
				row->sample = object;
			} else if (ct_go_is_allocated(s, k)) {
				fact->garbage_objects++;
				fact->garbage_bytes += s->elemsize;
			}
		}
	}
}

static void list_types(struct table *t)
{
	char name[MAX_NAME];

	for (uint32_t i = 0; i < t->n; i++) {
		struct row *row = &t->rows[i];

		if (!row->objects)
			continue;
		ct_go_typing_name(&t->world->typing, &row->sample, name, sizeof(name));
		row->name = ct_sink_string(t->world->o->sink, name);
		t->types[t->n_types++] =
			(struct ct_go_heap_type){.name = row->name ? row->name : "",
				.known = i < t->world->typing.known.n,
				.objects = row->objects,
				.bytes = row->bytes,
				.expected = row->expected};
	}
}

static int by_name(const void *a, const void *b)
{
	const struct ct_go_heap_type *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int by_bytes(const void *a, const void *b)
{
	const struct ct_go_heap_type *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Types of equal names are one to a reader: of a plugin for example. They are by name then. */
static void join_names(struct table *t)
{
	uint32_t kept = 0;

	if (t->n_types)
		qsort(t->types, t->n_types, sizeof(*t->types), by_name);
	for (uint32_t i = 0; i < t->n_types; i++) {
		if (!kept || by_name(&t->types[kept - 1], &t->types[i])) {
			t->types[kept++] = t->types[i];
			continue;
		}
		t->types[kept - 1].objects += t->types[i].objects;
		t->types[kept - 1].bytes += t->types[i].bytes;
		t->types[kept - 1].expected += t->types[i].expected;
	}
	t->n_types = kept;
}

struct named {
	const char *name;
	struct ct_go_allocation allocation;
};

static int by_type(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (order)
		return order;
	if (x->allocation.stack != y->allocation.stack)
		return x->allocation.stack < y->allocation.stack ? -1 : 1;
	return x->allocation.size < y->allocation.size ? -1
						       : x->allocation.size > y->allocation.size;
}

/* Gives each type, of which all are in the order of their names, its part of the list. */
static enum ct_status hand_out(struct table *t, const struct named *list, uint32_t n)
{
	struct ct_go_allocation *all = ct_arena_new_array(
		ct_sink_arena(t->world->o->sink), (size_t)n + 1, struct ct_go_allocation);
	uint32_t at = 0;

	if (!all)
		return CT_NO_MEMORY;
	for (uint32_t i = 0; i < t->n_types; i++) {
		struct ct_go_heap_type *type = &t->types[i];

		type->allocations = all + at;
		for (; at < n && !strcmp(list[at].name, type->name); at++) {
			all[at] = list[at].allocation;
			type->sampled += all[at].sampled;
			type->n_allocations++;
		}
	}
	return CT_OK;
}

static enum ct_status add_allocations(struct table *t, struct ct_fact_go_heap *fact)
{
	struct ct_go_allocations found = {.missing = false};
	enum ct_status status = ct_go_allocations_list(t->world, row_of, &found);
	ct_autofree struct named *list = calloc((size_t)found.list.n + 1, sizeof(*list));

	if (!status && !list)
		status = CT_NO_MEMORY;
	for (uint32_t i = 0; !status && i < found.list.n; i++) {
		const char *name = t->rows[found.list.items[i].row].name;

		list[i] = (struct named){name ? name : "", found.list.items[i].allocation};
	}
	if (!status && found.list.n)
		qsort(list, found.list.n, sizeof(*list), by_type);
	if (!status)
		status = hand_out(t, list, found.list.n);
	fact->samples_missing = found.missing;
	ct_vec_free(&found.list);
	return status;
}

static enum ct_status add_types(struct table *t, struct ct_fact_go_heap *fact)
{
	count_objects(t, fact);
	list_types(t);
	join_names(t);
	enum ct_status status = add_allocations(t, fact);
	if (t->n_types)
		qsort(t->types, t->n_types, sizeof(*t->types), by_bytes);
	fact->n_types = t->n_types;
	fact->types = t->types;
	return status;
}

enum ct_status ct_go_observe_live(struct ct_go_world *w)
{
	struct ct_fact_go_heap fact = {
		.span_bytes = w->heap->bytes, .guessed_stacks = w->n_guessed};
	uint32_t n = w->typing.known.n + 2 * CLASSES;
	ct_autofree struct row *rows = calloc(n, sizeof(*rows));
	struct table t = {.world = w, .rows = rows, .n = n};
	struct ct_go_marked marked;

	t.types = ct_arena_new_array(ct_sink_arena(w->o->sink), n, struct ct_go_heap_type);
	if (!rows || !t.types)
		return CT_NO_MEMORY;
	enum ct_status status = add_types(&t, &fact);
	ct_go_mark_count(w->mark, &marked);
	fact.objects = marked.objects;
	fact.bytes = marked.bytes;
	fact.guessed_objects = marked.guessed;
	if (marked.unread)
		ct_target_note(w->o->target, CT_NOTE_DAMAGED, "Go heap",
			"%" PRIu64 " parts of objects are not in the core: what only they keep "
			"alive looks unreachable",
			marked.unread);
	if (fact.samples_missing)
		ct_target_note(w->o->target, CT_NOTE_DAMAGED, "Go heap",
			"the runtime's lists of objects that were sampled are damaged: of some it "
			"is not told where they were allocated");
	if (!status)
		ct_sink_go_heap(w->o->sink, &fact);
	return status;
}
