/* SPDX-License-Identifier: Apache-2.0 */
/* Resources, the cycles through them, and modules. */
#include "facts/go_references.h"
#include "report/json.h"
#include "report/record.h"

static void add_state(struct ct_record *r, const struct ct_resource *res)
{
	struct ct_record state = ct_record_new();

	for (uint32_t i = 0; i < res->n_values; i++) {
		const struct ct_value *v = &res->values[i];

		switch (v->type) {
		case CT_VALUE_TEXT:
			ct_record_text(&state, v->key, v->text);
			break;
		case CT_VALUE_INT:
			ct_record_int(&state, v->key, v->number);
			break;
		case CT_VALUE_HEX:
			ct_record_hex(&state, v->key, (uint64_t)v->number);
			break;
		case CT_VALUE_BOOL:
			ct_record_bool(&state, v->key, v->number != 0);
			break;
		}
	}
	ct_record_add(r, "state", ct_record_done(&state));
}

void ct_json_add_owner_gone(struct ct_record *r, uint64_t owner)
{
	if (owner)
		ct_record_int(r, "owner_gone", owner == CT_OWNER_UNNAMED ? 0 : (int64_t)owner);
}

static json_t *json_reference(const struct ct_json *j, const struct ct_go_reference *reference)
{
	struct ct_record r = ct_record_new();

	if (reference->actor != CT_NONE) {
		ct_record_add(&r, "actor", ct_json_actor_id(j, reference->actor));
		ct_json_add_frame(j, &r, "frame", reference->actor, reference->frame);
	}
	ct_record_text(&r, "by", reference->by);
	if (reference->guessed)
		ct_record_bool(&r, "guessed", true);
	return ct_record_done(&r);
}

/* An empty list says that nothing leads to it but those who wait at it; no list, that nobody has
 * looked, or not at all. */
static void add_references(
	const struct ct_json *j, struct ct_record *r, const struct ct_resource *res)
{
	const struct ct_fact_go_references *all = j->facts->go_references;

	for (uint32_t i = 0; all && i < all->n; i++) {
		const struct ct_go_referred *o = &all->objects[i];

		if (o->address != res->address || ((all->partial || o->own) && !o->n))
			continue;
		json_t *list = ct_record_list(r, "references");
		for (uint32_t k = 0; k < o->n; k++)
			ct_record_push(r, list, json_reference(j, &o->list[k]));
	}
}

json_t *ct_json_resource(const struct ct_json *j, uint32_t index)
{
	const struct ct_resource *res = &j->facts->resources[index];
	struct ct_record r = ct_record_new();

	ct_record_add(&r, "id", ct_json_resource_id(j, index));
	ct_record_text(&r, "kind", res->kind);
	ct_record_hex(&r, "address", res->address);
	ct_record_text(&r, "name", res->name);
	if (res->name && res->name_of_type)
		ct_record_bool(&r, "name_of_type", true);
	ct_record_text(&r, "where", res->where);
	ct_json_add_owner_gone(&r, res->owner_gone);
	if (res->owner_gone && res->owner_why) {
		ct_record_text(&r, "owner_trust", ct_trust_name(res->owner_trust));
		ct_record_text(&r, "owner_why", res->owner_why);
	}
	ct_record_text(&r, "corrupt", res->corrupt);
	if (res->process_shared)
		ct_record_bool(&r, "process_shared", true);
	if (res->n_values)
		add_state(&r, res);
	add_references(j, &r, res);
	return ct_record_done(&r);
}

static json_t *json_edge(const struct ct_json *j, const struct ct_edge *edge)
{
	uint32_t resource = j->facts->waits[edge->wait].resource;
	struct ct_record r = ct_record_new();

	ct_record_add(&r, "waiter", ct_json_actor_id(j, edge->waiter));
	if (resource != CT_NONE)
		ct_record_add(&r, "resource", ct_json_resource_id(j, resource));
	ct_record_add(&r, "holder", ct_json_actor_id(j, edge->holder));
	if (edge->hold == CT_NONE)
		ct_record_bool(&r, "peer", true);
	ct_record_text(&r, "trust", ct_trust_name(edge->trust));
	return ct_record_done(&r);
}

json_t *ct_json_cycle(const struct ct_json *j, uint32_t index)
{
	const struct ct_cycle *cycle = &j->document->graph->cycles[index];
	const uint32_t *findings = j->document->finding_of_cycle;
	static const char *const kinds[] = {
		[CT_CYCLE_SELF] = "self", [CT_CYCLE_LOOP] = "cycle", [CT_CYCLE_KNOT] = "knot"};
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "kind", kinds[cycle->kind]);
	ct_record_bool(&r, "timed", cycle->timed);
	if (findings && findings[index] != CT_NONE)
		ct_record_int(&r, "finding", findings[index]);
	json_t *edges = ct_record_list(&r, "edges");
	for (uint32_t i = 0; i < cycle->n_edges; i++)
		ct_record_push(&r, edges, json_edge(j, &cycle->edges[i]));
	return ct_record_done(&r);
}

json_t *ct_json_module(const struct ct_json *j, uint32_t index)
{
	const struct ct_fact_module *module = &j->facts->modules[index];
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "path", module->path);
	ct_record_text(&r, "build_id", module->build_id);
	ct_record_hex(&r, "base", module->base);
	ct_record_int(&r, "size", (int64_t)module->size);
	ct_record_text(&r, "found", module->found);
	ct_record_text(&r, "file", module->file);
	ct_record_text(&r, "debug_file", module->debug_file);
	ct_record_texts(&r, "tried", module->tried, module->n_tried);
	ct_record_text(&r, "state", module->state);
	ct_record_text(&r, "advice", module->advice);
	return ct_record_done(&r);
}
