/* SPDX-License-Identifier: Apache-2.0 */
/* Actors with what they wait for and what they hold. */
#include <inttypes.h>

#include "report/json.h"
#include "report/record.h"
#include "rules/contexts.h"
#include "rules/other_side.h"
#include "rules/words.h"

json_t *ct_json_actor_id(const struct ct_json *j, uint32_t actor)
{
	const struct ct_actor *a = &j->facts->actors[actor];
	char kind = a->kind == CT_ACTOR_GOROUTINE ? 'g' : 't';

	/* The process has forgotten the number of a thread that has exited: its object tells it
	 * from others. */
	if (!a->id && a->object)
		return json_sprintf("%c:0@0x%" PRIx64, kind, a->object);
	return json_sprintf("%c:%" PRIu64, kind, a->id);
}

json_t *ct_json_resource_id(const struct ct_json *j, uint32_t resource)
{
	const struct ct_resource *r = &j->facts->resources[resource];

	if (j->twins[resource])
		return json_sprintf("r:0x%" PRIx64 "@%s", r->address, r->kind);
	return json_sprintf("r:0x%" PRIx64, r->address);
}

static json_t *json_call(const struct ct_actor_call *call)
{
	struct ct_record r = ct_record_new();

	ct_record_int(&r, "number", call->number);
	ct_record_text(&r, "name", call->name);
	ct_record_text(&r, "text", call->text);
	return ct_record_done(&r);
}

/* An empty list says that certainly nobody holds it; no list, that we do not know. */
static void add_holders(const struct ct_json *j, struct ct_record *r, const struct ct_wait *wait)
{
	const struct ct_resource *res = &j->facts->resources[wait->resource];
	const uint32_t *holds = &j->facts->holds_by_resource[res->first_hold];
	json_t *on = res->holders == CT_HOLDERS_UNKNOWN ? NULL : ct_record_list(r, "on");

	for (uint32_t i = 0; i < res->n_holds; i++) {
		const struct ct_hold *hold = &j->facts->holds[holds[i]];

		if (!ct_hold_blocks(wait, hold))
			continue;
		on = on ? on : ct_record_list(r, "on");
		ct_record_push(r, on, ct_json_actor_id(j, hold->actor));
	}
}

static void add_peers(const struct ct_json *j, struct ct_record *r, const struct ct_wait *wait)
{
	if (!wait->n_peers)
		return;
	json_t *peers = ct_record_list(r, "peers");
	for (uint32_t i = 0; i < wait->n_peers; i++)
		ct_record_push(
			r, peers, ct_json_actor_id(j, j->facts->peers[wait->first_peer + i].actor));
	if (wait->others)
		ct_record_bool(r, "others", true);
}

/* What one will do, and where that stands in the source. */
static void add_deed(const struct ct_json *j, struct ct_record *r, const struct ct_deed *deed)
{
	const struct ct_site *site = deed->site != CT_NONE ? &j->facts->sites[deed->site] : NULL;
	const struct ct_line *line = site ? ct_own_line(site) : NULL;

	ct_record_text(r, "will", ct_deed_name(deed->kind));
	ct_record_bool(r, "sure", deed->sure);
	ct_record_bool(r, "deferred", deed->deferred);
	if (!line || !line->file)
		return;
	ct_record_text(r, "function", line->function);
	ct_record_text(r, "file", line->file);
	ct_record_int(r, "line", line->line);
}

/* Those of whom more is known than that they would end it; of who holds it the hold tells. */
static void add_wakers(const struct ct_json *j, struct ct_record *r, const struct ct_wait *wait)
{
	struct ct_doer list[CT_MAX_DOERS];
	json_t *wakers = NULL;
	uint32_t n;

	(void)ct_list_doers(j->facts, wait, list, &n);
	for (uint32_t i = 0; i < n; i++) {
		if (!list[i].deed.kind || list[i].holds)
			continue;
		struct ct_record waker = ct_record_new();
		if (!wakers)
			wakers = ct_record_list(r, "wakers");
		ct_record_add(&waker, "actor", ct_json_actor_id(j, list[i].actor));
		add_deed(j, &waker, &list[i].deed);
		ct_record_bool(&waker, "blocked", ct_is_blocked(j->facts, list[i].actor));
		ct_record_text(&waker, "trust", ct_trust_name(list[i].trust));
		ct_record_text(&waker, "why", list[i].why);
		ct_record_push(r, wakers, ct_record_done(&waker));
	}
}

/* Of a wait for I/O: the number of the file, and what is to be done with it. */
static void add_file(const struct ct_json *j, struct ct_record *r, const struct ct_wait *wait)
{
	const struct ct_value *fd =
		wait->kind == CT_WAIT_IO && wait->resource != CT_NONE
			? ct_resource_value(&j->facts->resources[wait->resource], "fd")
			: NULL;

	if (fd)
		ct_record_int(r, "fd", fd->number);
	if (wait->mode)
		ct_record_text(r, "mode", wait->mode == CT_MODE_WRITE ? "write" : "read");
}

/* The context whose Done() it waits at. */
static void add_done(const struct ct_json *j, struct ct_record *r, const struct ct_wait *wait)
{
	uint32_t context = ct_context_of_done(j->facts, wait->resource), whose = context;

	if (context == CT_NONE)
		return;
	const struct ct_fact_go_contexts *c = j->facts->go_contexts;
	const struct ct_go_context *x = &c->contexts[context];
	int64_t in = ct_context_ends_in(c, context, &whose);
	struct ct_record done = ct_record_new();
	ct_record_hex(&done, "address", x->address);
	ct_record_text(&done, "kind", ct_context_kind_name((enum ct_context_kind)x->kind));
	ct_record_text(&done, "go_type", x->type);
	ct_record_text(&done, "err", x->err);
	if (in) {
		ct_record_int(&done, "ends_in_ns", in);
		ct_record_hex(&done, "ended_by", c->contexts[whose].address);
	}
	ct_record_add(r, "done_of", ct_record_done(&done));
}

static json_t *json_wait(const struct ct_json *j, const struct ct_wait *wait)
{
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "kind", ct_wait_kind_name(wait->kind));
	if (wait->resource != CT_NONE) {
		ct_record_add(&r, "resource", ct_json_resource_id(j, wait->resource));
		add_holders(j, &r, wait);
	}
	add_peers(j, &r, wait);
	add_wakers(j, &r, wait);
	ct_json_add_owner_gone(&r, wait->owner_gone);
	add_file(j, &r, wait);
	add_done(j, &r, wait);
	ct_record_bool(&r, "any_of", wait->any_of);
	ct_record_bool(&r, "timed", wait->timed);
	if (wait->never)
		ct_record_bool(&r, "never", true);
	if (wait->has_since)
		ct_record_int(&r, "since_ns", (int64_t)wait->since_ns);
	ct_record_text(&r, "trust", ct_trust_name(wait->trust));
	ct_record_text(&r, "why", wait->why);
	return ct_record_done(&r);
}

static void add_waits(const struct ct_json *j, struct ct_record *r, const struct ct_actor *actor)
{
	if (!actor->n_waits)
		return;
	json_t *waits = ct_record_list(r, "waits");
	for (uint32_t i = 0; i < actor->n_waits; i++)
		ct_record_push(r, waits, json_wait(j, &j->facts->waits[actor->first_wait + i]));
}

static json_t *json_hold(const struct ct_json *j, const struct ct_hold *hold)
{
	struct ct_record r = ct_record_new();

	ct_record_add(&r, "resource", ct_json_resource_id(j, hold->resource));
	ct_record_text(&r, "mode", hold->mode == CT_HOLD_SHARED ? "shared" : "exclusive");
	ct_record_text(&r, "trust", ct_trust_name(hold->trust));
	ct_record_text(&r, "why", hold->why);
	ct_json_add_frame(j, &r, "took_frame", hold->actor, hold->took_frame);
	if (hold->deed.kind) {
		struct ct_record release = ct_record_new();

		add_deed(j, &release, &hold->deed);
		ct_record_add(&r, "release", ct_record_done(&release));
	}
	return ct_record_done(&r);
}

/* That a thread "holds" what joins it is a device of the graph, not a lock that it took. */
static void add_holds(const struct ct_json *j, struct ct_record *r, const struct ct_actor *actor)
{
	json_t *holds = NULL;

	for (uint32_t i = 0; i < actor->n_holds; i++) {
		const struct ct_hold *hold =
			&j->facts->holds[j->facts->holds_by_actor[actor->first_hold + i]];

		if (j->facts->resources[hold->resource].is_actor)
			continue;
		if (!holds)
			holds = ct_record_list(r, "holds");
		ct_record_push(r, holds, json_hold(j, hold));
	}
}

static void add_place(const struct ct_json *j, struct ct_record *r, const struct ct_actor *actor)
{
	if (actor->stack != CT_NONE && (j->document->sections & CT_JSON_STACKS))
		ct_record_int(r, "stack", actor->stack);
	if (actor->start_site != CT_NONE)
		ct_record_text(r, "start", j->facts->sites[actor->start_site].function);
}

static const char *confidence_of(const struct ct_json *j, enum ct_trust trust)
{
	if (trust == CT_TRUST_GUESS)
		return ct_confidence_name(CT_POSSIBLE);
	return ct_confidence_name(
		trust == CT_TRUST_INFERRED || !j->facts->target.still ? CT_LIKELY : CT_PROVEN);
}

json_t *ct_json_actor(const struct ct_json *j, uint32_t index)
{
	const struct ct_actor *actor = &j->facts->actors[index];
	const struct ct_graph *graph = j->document->graph;
	struct ct_record r = ct_record_new();
	struct ct_arena words = {0};

	ct_record_add(&r, "id", ct_json_actor_id(j, index));
	if (actor->lwp && actor->lwp != actor->id)
		ct_record_int(&r, "lwp", (int64_t)actor->lwp);
	ct_record_text(&r, "kind", actor->kind == CT_ACTOR_GOROUTINE ? "goroutine" : "thread");
	ct_record_text(&r, "name", actor->name);
	ct_record_text(&r, "state", ct_actor_state_name(actor->state));
	ct_record_bool(&r, "system", actor->system);
	if (actor->carrier != CT_NONE)
		ct_record_add(&r, "carrier", ct_json_actor_id(j, actor->carrier));
	if (actor->runs != CT_NONE && ct_json_names_actor(j, actor->runs))
		ct_record_add(&r, "runs", ct_json_actor_id(j, actor->runs));
	if (actor->kind == CT_ACTOR_GOROUTINE)
		ct_json_add_goroutine(j, &r, index);
	if (ct_actor_call(actor))
		ct_record_add(&r, "syscall", json_call(ct_actor_call(actor)));
	add_waits(j, &r, actor);
	ct_record_text(&r, "other_side", ct_say_other_side(&words, j->facts, index));
	ct_arena_free(&words);
	add_holds(j, &r, actor);
	if (actor->n_waits && graph && graph->root[index] != CT_NONE)
		ct_record_add(&r, "root", ct_json_actor_id(j, graph->root[index]));
	ct_record_text(&r, "end", ct_actor_end(actor));
	if (graph && graph->orphan[index] != CT_NO_ORPHAN)
		ct_record_text(&r, "orphan", confidence_of(j, graph->orphan[index]));
	add_place(j, &r, actor);
	return ct_record_done(&r);
}
