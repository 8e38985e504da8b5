/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has a connection: goroutines that have it, or the Rows, Tx or Conn that it was given to, in a
 * frame that will use it yet; or in an object that such a frame points to, where only one has that.
 * Of those that nobody has, whether anything leads to them.
 */
#include "runtime/go/sql.h"

#define MAX_OBJECTS 256  /* of one goroutine, that are looked into */
#define MAX_INSIDE  512  /* bytes of one */
#define MAX_DEPTH   2    /* objects, from the frame to what has the connection */
#define MAX_USERS   8192 /* of one DB */
#define MAX_OWN     256  /* connections of one goroutine */
#define MAX_BAD     1024 /* goroutines that cannot be read */

struct search {
	struct ct_go_observation *o;
	struct ct_go_world *world;
	struct ct_go_sql_db *db;
	uint32_t actor, first; /* user of this actor */
	uint32_t n_objects;    /* that were looked into */
	uint32_t frame;
	bool watches, guessed;
	bool cut; /* there are more users */
};

static const struct ct_go_sql_object *object_at(const struct ct_go_sql_db *db, uint64_t at)
{
	struct ct_hash_it it = ct_hash_find(&db->objects, ct_hash_u64(at));
	uint32_t i;

	while (ct_hash_next(&db->objects, &it, &i))
		if (db->list.items[i].at == at)
			return &db->list.items[i];
	return NULL;
}

static void add(struct search *s, uint32_t connection, bool inside)
{
	for (uint32_t i = s->first; i < s->db->users.n; i++) {
		struct ct_go_db_user *known = &s->db->users.items[i];

		if (known->connection != connection)
			continue;
		if (known->inside && !inside)
			known->frame = s->frame;
		known->inside &= inside;
		known->guessed &= s->guessed;
		return;
	}
	if (s->db->users.n >= MAX_USERS || s->db->users.n - s->first >= MAX_OWN) {
		s->cut = true;
		return;
	}
	struct ct_go_db_user *slot = ct_vec_push(&s->db->users);
	if (!slot) {
		s->db->failed = true;
		return;
	}
	*slot = (struct ct_go_db_user){.connection = connection,
		.actor = s->actor,
		.frame = s->frame,
		.inside = inside,
		.watches = s->watches,
		.guessed = s->guessed};
}

/* The DB itself leads to all of them. */
static void look_inside(struct search *s, uint64_t at, unsigned depth)
{
	struct ct_go_object object;
	struct ct_go_walk walk;
	uint64_t word, bits, value;

	if (s->n_objects >= MAX_OBJECTS || !ct_go_object_at(s->world->heap, at, &object) ||
		object.start == s->db->at || object.span->elemsize > MAX_INSIDE ||
		object.span->map == CT_GO_MAP_NONE)
		return;
	s->n_objects++;
	ct_go_walk_begin(s->world->masks, &object, &walk);
	while (ct_go_walk_next(&walk, &word, &bits))
		for (; bits; bits &= bits - 1) {
			const struct ct_go_sql_object *known;
			unsigned i = (unsigned)__builtin_ctzll(bits);

			if (!ct_go_heap_read(s->world->heap, word + 8 * i, &value, sizeof(value)) ||
				!value)
				continue;
			known = object_at(s->db, value);
			if (known)
				add(s, known->connection, true);
			else if (depth > 1)
				look_inside(s, value, depth - 1);
		}
}

static void look_at(void *arg, const struct ct_go_root *root)
{
	struct search *s = arg;
	const struct ct_go_sql_object *known = object_at(s->db, root->value);

	s->guessed = root->guessed;
	s->frame = root->pc ? ct_go_frame_of(s->o, s->actor, root->pc) : CT_NONE;
	if (known)
		add(s, known->connection, false);
	else
		look_inside(s, root->value, MAX_DEPTH);
}

/* One of the package's own: it closes what it has when a context ends, or makes connections. */
static bool is_own(const struct ct_go_observation *o, uint32_t actor)
{
	uint32_t site = ct_sink_get_actor(o->sink, actor)->start_site;
	const char *name = site == CT_NONE ? NULL : ct_sink_get_site(o->sink, site)->function;

	return name && !strncmp(name, "database/sql.", strlen("database/sql."));
}

static int by_connection(const void *a, const void *b)
{
	const struct ct_go_db_user *x = a, *y = b;

	if (x->connection != y->connection)
		return x->connection > y->connection ? 1 : -1;
	if (x->inside != y->inside)
		return x->inside ? 1 : -1;
	return x->actor > y->actor ? 1 : -1;
}

/* What several can reach through objects tells of none of them; nor where one has it itself. cut:
 * nor is it known who else can. */
static void drop_common(struct ct_go_sql_db *db, bool cut)
{
	uint32_t n = 0;

	for (uint32_t i = 0, end; i < db->users.n; i = end) {
		const struct ct_go_db_user *users = db->users.items;
		uint32_t inside = 0, direct = 0;

		for (end = i; end < db->users.n && users[end].connection == users[i].connection;
			end++) {
			inside += users[end].inside && !users[end].watches;
			direct += !users[end].inside && !users[end].watches;
		}
		for (uint32_t k = i; k < end; k++)
			if (!users[k].inside || users[k].watches ||
				(inside == 1 && !direct && !cut))
				db->users.items[n++] = users[k];
	}
	db->users.n = n;
}

/* Everybody's stack; *n_bad: those that could not be read. */
static enum ct_status search_stacks(struct search *s, uint32_t *n_bad)
{
	struct ct_go_observation *o = s->o;
	enum ct_status status = CT_OK;

	for (uint32_t i = 0;
		i < o->n && *n_bad < MAX_BAD && status != CT_NO_MEMORY && !s->db->failed; i++) {
		struct ct_go_g g;

		s->actor = o->first + i;
		s->first = s->db->users.n;
		s->n_objects = 0;
		s->watches = is_own(o, s->actor);
		status =
			ct_go_goroutine_at(o->go, ct_sink_get_actor(o->sink, s->actor)->object, &g);
		if (!status)
			status = ct_go_roots_goroutine(&s->world->stacks, &g, look_at, s);
		*n_bad += status == CT_FAULT;
	}
	return status == CT_NO_MEMORY || s->db->failed ? CT_NO_MEMORY : CT_OK;
}

/* ---- those that nobody has ---- */

static void mark_used(const struct ct_go_sql_db *db, bool *used)
{
	for (uint32_t i = 0; i < db->users.n; i++)
		used[db->users.items[i].connection] = true;
}

/* What lives may be closed by somebody yet. */
static void mark_living(const struct ct_go_world *world, const struct ct_go_sql_db *db, bool *used)
{
	for (uint32_t i = 0; i < db->list.n; i++) {
		const struct ct_go_sql_object *object = &db->list.items[i];
		struct ct_go_object slot;

		if (object->with != CT_GO_DB_CONNECTION &&
			ct_go_object_at(world->heap, object->at, &slot) &&
			ct_go_mark_has(world->mark, slot.id))
			used[object->connection] = true;
	}
}

/* The heap is marked only where there is one that nobody has. */
static enum ct_status find_lost(struct search *s)
{
	struct ct_go_sql_db *db = s->db;
	ct_autofree bool *used = calloc((size_t)db->connections.n + 1, sizeof(*used));
	uint32_t n = 0;

	if (!used)
		return CT_NO_MEMORY;
	mark_used(db, used);
	for (uint32_t i = 0; i < db->connections.n; i++)
		n += !used[i];
	if (!n)
		return CT_OK;
	enum ct_status status = ct_go_world_mark(s->world);
	if (status || s->world->n_guessed || !ct_go_world_saw_all(s->world, s->world->mark))
		return status == CT_NO_MEMORY ? status : CT_OK;
	mark_living(s->world, db, used);
	for (uint32_t i = 0; i < db->connections.n; i++)
		db->connections.items[i].lost = !used[i];
	return CT_OK;
}

enum ct_status ct_go_sql_users(
	struct ct_go_observation *o, struct ct_go_world *world, struct ct_go_sql_db *db)
{
	struct search s = {.o = o, .world = world, .db = db};
	uint32_t n_bad = 0;
	enum ct_status status = search_stacks(&s, &n_bad);

	if (!status && !n_bad && !s.cut && !ct_go_misses(o))
		status = find_lost(&s);
	if (db->users.n)
		qsort(db->users.items, db->users.n, sizeof(*db->users.items), by_connection);
	drop_common(db, s.cut);
	return status;
}
