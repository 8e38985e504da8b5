/* SPDX-License-Identifier: Apache-2.0 */
/* What is in the pools of a Go program. */
#include "facts/go_pools.h"
#include "report/json.h"

static const char *const places[CT_GO_N_POOL_PLACES] = {
	"private", "shared", "victim-private", "victim-shared"};

bool ct_json_has_pools(const struct ct_document *document)
{
	return document->facts->go_pools;
}

uint32_t ct_json_count_pools(const struct ct_json *j)
{
	return j->facts->go_pools->n;
}

static json_t *json_of_part(const struct ct_go_pool_part *part)
{
	struct ct_record r = ct_record_new();

	ct_record_int(&r, "processor", part->processor);
	for (unsigned i = 0; i < CT_GO_N_POOL_PLACES; i++)
		ct_record_int(&r, places[i], part->n[i]);
	return ct_record_done(&r);
}

static json_t *json_of_type(const struct ct_go_pool_type_count *type)
{
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "name", type->name);
	ct_record_int(&r, "objects", type->n);
	return ct_record_done(&r);
}

static json_t *json_of_object(const struct ct_go_pooled *object)
{
	struct ct_record r = ct_record_new();

	ct_record_hex(&r, "address", object->address);
	if (object->array)
		ct_record_hex(&r, "array", object->array);
	ct_record_text(&r, "type", object->type);
	ct_record_int(&r, "bytes", (json_int_t)object->bytes);
	ct_record_int(&r, "processor", object->processor);
	ct_record_text(&r, "place", places[object->place]);
	if (object->copies > 1) {
		ct_record_int(&r, "copies", object->copies);
		ct_record_int(&r, "other_processor", object->other_processor);
		ct_record_text(&r, "other_place", places[object->other_place]);
	}
	return ct_record_done(&r);
}

static json_t *json_of_use(const struct ct_json *j, const struct ct_go_pool_use *use)
{
	struct ct_record r = ct_record_new();

	ct_record_hex(&r, "address", use->address);
	ct_record_text(&r, "type", use->type);
	ct_record_add(&r, "actor", ct_json_actor_id(j, use->actor));
	if (use->frame != CT_NONE)
		ct_record_int(&r, "frame", use->frame);
	ct_record_bool(&r, "will", use->will);
	ct_record_text(&r, "why", use->why);
	return ct_record_done(&r);
}

static void add_objects(
	struct ct_record *r, const char *key, const struct ct_go_pooled *objects, uint32_t n)
{
	json_t *list = n ? ct_record_list(r, key) : NULL;

	for (uint32_t i = 0; i < n; i++)
		ct_record_push(r, list, json_of_object(&objects[i]));
}

json_t *ct_json_pool(const struct ct_json *j, uint32_t index)
{
	const struct ct_go_pool *pool = &j->facts->go_pools->items[index];
	struct ct_record r = ct_record_new();

	ct_record_hex(&r, "address", pool->address);
	ct_record_text(&r, "name", pool->name);
	ct_record_text(&r, "new", pool->make);
	ct_record_int(&r, "objects", pool->n_objects);
	if (j->facts->go_pools->sized) {
		ct_record_int(&r, "bytes", (json_int_t)pool->bytes);
		ct_record_int(&r, "median", (json_int_t)pool->median);
	}
	if (pool->n_referenced != CT_NONE)
		ct_record_int(&r, "referenced", pool->n_referenced);
	json_t *list = ct_record_list(&r, "processors");
	for (uint32_t i = 0; i < pool->n_parts; i++)
		ct_record_push(&r, list, json_of_part(&pool->parts[i]));
	list = ct_record_list(&r, "types");
	for (uint32_t i = 0; i < pool->n_types; i++)
		ct_record_push(&r, list, json_of_type(&pool->types[i]));
	add_objects(&r, "doubles", pool->doubles, pool->n_doubles);
	add_objects(&r, "large", pool->large, pool->n_large);
	if (pool->more_doubles)
		ct_record_bool(&r, "more_doubles", true);
	if (pool->more_large)
		ct_record_bool(&r, "more_large", true);
	list = pool->n_uses ? ct_record_list(&r, "uses") : NULL;
	for (uint32_t i = 0; i < pool->n_uses; i++)
		ct_record_push(&r, list, json_of_use(j, &pool->uses[i]));
	return ct_record_done(&r);
}
