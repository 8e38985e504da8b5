/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/requests.h"

#include "runtime/go/services.h"
#include "runtime/go/types.h"

#define MAX_ABOVE    64  /* contexts, one derived from the other */
#define MAX_CLOSURE  512 /* bytes of a closure that are looked at */
#define MAX_KEY_NAME 16

enum { /* what a context is to an HTTP server */
	ROLE_UNKNOWN,
	ROLE_NONE,
	ROLE_CONNECTION,
	ROLE_REQUEST,
};

struct search {
	struct ct_go_observation *o;
	struct ct_go_world *world;
	struct ct_go_contexts *contexts;
	struct ct_go_outlived_list *ret;
	struct ct_go_services services;
	uint8_t *role;       /* per context */
	bool *served;        /* per context of a connection: a goroutine serves it yet */
	bool all_known;      /* of all goroutines that serve it is known which one */
	uint64_t size;       /* of an http.Request; 0: no such type is there */
	uint32_t context_at; /* offsets in it */
	uint32_t uri_at;
	struct ct_go_outlived found;
	bool has;
};

static uint8_t kind_of(const struct ct_go_contexts *c, uint32_t i)
{
	return c->types.list.items[c->list.items[i].type].kind;
}

/* Is it the value that a server puts above the contexts of a connection? */
static bool is_local_address(const struct search *s, uint32_t i)
{
	const struct ct_go_found_context *x = &s->contexts->list.items[i];
	const struct ct_go_context_type *t = &s->contexts->types.list.items[x->type];
	char name[MAX_KEY_NAME];
	struct ct_go_type type;
	uint64_t words[2];

	return t->kind == CT_CONTEXT_VALUE && t->key != CT_GO_ABSENT &&
	       !ct_read(s->o->target, x->at + t->key, words, sizeof(words)) &&
	       !ct_go_type_at(s->o->go, words[0], &type) &&
	       !strcmp(type.name, "*http.contextKey") &&
	       ct_go_string(s->o->target, words[1], name, sizeof(name)) &&
	       !strcmp(name, "local-addr");
}

/* The one that serve() derives from the value. */
static bool is_connection(const struct search *s, uint32_t i)
{
	uint32_t parent = s->contexts->list.items[i].parent;

	return kind_of(s->contexts, i) == CT_CONTEXT_CANCEL && parent != CT_NONE &&
	       is_local_address(s, parent);
}

/* From that of the connection readRequest() derives that of the request. */
static uint8_t role_of(struct search *s, uint32_t i)
{
	uint32_t parent = s->contexts->list.items[i].parent;

	if (s->role[i])
		return s->role[i];
	s->role[i] = ROLE_NONE;
	if (is_connection(s, i))
		s->role[i] = ROLE_CONNECTION;
	else if (kind_of(s->contexts, i) == CT_CONTEXT_CANCEL && parent != CT_NONE &&
		 is_connection(s, parent))
		s->role[i] = ROLE_REQUEST;
	return s->role[i];
}

/* The context of the request that this one is derived from, and whose end it shares; CT_NONE. */
static uint32_t request_of(struct search *s, uint32_t i)
{
	for (unsigned n = 0; i != CT_NONE && n < MAX_ABOVE; n++) {
		uint8_t kind = kind_of(s->contexts, i);

		/* What another type makes of its parent's end is not known. */
		if (kind == CT_CONTEXT_WITHOUT_CANCEL || kind == CT_CONTEXT_OTHER)
			return CT_NONE;
		if (role_of(s, i) == ROLE_REQUEST)
			return i;
		i = s->contexts->list.items[i].parent;
	}
	return CT_NONE;
}

/* The handler's return alone cancels the request and not the connection. Else nobody may serve the
 * connection any more. */
static bool is_over(const struct search *s, uint32_t request)
{
	const struct ct_go_found_context *x = &s->contexts->list.items[request];

	if (!x->cancelled)
		return false;
	return !s->contexts->list.items[x->parent].cancelled ||
	       (s->all_known && !s->served[x->parent]);
}

/* Which connections goroutines serve. */
static enum ct_status find_served(struct search *s, const struct ct_go_uses *uses)
{
	struct ct_go_observation *o = s->o;
	ct_autofree bool *known = calloc((size_t)o->n + 1, sizeof(*known));

	if (!known)
		return CT_NO_MEMORY;
	for (uint32_t i = 0; i < uses->list.n; i++) {
		const struct ct_go_context_use *use = &uses->list.items[i];

		if (!(ct_go_service_of(&s->services, use->actor) & CT_GO_IN_HTTP_SERVE) ||
			role_of(s, use->context) != ROLE_CONNECTION)
			continue;
		known[use->actor - o->first] = true;
		s->served[use->context] = true;
	}
	s->all_known = !ct_go_misses(o);
	for (uint32_t i = 0; i < o->n; i++)
		s->all_known &= known[i] || !(ct_go_service_of(&s->services, o->first + i) &
						    CT_GO_IN_HTTP_SERVE);
	return CT_OK;
}

/* ---- who has one ---- */

static void add(struct search *s, uint32_t context, uint64_t request, bool closure)
{
	uint32_t of = context == CT_NONE ? CT_NONE : request_of(s, context);

	if (of == CT_NONE || !is_over(s, of))
		return;
	/* What is nearest counts, but a request says more than a context. */
	if (s->has && (s->found.request || !request))
		return;
	s->has = true;
	s->found.request = request;
	s->found.context = of;
	s->found.closure = closure;
}

/* The context of an http.Request that begins there; CT_NONE: there is none. */
static uint32_t context_of_request(struct search *s, uint64_t at)
{
	struct ct_go_object object;
	uint64_t words[2];

	if (!s->size || !ct_go_object_at(s->world->heap, at, &object) || object.start != at ||
		object.span->elemsize < s->size ||
		object.span->elemsize - s->size > s->size / 4 + 16 ||
		!ct_go_heap_read(s->world->heap, at + s->context_at, words, sizeof(words)) ||
		ct_go_context_type_of(&s->contexts->types, words[0], NULL) == CT_NONE)
		return CT_NONE;
	return ct_go_context_at(s->contexts, words[1]);
}

/* Only a server's has the line that it came with; a client's may have the same context. */
static bool is_served(const struct search *s, uint64_t request)
{
	uint64_t text[2];

	return ct_go_heap_read(s->world->heap, request + s->uri_at, text, sizeof(text)) && text[1];
}

static void look_at_word(struct search *s, uint64_t value, bool closure)
{
	uint32_t context = context_of_request(s, value);

	if (context != CT_NONE)
		add(s, context, is_served(s, value) ? value : 0, closure);
	else
		add(s, ct_go_context_at(s->contexts, value), 0, closure);
}

/* A closure begins with its function. */
static void look_into_closure(struct search *s, uint64_t at)
{
	uint64_t words[MAX_CLOSURE / 8];
	struct ct_go_function function;
	struct ct_go_object object;
	size_t n;

	if (!ct_go_object_at(s->world->heap, at, &object) || object.start != at ||
		object.span->map == CT_GO_MAP_NONE || object.span->elemsize > MAX_CLOSURE)
		return;
	n = (size_t)object.span->elemsize / 8;
	if (!ct_go_heap_read(s->world->heap, at, words, n * 8) ||
		!ct_go_function_at(&s->o->go->tables, words[0], &function) ||
		function.entry != words[0])
		return;
	for (size_t i = 1; i < n; i++)
		look_at_word(s, words[i], true);
}

static void look_at(void *arg, const struct ct_go_root *root)
{
	struct search *s = arg;
	bool had = s->has && s->found.request;

	if (root->guessed || had)
		return;
	look_at_word(s, root->value, false);
	if (!s->has)
		look_into_closure(s, root->value);
	if (s->has && s->found.frame == CT_NONE && root->pc)
		s->found.frame = ct_go_frame_of(s->o, s->found.actor, root->pc);
}

/* One that a package of the standard library began for itself ends with the request, or has a
 * request of a client. */
static bool is_own(const struct ct_go_observation *o, uint32_t actor)
{
	static const char *const packages[] = {"net/http", "context.", "database/sql."};
	uint32_t site = ct_sink_get_actor(o->sink, actor)->start_site;
	const char *name = site == CT_NONE ? NULL : ct_sink_get_site(o->sink, site)->function;

	for (size_t i = 0; name && i < CT_COUNT(packages); i++)
		if (!strncmp(name, packages[i], strlen(packages[i])))
			return true;
	return false;
}

static enum ct_status search_stacks(struct search *s)
{
	struct ct_go_observation *o = s->o;
	enum ct_status status = CT_OK;

	for (uint32_t i = 0; status != CT_NO_MEMORY && i < o->n; i++) {
		const struct ct_actor *actor = ct_sink_get_actor(o->sink, o->first + i);
		struct ct_go_g g;

		if (actor->system || actor->state != CT_STATE_WAITING ||
			ct_go_service_of(&s->services, o->first + i) & CT_GO_IN_HTTP_SERVE ||
			is_own(o, o->first + i) || ct_go_goroutine_at(o->go, actor->object, &g))
			continue;
		s->has = false;
		s->found = (struct ct_go_outlived){.actor = o->first + i, .frame = CT_NONE};
		status = ct_go_roots_goroutine(&s->world->stacks, &g, look_at, s);
		struct ct_go_outlived *slot = !status && s->has ? ct_vec_push(&s->ret->list) : NULL;
		if (slot)
			*slot = s->found;
		else if (!status && s->has)
			status = CT_NO_MEMORY;
	}
	return status == CT_NO_MEMORY ? status : CT_OK;
}

static void read_layout(struct search *s)
{
	const struct ct_go *go = s->o->go;
	uint64_t type = ct_go_type_made_by(go, "net/http.readRequestLimit", "http.Request");
	const struct ct_go_wanted_member members[] = {
		{"ctx", &s->context_at}, {"RequestURI", &s->uri_at}};
	struct ct_go_type t;

	if (!type) /* up to 1.26 */
		type = ct_go_type_made_by(go, "net/http.readRequest", "http.Request");
	if (type && !ct_go_type_at(go, type, &t) &&
		ct_go_type_offsets(go, type, members, CT_COUNT(members)))
		s->size = t.size;
}

/* Is there a request that is over? Most programs have none. */
static bool has_request(struct search *s)
{
	for (uint32_t i = 0; i < s->contexts->list.n; i++)
		if (s->contexts->list.items[i].cancelled && role_of(s, i) == ROLE_REQUEST)
			return true;
	return false;
}

enum ct_status ct_go_outlived_find(struct ct_go_observation *o, struct ct_go_world *world,
	struct ct_go_contexts *contexts, const struct ct_go_uses *uses,
	struct ct_go_outlived_list *ret)
{
	struct search s = {.o = o, .world = world, .contexts = contexts, .ret = ret};
	uint32_t n = contexts->list.n;
	uint8_t all = 0;
	enum ct_status status = CT_OK;

	s.role = calloc((size_t)n + 1, sizeof(*s.role));
	s.served = calloc((size_t)n + 1, sizeof(*s.served));
	if (!s.role || !s.served)
		status = CT_NO_MEMORY;
	else if (has_request(&s)) {
		read_layout(&s);
		status = ct_go_services_find(o, &s.services, &all);
		if (!status)
			status = find_served(&s, uses);
		if (!status)
			status = search_stacks(&s);
	}
	free(s.services.in);
	free(s.role);
	free(s.served);
	return status;
}

/* ---- what they keep alive ---- */

struct others {
	struct ct_go_mark *mark;
	struct ct_hash goids;
	const uint64_t *list;
};

static bool is_one(const struct others *others, uint64_t goid)
{
	struct ct_hash_it it = ct_hash_find(&others->goids, ct_hash_u64(goid));
	uint32_t i;

	while (goid && ct_hash_next(&others->goids, &it, &i))
		if (others->list[i] == goid)
			return true;
	return false;
}

static void mark_other(void *arg, const struct ct_go_root *root)
{
	const struct others *others = arg;

	if (!is_one(others, root->goid))
		ct_go_mark_root(others->mark, root->value);
}

enum ct_status ct_go_outlived_size(struct ct_go_world *world, struct ct_go_outlived_list *outlived)
{
	uint32_t n = outlived->list.n;
	ct_autofree uint64_t *goids = calloc((size_t)n + 1, sizeof(*goids));
	struct others others = {.list = goids};
	bool ok = goids != NULL;

	for (uint32_t i = 0; ok && i < n; i++) {
		goids[i] = ct_sink_get_actor(world->o->sink, outlived->list.items[i].actor)->id;
		ok = ct_hash_insert(&others.goids, ct_hash_u64(goids[i]), i);
	}
	others.mark = ok && n ? ct_go_mark_new(world->heap, 0) : NULL;
	enum ct_status status = ok && (others.mark || !n) ? CT_OK : CT_NO_MEMORY;
	/* What one sends may be in its request: the channel leads to it by such a record. */
	for (uint32_t i = 0; !status && i < n; i++)
		ct_go_world_hide(world, others.mark, outlived->list.items[i].actor);
	if (!status && n)
		status = ct_go_world_roots(world, mark_other, &others);
	if (!status && n)
		status = ct_go_mark_run(others.mark);
	/* What could not be read may keep it too. */
	outlived->sized = !status && n && ct_go_world_saw_all(world, others.mark);
	for (uint32_t i = 0; outlived->sized && i < n; i++)
		if (outlived->list.items[i].request)
			outlived->list.items[i].bytes =
				ct_go_mark_more(others.mark, outlived->list.items[i].request);
	ct_go_mark_free(others.mark);
	ct_hash_free(&others.goids);
	return status == CT_NO_MEMORY ? status : CT_OK;
}
