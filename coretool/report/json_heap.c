/* SPDX-License-Identifier: Apache-2.0 */
/* What lives in the heap of a Go program. */
#include "facts/go_heap.h"
#include "report/json.h"

bool ct_json_has_heap(const struct ct_document *document)
{
	return document->facts->go_heap;
}

static json_t *json_of_type(const struct ct_go_heap_type *type)
{
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "name", type->name);
	ct_record_bool(&r, "known", type->known);
	ct_record_int(&r, "objects", (json_int_t)type->objects);
	ct_record_int(&r, "bytes", (json_int_t)type->bytes);
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
		ct_record_push(&r, types, json_of_type(&heap->types[i]));
	return ct_record_done(&r);
}
