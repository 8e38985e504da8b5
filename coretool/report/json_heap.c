/* SPDX-License-Identifier: Apache-2.0 */
/* What lives in the heap of a Go program, and where that was allocated. */
#include <math.h>

#include "report/json.h"
#include "rules/heap_places.h"

bool ct_json_has_heap(const struct ct_document *document)
{
	return document->facts->go_heap;
}

static void add_line(struct ct_record *r, const struct ct_line *line)
{
	if (!line)
		return;
	ct_record_text(r, "function", line->function);
	if (line->file)
		ct_record_text(r, "file", line->file);
	if (line->file && line->line)
		ct_record_int(r, "line", line->line);
}

static json_t *json_place(const struct ct_heap_place *place, bool scales)
{
	struct ct_record r = ct_record_new();

	add_line(&r, place->place.at);
	if (place->place.caller) {
		struct ct_record caller = ct_record_new();

		add_line(&caller, place->place.caller);
		ct_record_add(&r, "for", ct_record_done(&caller));
	}
	ct_record_int(&r, "sampled", (json_int_t)place->sampled);
	if (scales) {
		ct_record_int(&r, "bytes", (json_int_t)CT_MIN(place->bytes, 9e18));
		ct_record_int(&r, "error", (json_int_t)CT_MIN(sqrt(place->variance), 9e18));
	}
	return ct_record_done(&r);
}

static void add_places(
	const struct ct_json *j, struct ct_record *r, const struct ct_go_heap_type *type)
{
	ct_autofree struct ct_heap_place *places = calloc(type->n_allocations, sizeof(*places));
	bool scales = ct_heap_scales(j->facts, type);
	uint32_t n = places ? ct_heap_places(j->facts, type, places) : 0;
	json_t *list = ct_record_list(r, "places");

	r->failed |= !places;
	for (uint32_t i = 0; i < n; i++)
		ct_record_push(r, list, json_place(&places[i], scales));
}

static json_t *json_of_type(const struct ct_json *j, const struct ct_go_heap_type *type)
{
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "name", type->name);
	ct_record_bool(&r, "known", type->known);
	ct_record_int(&r, "objects", (json_int_t)type->objects);
	ct_record_int(&r, "bytes", (json_int_t)type->bytes);
	ct_record_int(&r, "sampled", (json_int_t)type->sampled);
	if (type->n_allocations)
		add_places(j, &r, type);
	return ct_record_done(&r);
}

json_t *ct_json_heap(const struct ct_json *j, uint32_t index)
{
	const struct ct_fact_go_heap *heap = j->facts->go_heap;
	struct ct_record r = ct_record_new();

	(void)index;
	ct_record_int(&r, "live", (json_int_t)heap->bytes);
	ct_record_int(&r, "objects", (json_int_t)heap->objects);
	ct_record_int(&r, "garbage", (json_int_t)heap->garbage_bytes);
	ct_record_int(&r, "garbage_objects", (json_int_t)heap->garbage_objects);
	ct_record_int(&r, "span_bytes", (json_int_t)heap->span_bytes);
	ct_record_int(&r, "guessed_objects", (json_int_t)heap->guessed_objects);
	ct_record_int(&r, "guessed_stacks", heap->guessed_stacks);
	json_t *types = ct_record_list(&r, "types");
	for (uint32_t i = 0; i < heap->n_types; i++)
		ct_record_push(&r, types, json_of_type(j, &heap->types[i]));
	return ct_record_done(&r);
}
