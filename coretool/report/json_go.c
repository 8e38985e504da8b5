/* SPDX-License-Identifier: Apache-2.0 */
/* The Go runtime: what it is, and its scheduler. */
#include "facts/go.h"
#include "report/json.h"

bool ct_json_has_go(const struct ct_document *document)
{
	return document->facts->go;
}

static json_t *json_rates(const struct ct_fact_go *go)
{
	struct ct_record r = ct_record_new();

	if (go->heap_rate != CT_GO_RATE_UNKNOWN)
		ct_record_int(&r, "heap", go->heap_rate);
	if (go->block_rate != CT_GO_RATE_UNKNOWN)
		ct_record_int(&r, "block", go->block_rate);
	if (go->mutex_rate != CT_GO_RATE_UNKNOWN)
		ct_record_int(&r, "mutex", go->mutex_rate);
	return ct_record_done(&r);
}

json_t *ct_json_go(const struct ct_fact_go *go)
{
	struct ct_record r = ct_record_new(), gc = ct_record_new();

	ct_record_text(&r, "version", go->version);
	ct_record_text(&r, "layout", go->layout);
	if (go->n_processors)
		ct_record_int(&r, "gomaxprocs", go->n_processors);
	ct_record_text(&gc, "phase", go->gc_phase);
	ct_record_add(&r, "gc", ct_record_done(&gc));
	ct_record_add(&r, "profile_rates", json_rates(go));
	return ct_record_done(&r);
}

static void add_actor(const struct ct_json *j, struct ct_record *r, const char *key, uint32_t actor)
{
	if (actor != CT_NONE)
		ct_record_add(r, key, ct_json_actor_id(j, actor));
}

static void add_count(struct ct_record *r, const char *key, uint32_t n)
{
	if (n != CT_NONE)
		ct_record_int(r, key, n);
}

static json_t *json_processor(const struct ct_json *j, const struct ct_go_processor *p)
{
	struct ct_record r = ct_record_new();

	ct_record_int(&r, "id", p->id);
	ct_record_text(&r, "status", p->status);
	add_count(&r, "runnable", p->n_runnable);
	add_actor(j, &r, "thread", p->thread);
	add_actor(j, &r, "next", p->next);
	return ct_record_done(&r);
}

static json_t *json_thread(const struct ct_json *j, const struct ct_go_thread *m)
{
	struct ct_record r = ct_record_new();

	ct_record_int(&r, "id", m->id);
	add_actor(j, &r, "thread", m->actor);
	add_actor(j, &r, "runs", m->runs);
	add_actor(j, &r, "locked", m->locked);
	if (m->processor >= 0)
		ct_record_int(&r, "processor", m->processor);
	ct_record_bool(&r, "spinning", m->spinning);
	ct_record_bool(&r, "parked", m->blocked);
	ct_record_bool(&r, "cgo", m->in_cgo);
	return ct_record_done(&r);
}

json_t *ct_json_sched(const struct ct_json *j, uint32_t index)
{
	const struct ct_fact_go *go = j->facts->go;
	struct ct_record r = ct_record_new();

	(void)index;
	add_count(&r, "runnable", go->n_runnable);
	add_count(&r, "idle_processors", go->n_idle_processors);
	add_count(&r, "idle_threads", go->n_idle_threads);
	add_count(&r, "spinning", go->n_spinning);
	ct_record_bool(&r, "stopping", go->stopping);
	json_t *processors = ct_record_list(&r, "processors");
	for (uint32_t i = 0; i < go->n_processors; i++)
		ct_record_push(&r, processors, json_processor(j, &go->processors[i]));
	json_t *threads = ct_record_list(&r, "threads");
	for (uint32_t i = 0; i < go->n_threads; i++)
		ct_record_push(&r, threads, json_thread(j, &go->threads[i]));
	return ct_record_done(&r);
}
