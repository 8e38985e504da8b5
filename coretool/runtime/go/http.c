/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who waits for an HTTP server to shut down, and the connections that it waits for (net/http,
 * server.go): those whose state is active, and which no handler has taken over.
 */
#include "base/vec.h"
#include "runtime/go/services.h"
#include "runtime/go/types.h"

#define MAX_SHUTDOWNS 64
#define MAX_SERVERS   256 /* words of one stack that may be the server */
#define STATE_MASK    0xff
#define STATE_ACTIVE  1 /* http.StateActive */

struct serving {
	uint32_t actor;
	uint64_t server; /* of its connection, which is active */
};

struct reader {
	const struct ct_go_services *services;
	struct ct_go_observation *o;
	struct ct_go_world *world;
	uint64_t size;                 /* of a connection; 0: there is none */
	uint32_t server, state, taken; /* offsets in it */
	uint64_t found;                /* the connection of the stack at hand */
	uint64_t words[MAX_SERVERS];   /* of the stack at hand */
	uint32_t n_words;
	CT_VEC(struct serving) serving; /* by server, once all are there */
};

static bool read_layout(struct reader *r)
{
	const struct ct_go *go = r->o->go;
	uint64_t type = ct_go_type_made_by(go, "net/http.(*Server).newConn", "http.conn");
	const struct ct_go_wanted_member members[] = {
		{"server", &r->server}, {"curState", &r->state}, {"hijackedv", &r->taken}};
	struct ct_go_type t;

	if (!type)
		type = ct_go_type_made_by(go, "net/http.(*Server).Serve", "http.conn");
	if (!type || ct_go_type_at(go, type, &t) ||
		!ct_go_type_offsets(go, type, members, CT_COUNT(members)))
		return false;
	r->size = t.size;
	return true;
}

/* ---- connections ---- */

static bool is_frame_of(const struct ct_go_root *root, const char *function)
{
	return root->frame && !root->guessed && !strcmp(root->frame, function);
}

/* The receiver of serve() is the first object of that size that it has. */
static void look_for_connection(void *arg, const struct ct_go_root *root)
{
	struct reader *r = arg;
	struct ct_go_object object;

	if (r->found || !is_frame_of(root, "net/http.(*conn).serve") ||
		!ct_go_object_at(r->world->heap, root->value, &object) ||
		object.start != root->value || object.span->elemsize < r->size ||
		object.span->elemsize - r->size > r->size / 4 + 16)
		return;
	r->found = root->value;
}

static bool visit_stack(struct reader *r, uint32_t actor, ct_go_root_visit *visit)
{
	struct ct_go_g g;

	return !ct_go_goroutine_at(r->o->go, ct_sink_get_actor(r->o->sink, actor)->object, &g) &&
	       !ct_go_roots_goroutine(&r->world->stacks, &g, visit, r);
}

/* False: no memory. */
static bool add_serving(struct reader *r, uint32_t actor)
{
	uint64_t server = 0, state = 0;
	uint8_t taken = 1;

	r->found = 0;
	if (!visit_stack(r, actor, look_for_connection) || !r->found ||
		ct_read_u64(r->o->target, r->found + r->server, &server) || !server ||
		ct_read_u64(r->o->target, r->found + r->state, &state) ||
		ct_read(r->o->target, r->found + r->taken, &taken, 1) || taken ||
		(state & STATE_MASK) != STATE_ACTIVE)
		return true;
	struct serving *slot = ct_vec_push(&r->serving);
	if (slot)
		*slot = (struct serving){actor, server};
	return slot != NULL;
}

/* ---- servers ---- */

static void look_for_server(void *arg, const struct ct_go_root *root)
{
	struct reader *r = arg;

	if (is_frame_of(root, "net/http.(*Server).Shutdown") && r->n_words < MAX_SERVERS)
		r->words[r->n_words++] = root->value;
}

static int by_server(const void *a, const void *b)
{
	const struct serving *x = a, *y = b;

	if (x->server != y->server)
		return x->server > y->server ? 1 : -1;
	return x->actor > y->actor ? 1 : -1;
}

/* The first of those that serve it; r->serving.n: none does. */
static uint32_t first_of(const struct reader *r, uint64_t server)
{
	uint32_t low = 0, high = r->serving.n;

	CT_BISECT(low, high, middle, r->serving.items[middle].server < server);
	return low < r->serving.n && r->serving.items[low].server == server ? low : r->serving.n;
}

/* Of the server that a word of the stack points to, and that connections name. */
static uint32_t first_handler(struct reader *r, uint32_t actor)
{
	uint32_t first = r->serving.n;

	r->n_words = 0;
	if (visit_stack(r, actor, look_for_server))
		for (uint32_t i = 0; i < r->n_words && first == r->serving.n; i++)
			first = first_of(r, r->words[i]);
	return first;
}

static enum ct_status add_handlers(struct reader *r, struct ct_go_shutdown *ret)
{
	const struct serving *serving = r->serving.items;
	uint32_t first = first_handler(r, ret->actor), end = first;

	if (first == r->serving.n)
		return CT_OK;
	ret->address = serving[first].server;
	while (end < r->serving.n && serving[end].server == ret->address)
		end++;
	uint32_t *handlers =
		ct_arena_new_array(ct_sink_arena(r->o->sink), (size_t)(end - first), uint32_t);
	if (!handlers)
		return CT_NO_MEMORY;
	while (first < end)
		handlers[ret->n_handlers++] = serving[first++].actor;
	ret->handlers = handlers;
	return CT_OK;
}

static enum ct_status read_all(struct reader *r, struct ct_fact_go_services *fact)
{
	struct ct_arena *arena = ct_sink_arena(r->o->sink);
	struct ct_go_shutdown *list =
		ct_arena_new_array(arena, MAX_SHUTDOWNS, struct ct_go_shutdown);
	bool has_layout = read_layout(r), ok = list != NULL;
	enum ct_status status = CT_OK;

	for (uint32_t i = 0; ok && has_layout && i < r->o->n; i++)
		if (ct_go_service_of(r->services, r->o->first + i) & CT_GO_IN_HTTP_SERVE)
			ok = add_serving(r, r->o->first + i);
	if (r->serving.n)
		qsort(r->serving.items, r->serving.n, sizeof(*r->serving.items), by_server);
	for (uint32_t i = 0; ok && !status && i < r->o->n && fact->n_shutdowns < MAX_SHUTDOWNS;
		i++) {
		uint8_t in = ct_go_service_of(r->services, r->o->first + i);

		if (!(in & (CT_GO_IN_HTTP_SHUTDOWN | CT_GO_IN_SQL_CLOSE)))
			continue;
		struct ct_go_shutdown *slot = &list[fact->n_shutdowns++];
		*slot = (struct ct_go_shutdown){.actor = r->o->first + i,
			.closing = in & CT_GO_IN_HTTP_SHUTDOWN ? CT_GO_SERVER_SHUTDOWN
							       : CT_GO_DB_CLOSE};
		if (slot->closing == CT_GO_SERVER_SHUTDOWN)
			status = add_handlers(r, slot);
	}
	fact->shutdowns = list;
	return ok ? status : CT_NO_MEMORY;
}

enum ct_status ct_go_observe_shutdowns(
	const struct ct_go_services *services, struct ct_fact_go_services *fact)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		return CT_NO_MEMORY;
	r->services = services;
	r->o = services->o;
	enum ct_status status = ct_go_world(r->o, &r->world);
	if (!status)
		status = read_all(r, fact);
	ct_vec_free(&r->serving);
	free(r);
	return status == CT_NO_MEMORY ? status : CT_OK;
}
