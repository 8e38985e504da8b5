/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/sql.h"

#include "runtime/go/contexts.h"
#include "runtime/go/types.h"

struct layout {
	uint64_t db_size, connection_size;
	uint32_t connector, num_open, max_open;           /* of a DB */
	uint32_t db, driver, in_use, closed, last_closed; /* of a connection */
	struct ct_go_sql_type users[CT_GO_N_DB_WITHS];
};

struct reader {
	const struct ct_go_services *services;
	struct ct_go_observation *o;
	struct ct_go_world *world;
	struct layout layout;
	uint64_t interface; /* of driver.Connector, once one was seen */
	uint64_t found;     /* the DB of the stack at hand */
};

/* ---- where fields are ---- */

static uint64_t size_of(const struct ct_go *go, uint64_t type)
{
	struct ct_go_type t;

	return ct_go_type_at(go, type, &t) ? 0 : t.size;
}

/* A type that the program never makes an object of is not there. */
static void read_user(const struct ct_go *go, enum ct_go_db_with with, struct ct_go_sql_type *ret)
{
	static const struct {
		const char *function, *type, *closed;
	} makers[CT_GO_N_DB_WITHS] = {
		[CT_GO_DB_ROWS] = {"database/sql.(*DB).queryDC", "sql.Rows", "closed"},
		[CT_GO_DB_TX] = {"database/sql.(*DB).beginDC", "sql.Tx", "done"},
		[CT_GO_DB_CONN] = {"database/sql.(*DB).Conn", "sql.Conn", "done"},
	};
	uint64_t type = ct_go_type_made_by(go, makers[with].function, makers[with].type);
	const struct ct_go_wanted_member members[] = {
		{"dc", &ret->connection}, {makers[with].closed, &ret->closed}};

	ret->with = with;
	ret->size = type && ct_go_type_offsets(go, type, members, CT_COUNT(members))
			    ? size_of(go, type)
			    : 0;
}

static bool read_layout(const struct ct_go *go, struct layout *ret)
{
	uint64_t db = ct_go_type_made_by(go, "database/sql.OpenDB", "sql.DB");
	uint64_t connection = ct_go_type_made_by(go, "database/sql.(*DB).conn", "sql.driverConn");
	const struct ct_go_wanted_member of_db[] = {{"connector", &ret->connector},
		{"numOpen", &ret->num_open}, {"maxOpen", &ret->max_open}};
	const struct ct_go_wanted_member of_connection[] = {{"db", &ret->db}, {"ci", &ret->driver},
		{"inUse", &ret->in_use}, {"closed", &ret->closed},
		{"finalClosed", &ret->last_closed}};

	if (!db || !connection || !ct_go_type_offsets(go, db, of_db, CT_COUNT(of_db)) ||
		!ct_go_type_offsets(go, connection, of_connection, CT_COUNT(of_connection)))
		return false;
	ret->db_size = size_of(go, db);
	ret->connection_size = size_of(go, connection);
	for (enum ct_go_db_with with = CT_GO_DB_ROWS; with < CT_GO_N_DB_WITHS; with++)
		read_user(go, with, &ret->users[with]);
	return ret->db_size && ret->connection_size;
}

/* ---- DBs ---- */

/* Its first interface is a driver.Connector; nothing else that is so large begins like it. */
static bool is_db(struct reader *r, uint64_t at)
{
	const struct ct_go *go = r->o->go;
	struct ct_go_object object;
	struct ct_go_type type;
	uint64_t table, interface;

	if (!ct_go_object_at(r->world->heap, at, &object) || object.start != at ||
		object.span->elemsize < r->layout.db_size ||
		ct_read_u64(go->target, at + r->layout.connector, &table) || !table ||
		ct_read_u64(go->target, table, &interface))
		return false;
	if (r->interface)
		return interface == r->interface;
	if (ct_go_type_at(go, interface, &type) || type.kind != CT_GO_KIND_INTERFACE ||
		strcmp(type.name, "driver.Connector") != 0)
		return false;
	r->interface = interface;
	return true;
}

/* Roots come from the innermost frame outwards. */
static void look_for_db(void *arg, const struct ct_go_root *root)
{
	struct reader *r = arg;

	if (!r->found && is_db(r, root->value))
		r->found = root->value;
}

/* The DB that an actor waits at; 0: it waits at none. */
static uint64_t db_of(struct reader *r, uint32_t actor)
{
	const struct ct_actor *a = ct_sink_get_actor(r->o->sink, actor);
	struct ct_go_g g;

	r->found = 0;
	if (a->state != CT_STATE_WAITING ||
		!(ct_go_service_of(r->services, actor) & CT_GO_IN_SQL_CONN) ||
		ct_go_goroutine_at(r->o->go, a->object, &g) ||
		ct_go_roots_goroutine(&r->world->stacks, &g, look_for_db, r))
		return 0;
	return r->found;
}

/* ---- its connections ---- */

/* Objects as large as this are in slots that are not much larger. */
static bool may_have(const struct ct_go_span *s, uint64_t size)
{
	return s->map != CT_GO_MAP_NONE && s->class && s->elemsize >= size &&
	       s->elemsize - size <= size / 4 + 16;
}

static void each_object(struct reader *r, struct ct_go_sql_db *db, uint64_t size,
	const struct ct_go_sql_type *type,
	void (*look)(struct reader *r, struct ct_go_sql_db *db, uint64_t at,
		const struct ct_go_sql_type *type))
{
	const struct ct_go_heap *heap = r->world->heap;

	for (uint32_t i = 0; size && i < heap->n_spans && !db->failed; i++) {
		const struct ct_go_span *s = &heap->spans[i];

		for (uint32_t k = 0; may_have(s, size) && k < s->n && !db->failed; k++)
			if (ct_go_is_allocated(s, k))
				look(r, db, s->start + k * s->elemsize, type);
	}
}

static void add_object(struct ct_go_sql_db *db, uint64_t at, uint32_t connection, uint8_t with)
{
	struct ct_go_sql_object *slot = ct_vec_push(&db->list);

	if (!slot || !ct_hash_insert(&db->objects, ct_hash_u64(at), db->list.n - 1)) {
		db->failed = true;
		return;
	}
	*slot = (struct ct_go_sql_object){at, connection, with};
}

static bool has_byte(const struct reader *r, uint64_t at)
{
	uint8_t value = 0;

	return ct_go_heap_read(r->world->heap, at, &value, 1) && value;
}

static uint64_t word_at(const struct reader *r, uint64_t at)
{
	uint64_t value = 0;

	return ct_go_heap_read(r->world->heap, at, &value, sizeof(value)) ? value : 0;
}

static void look_at_connection(
	struct reader *r, struct ct_go_sql_db *db, uint64_t at, const struct ct_go_sql_type *type)
{
	const struct layout *l = &r->layout;

	(void)type;
	if (word_at(r, at + l->db) != db->at || has_byte(r, at + l->closed) ||
		has_byte(r, at + l->last_closed) ||
		!ct_go_dynamic_type(r->o->go, word_at(r, at + l->driver), false))
		return;
	if (!has_byte(r, at + l->in_use)) {
		db->n_idle++;
		return;
	}
	if (db->connections.n >= CT_GO_MAX_DB_CONNECTIONS)
		return;
	struct ct_go_db_connection *slot = ct_vec_push(&db->connections);
	if (!slot) {
		db->failed = true;
		return;
	}
	*slot = (struct ct_go_db_connection){.address = at};
	add_object(db, at, db->connections.n - 1, CT_GO_DB_CONNECTION);
}

static uint32_t connection_at(const struct ct_go_sql_db *db, uint64_t at)
{
	struct ct_hash_it it = ct_hash_find(&db->objects, ct_hash_u64(at));
	uint32_t i;

	while (ct_hash_next(&db->objects, &it, &i))
		if (db->list.items[i].at == at && db->list.items[i].with == CT_GO_DB_CONNECTION)
			return db->list.items[i].connection;
	return CT_NONE;
}

/* It gives the connection back when it is closed: as long as it is not, it has it. */
static void look_at_user(
	struct reader *r, struct ct_go_sql_db *db, uint64_t at, const struct ct_go_sql_type *type)
{
	uint64_t address = word_at(r, at + type->connection);
	uint32_t connection = address ? connection_at(db, address) : CT_NONE;

	if (connection == CT_NONE || has_byte(r, at + type->closed))
		return;
	struct ct_go_db_connection *c = &db->connections.items[connection];
	if (!c->object) {
		c->object = at;
		c->with = type->with;
	}
	add_object(db, at, connection, type->with);
}

static enum ct_status read_db(struct reader *r, struct ct_go_sql_db *db)
{
	each_object(r, db, r->layout.connection_size, NULL, look_at_connection);
	for (size_t i = CT_GO_DB_ROWS; i < CT_GO_N_DB_WITHS && db->connections.n; i++)
		each_object(r, db, r->layout.users[i].size, &r->layout.users[i], look_at_user);
	if (db->failed)
		return CT_NO_MEMORY;
	return db->connections.n ? ct_go_sql_users(r->o, r->world, db) : CT_OK;
}

/* ---- facts ---- */

static bool copy(struct ct_arena *arena, const struct ct_go_sql_db *db, struct ct_go_db *ret)
{
	ret->n_connections = db->connections.n;
	ret->n_users = db->users.n;
	ret->n_idle = db->n_idle;
	if (db->connections.n)
		ret->connections = ct_arena_copy(arena, db->connections.items,
			db->connections.n * sizeof(*db->connections.items));
	if (db->users.n)
		ret->users = ct_arena_copy(
			arena, db->users.items, db->users.n * sizeof(*db->users.items));
	return (ret->connections || !ret->n_connections) && (ret->users || !ret->n_users);
}

static enum ct_status tell(struct reader *r, uint64_t at, struct ct_go_db *ret)
{
	struct ct_sink *sink = r->o->sink;
	struct ct_go_sql_db db = {.at = at};
	bool fresh;

	ret->address = at;
	ret->n_open = (int64_t)word_at(r, at + r->layout.num_open);
	ret->max_open = (int64_t)word_at(r, at + r->layout.max_open);
	ret->resource = ct_sink_resource(sink, "go_sql_db", at, &fresh);
	if (ret->resource == CT_NONE)
		return CT_NO_MEMORY;
	if (fresh) {
		ct_sink_value_int(sink, ret->resource, "open", ret->n_open);
		ct_sink_value_int(sink, ret->resource, "max_open", ret->max_open);
	}
	enum ct_status status = read_db(r, &db);
	if (!status && !copy(ct_sink_arena(sink), &db, ret))
		status = CT_NO_MEMORY;
	ct_hash_free(&db.objects);
	ct_vec_free(&db.list);
	ct_vec_free(&db.connections);
	ct_vec_free(&db.users);
	return status;
}

struct waiter {
	uint64_t db;
	uint32_t actor;
};

static int by_db(const void *a, const void *b)
{
	const struct waiter *x = a, *y = b;

	if (x->db != y->db)
		return x->db > y->db ? 1 : -1;
	return x->actor > y->actor ? 1 : -1;
}

static enum ct_status tell_all(struct reader *r, const struct waiter *waiters, uint32_t n,
	struct ct_fact_go_services *fact)
{
	struct ct_arena *arena = ct_sink_arena(r->o->sink);
	struct ct_go_db *dbs = ct_arena_new_array(arena, CT_GO_MAX_DBS, struct ct_go_db);
	uint32_t *actors = ct_arena_new_array(arena, (size_t)n + 1, uint32_t);
	enum ct_status status = dbs && actors ? CT_OK : CT_NO_MEMORY;

	for (uint32_t i = 0, end; !status && i < n && fact->n_dbs < CT_GO_MAX_DBS; i = end) {
		struct ct_go_db *db = &dbs[fact->n_dbs++];

		*db = (struct ct_go_db){.waiters = &actors[i]};
		for (end = i; end < n && waiters[end].db == waiters[i].db; end++)
			actors[end] = waiters[end].actor;
		db->n_waiters = end - i;
		status = tell(r, waiters[i].db, db);
	}
	fact->dbs = dbs;
	return status;
}

enum ct_status ct_go_observe_sql(
	const struct ct_go_services *services, struct ct_fact_go_services *fact)
{
	struct reader r = {.services = services, .o = services->o};
	enum ct_status status = ct_go_world(r.o, &r.world);
	uint32_t n = 0;

	if (status || !read_layout(r.o->go, &r.layout))
		return status == CT_NO_MEMORY ? status : CT_OK;
	ct_autofree struct waiter *waiters = calloc((size_t)r.o->n + 1, sizeof(*waiters));
	if (!waiters)
		return CT_NO_MEMORY;
	for (uint32_t i = 0; i < r.o->n; i++) {
		uint64_t db = db_of(&r, r.o->first + i);

		if (db)
			waiters[n++] = (struct waiter){db, r.o->first + i};
	}
	qsort(waiters, n, sizeof(*waiters), by_db);
	return tell_all(&r, waiters, n, fact);
}
