/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of a million goroutines few have a record of their own: those that a finding, a cycle or another
 * record names, and who is named by these. The others are in groups. What only the latter wait for
 * has no record either.
 */
#include "base/vec.h"
#include "facts/crash.h"
#include "facts/go.h"
#include "facts/panic.h"
#include "report/json.h"

struct naming {
	struct ct_json *j;
	const struct ct_facts *facts;
	CT_VEC(uint32_t) todo; /* named, and whom they name is not looked at yet */
	bool failed;
};

static void name_actor(struct naming *n, uint32_t actor)
{
	if (actor == CT_NONE || n->j->named_actors[actor])
		return;
	n->j->named_actors[actor] = true;
	uint32_t *slot = ct_vec_push(&n->todo);
	if (slot)
		*slot = actor;
	n->failed |= !slot;
}

/* And who holds it. */
static void name_resource(struct naming *n, uint32_t resource)
{
	if (resource == CT_NONE || n->j->named_resources[resource])
		return;
	const struct ct_resource *r = &n->facts->resources[resource];
	n->j->named_resources[resource] = true;
	for (uint32_t i = 0; i < r->n_holds; i++)
		name_actor(
			n, n->facts->holds[n->facts->holds_by_resource[r->first_hold + i]].actor);
}

static void name_by_finding(struct naming *n, const struct ct_finding *f)
{
	for (uint32_t i = 0; i < f->n_actors; i++)
		name_actor(n, f->actors[i]);
	for (uint32_t i = 0; i < f->n_resources; i++)
		name_resource(n, f->resources[i]);
	for (uint32_t i = 0; i < f->n_steps; i++) {
		name_actor(n, f->steps[i].actor);
		name_resource(n, f->steps[i].resource);
	}
}

static void name_by_cycle(struct naming *n, const struct ct_cycle *cycle)
{
	for (uint32_t i = 0; i < cycle->n_edges; i++) {
		name_actor(n, cycle->edges[i].waiter);
		name_actor(n, cycle->edges[i].holder);
		name_resource(n, n->facts->waits[cycle->edges[i].wait].resource);
	}
}

static void name_by_scheduler(struct naming *n, const struct ct_fact_go *go)
{
	for (uint32_t i = 0; i < go->n_processors; i++)
		name_actor(n, go->processors[i].next);
	for (uint32_t i = 0; i < go->n_threads; i++) {
		name_actor(n, go->threads[i].runs);
		name_actor(n, go->threads[i].locked);
	}
}

static void name_by_timers(struct naming *n, const struct ct_timer_groups *timers)
{
	uint32_t actors[CT_JSON_WAITERS];

	for (uint32_t i = 0; i < timers->n; i++) {
		uint32_t found =
			ct_timer_waiters(n->facts, &timers->groups[i], actors, CT_JSON_WAITERS);

		for (uint32_t k = 0; k < CT_MIN(found, (uint32_t)CT_JSON_WAITERS); k++)
			name_actor(n, actors[k]);
		for (uint32_t k = 0;
			k < CT_MIN(timers->groups[i].n_keepers, (uint32_t)CT_JSON_WAITERS); k++)
			name_actor(n, timers->groups[i].keepers[k]);
	}
}

static void name_by_document(struct naming *n)
{
	const struct ct_document *document = n->j->document;
	const struct ct_graph *graph = document->graph;

	const struct ct_selection *selection = &document->selection;

	/* Threads without what was chosen are not what was asked for. */
	for (uint32_t i = 0; i < n->facts->n_actors; i++)
		if (n->facts->actors[i].kind == CT_ACTOR_THREAD
				? !selection->skip
				: selection->full && !selection->skip[i])
			name_actor(n, i);
	for (uint32_t i = 0; i < n->facts->n_resources; i++)
		if (strncmp(n->facts->resources[i].kind, "go_", 3) != 0)
			name_resource(n, i);
	for (uint32_t i = 0; i < document->n_findings; i++)
		name_by_finding(n, &document->findings[i]);
	for (uint32_t i = 0; graph && i < graph->n_cycles; i++)
		name_by_cycle(n, &graph->cycles[i]);
	if (n->facts->target.signal.number)
		name_actor(n, n->facts->target.signal.actor);
	if (n->facts->crash)
		name_actor(n, n->facts->crash->actor);
	for (uint32_t i = 0; i < n->facts->n_panics; i++) {
		name_actor(n, n->facts->panics[i].actor);
		name_resource(n, n->facts->panics[i].resource);
	}
	if (n->facts->go && (document->sections & CT_SECTION_SCHED))
		name_by_scheduler(n, n->facts->go);
	name_by_timers(n, &n->j->timers);
	/* The rules that tell of them may be off. */
	for (uint32_t i = 0; n->j->leaks.n && i < n->facts->go->n_leaks; i++)
		name_actor(n, n->facts->go->leaks[i].actor);
}

/* Whom the record of an actor names. */
static void name_by_actor(struct naming *n, uint32_t actor)
{
	const struct ct_actor *a = &n->facts->actors[actor];
	const struct ct_graph *graph = n->j->document->graph;

	name_actor(n, a->carrier);
	name_actor(n, a->runs);
	if (graph && a->n_waits)
		name_actor(n, graph->root[actor]);
	for (uint32_t i = 0; i < a->n_waits; i++) {
		const struct ct_wait *wait = &n->facts->waits[a->first_wait + i];

		name_resource(n, wait->resource);
		for (uint32_t k = 0; k < wait->n_peers; k++)
			name_actor(n, n->facts->peers[wait->first_peer + k].actor);
	}
	for (uint32_t i = 0; i < a->n_holds; i++)
		name_resource(
			n, n->facts->holds[n->facts->holds_by_actor[a->first_hold + i]].resource);
}

/* A goroutine that the asker does not want to see is in no group. */
static enum ct_status make_groups(struct ct_json *j)
{
	const struct ct_selection *selection = &j->document->selection;
	ct_autofree bool *skip = calloc((size_t)j->facts->n_actors + 1, sizeof(*skip));

	if (!skip)
		return CT_NO_MEMORY;
	for (uint32_t i = 0; i < j->facts->n_actors; i++)
		skip[i] = j->named_actors[i] || (selection->skip && selection->skip[i]);
	return ct_groups_make(j->facts, skip, ct_group_goroutines(selection->by), &j->groups);
}

static enum ct_status name_all(struct ct_json *j)
{
	struct naming n = {.j = j, .facts = j->facts};

	name_by_document(&n);
	for (uint32_t i = 0; i < n.todo.n && !n.failed; i++)
		name_by_actor(&n, n.todo.items[i]);
	ct_vec_free(&n.todo);
	return n.failed ? CT_NO_MEMORY : make_groups(j);
}

enum ct_status ct_json_name(struct ct_json *j)
{
	const struct ct_document *document = j->document;

	if (!document->summary.n_goroutines ||
		(document->selection.full && !document->selection.skip) ||
		!(document->sections & CT_JSON_GROUPED))
		return CT_OK;
	j->named_actors = calloc((size_t)j->facts->n_actors + 1, sizeof(*j->named_actors));
	j->named_resources = calloc((size_t)j->facts->n_resources + 1, sizeof(*j->named_resources));
	return j->named_actors && j->named_resources ? name_all(j) : CT_NO_MEMORY;
}

bool ct_json_names_actor(const struct ct_json *j, uint32_t index)
{
	return !j->named_actors || j->named_actors[index];
}

bool ct_json_names_resource(const struct ct_json *j, uint32_t index)
{
	return !j->named_resources || j->named_resources[index];
}
