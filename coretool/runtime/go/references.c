/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What leads to an object: all that roots reach is gone through once, each object by the shortest
 * way to it, and whatever has the object itself, or points to it, is noted. Then, if objects point
 * to it, the roots are gone through again for those that have one of these; what no root has is
 * told by its way from one.
 *
 * The runtime's records of goroutines lead to all that they wait for: they are left out.
 */
#include "runtime/go/references.h"

#include <inttypes.h>

#include "facts/go_references.h"
#include "runtime/go/heap_observe.h"
#include "runtime/go/heap_path.h"
#include "runtime/go/heap_world.h"
#include "runtime/go/waits.h"

#define MAX_OBJECTS 16
#define MAX_HOLDERS 64 /* objects that point to one of them */
#define MAX_STEPS   16 /* of a way that is told */
#define A_ROOT      UINT32_MAX
#define HIDDEN      (UINT32_MAX - 1)

struct wanted {
	uint64_t address;    /* that is told */
	uint64_t start, end; /* of the object that it is in */
	CT_VEC(struct ct_go_reference) found;
	uint32_t n_more;
	bool own; /* an object leads to it that one of those who wait there has */
};

struct holder { /* an object that points to a wanted one */
	uint32_t wanted, id;
	uint64_t offset;
	bool told;              /* by a stack that has it */
	uint32_t top;           /* the object that the way to it begins with, */
	struct ct_go_root root; /* and what leads to that */
};

struct search {
	struct ct_go_observation *o;
	struct ct_go_world *world;
	struct wanted wanted[MAX_OBJECTS];
	uint32_t n;
	uint32_t *parent; /* per object: that it was come to from, + 1; 0: not come to */
	uint32_t *queue;  /* those with pointers, in the order of their distance */
	uint32_t head, tail;
	CT_VEC(struct holder) holders;
	uint32_t at; /* goroutine that the last root was of */
	enum ct_status status;
};

/* ---- what is asked about ---- */

static void want(struct search *s, uint64_t address)
{
	struct ct_go_object object;

	if (s->n == MAX_OBJECTS)
		return;
	for (uint32_t i = 0; i < s->n; i++)
		if (s->wanted[i].address == address)
			return;
	bool in_heap = ct_go_object_at(s->world->heap, address, &object);
	s->wanted[s->n++] = (struct wanted){.address = address,
		.start = in_heap ? object.start : address,
		.end = in_heap ? object.start + object.span->elemsize : address + 1};
}

static void want_waits(struct search *s, uint64_t goid)
{
	struct ct_sink *sink = s->o->sink;

	for (uint32_t i = 0; i < s->o->n; i++) {
		const struct ct_actor *a = ct_sink_get_actor(sink, s->o->first + i);

		if (a->id != goid)
			continue;
		for (uint32_t k = 0; k < a->n_waits; k++) {
			const struct ct_wait *wait = ct_sink_get_wait(sink, a->first_wait + k);
			const struct ct_resource *r =
				wait->resource == CT_NONE
					? NULL
					: ct_sink_get_resource(s->o->sink, wait->resource);

			if (r && !strncmp(r->kind, "go_", 3) && strcmp(r->kind, "go_fd") != 0 &&
				strcmp(r->kind, "go_runtime_sema") != 0)
				want(s, r->address);
		}
	}
}

/* The object asked about that the pointer leads to, or CT_NONE. */
static uint32_t wanted_at(const struct search *s, uint64_t value)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (value >= s->wanted[i].start && value < s->wanted[i].end)
			return i;
	return CT_NONE;
}

/* ---- all that roots reach ---- */

static void hide(void *arg, uint64_t addr)
{
	struct search *s = arg;
	struct ct_go_object object;

	if (ct_go_object_at(s->world->heap, addr, &object))
		s->parent[object.id] = HIDDEN;
}

static void hide_records(struct search *s)
{
	const struct ct_go_observation *o = s->o;

	for (uint32_t i = 0; i < o->n; i++)
		ct_go_each_record(o, o->first + i, hide, s);
	ct_go_read_semaphores(o->go, o->waits);
	for (uint32_t i = 0; i < o->waits->parked.n; i++)
		hide(s, o->waits->parked.items[i].sudog);
}

static void reach(struct search *s, uint64_t addr, uint32_t parent)
{
	struct ct_go_object object;

	if (!ct_go_object_at(s->world->heap, addr, &object) || s->parent[object.id] ||
		!ct_go_is_allocated(object.span, object.index))
		return;
	s->parent[object.id] = parent;
	if (object.span->map != CT_GO_MAP_NONE)
		s->queue[s->tail++] = object.id;
}

static bool reach_from(void *arg, const struct ct_go_object *from, uint64_t at, uint64_t value)
{
	struct search *s = arg;
	uint32_t i = wanted_at(s, value);

	/* What it points to itself is no news. */
	if (i != CT_NONE && from->start != s->wanted[i].start) {
		struct holder *slot = s->holders.n < MAX_HOLDERS ? ct_vec_push(&s->holders) : NULL;

		if (slot)
			*slot = (struct holder){
				.wanted = i, .id = from->id, .offset = at - from->start};
		else
			s->wanted[i].n_more++;
	}
	reach(s, value, from->id + 1);
	return false;
}

/* ---- who has it ---- */

static bool waits_at(const struct search *s, uint32_t actor, uint64_t address)
{
	const struct ct_actor *a = ct_sink_get_actor(s->o->sink, actor);

	for (uint32_t i = 0; i < a->n_waits; i++) {
		uint32_t resource = ct_sink_get_wait(s->o->sink, a->first_wait + i)->resource;

		if (resource != CT_NONE &&
			ct_sink_get_resource(s->o->sink, resource)->address == address)
			return true;
	}
	return false;
}

/* Roots come in the order of the goroutines: the next one is the same or soon after. */
static uint32_t actor_of(struct search *s, uint64_t goid)
{
	for (uint32_t n = 0; n < s->o->n; n++, s->at = s->at + 1 < s->o->n ? s->at + 1 : 0)
		if (ct_sink_get_actor(s->o->sink, s->o->first + s->at)->id == goid)
			return s->o->first + s->at;
	return CT_NONE;
}

/* The same frame may have it in several places: it is told once, and by the shortest way. */
static void add(struct search *s, uint32_t i, const struct ct_go_reference *reference)
{
	struct wanted *w = &s->wanted[i];

	for (uint32_t k = 0; k < w->found.n; k++)
		if (reference->actor != CT_NONE && w->found.items[k].actor == reference->actor &&
			(w->found.items[k].frame == reference->frame || reference->by))
			return;
	if (w->found.n == CT_MAX_REFERENCES) {
		w->n_more++;
		return;
	}
	struct ct_go_reference *slot = ct_vec_push(&w->found);
	if (slot)
		*slot = *reference;
	else
		s->status = CT_NO_MEMORY;
}

static void add_root(
	struct search *s, uint32_t i, const struct ct_go_root *root, const struct holder *holder)
{
	struct ct_go_reference reference = {
		.actor = CT_NONE, .frame = CT_NONE, .guessed = root->guessed};
	bool on_stack = root->goid != 0;

	if (on_stack) {
		reference.actor = actor_of(s, root->goid);
		if (reference.actor == CT_NONE)
			return;
		if (waits_at(s, reference.actor, s->wanted[i].address)) {
			s->wanted[i].own |= holder != NULL;
			return;
		}
		reference.frame =
			root->pc ? ct_go_frame_of(s->o, reference.actor, root->pc) : CT_NONE;
	} else {
		reference.by = ct_go_name_root(s->world, root);
	}
	if (holder)
		reference.by = ct_sink_printf(s->o->sink, "%s%s%s", on_stack ? "" : reference.by,
			on_stack ? "" : ", ",
			ct_go_name_part(s->world, holder->id, holder->offset));
	add(s, i, &reference);
}

static void first_pass(void *arg, const struct ct_go_root *root)
{
	struct search *s = arg;
	uint32_t i = wanted_at(s, root->value);

	if (i != CT_NONE)
		add_root(s, i, root, NULL);
	reach(s, root->value, A_ROOT);
}

/* ---- by a longer way ---- */

static bool is_below(const struct search *s, uint32_t id)
{
	return s->parent[id] != A_ROOT && s->parent[id] < HIDDEN;
}

static void find_tops(struct search *s)
{
	for (uint32_t k = 0; k < s->holders.n; k++) {
		struct holder *holder = &s->holders.items[k];

		for (holder->top = holder->id; is_below(s, holder->top);)
			holder->top = s->parent[holder->top] - 1;
	}
}

/* Of the roots that a way begins with, one that is surely one is told rather than another. */
static void second_pass(void *arg, const struct ct_go_root *root)
{
	struct search *s = arg;
	struct ct_go_object object;

	if (!ct_go_object_at(s->world->heap, root->value, &object))
		return;
	for (uint32_t k = 0; k < s->holders.n; k++) {
		struct holder *holder = &s->holders.items[k];

		if (holder->id == object.id) {
			holder->told = true;
			add_root(s, holder->wanted, root, holder);
		}
		if (holder->top == object.id &&
			(!holder->root.value || (holder->root.guessed && !root->guessed)))
			holder->root = *root;
	}
}

/* "variable main.shop, main.shop, main.order.next": the first one, then what points to it. */
static void add_way(struct search *s, const struct holder *holder)
{
	const struct ct_go_root *root = &holder->root;
	uint32_t actor = root->goid ? actor_of(s, root->goid) : CT_NONE;

	if (!root->value)
		return;
	if (actor != CT_NONE && waits_at(s, actor, s->wanted[holder->wanted].address)) {
		s->wanted[holder->wanted].own = true;
		return;
	}
	const char *way = ct_go_name_part(s->world, holder->id, holder->offset);
	uint32_t id = holder->id, n = 0;

	for (; is_below(s, id); id = s->parent[id] - 1, n++)
		if (n && n < MAX_STEPS)
			way = ct_sink_printf(
				s->o->sink, "%s, %s", ct_go_name_type(s->world, id), way);
	if (n && n < MAX_STEPS)
		way = ct_sink_printf(s->o->sink, "%s, %s", ct_go_name_type(s->world, id), way);
	else if (n)
		way = ct_sink_printf(s->o->sink, "%u objects, %s", n - MAX_STEPS + 1, way);
	bool named = actor != CT_NONE;
	add(s, holder->wanted,
		&(struct ct_go_reference){.actor = actor,
			.frame =
				named && root->pc ? ct_go_frame_of(s->o, actor, root->pc) : CT_NONE,
			.guessed = root->guessed,
			.by = named ? way
				    : ct_sink_printf(s->o->sink, "%s, %s",
					      ct_go_name_root(s->world, root), way)});
}

/* ---- all of it ---- */

static enum ct_status go_through(struct search *s)
{
	size_t n = (size_t)s->world->heap->n_objects + 1;
	enum ct_status status;

	s->parent = calloc(n, sizeof(*s->parent));
	s->queue = calloc(n, sizeof(*s->queue));
	if (!s->parent || !s->queue)
		return CT_NO_MEMORY;
	hide_records(s);
	status = ct_go_world_roots(s->world, first_pass, s);
	while (!status && s->head < s->tail) {
		struct ct_go_object object;

		ct_go_object_get(s->world->heap, s->queue[s->head++], &object);
		(void)ct_go_each_pointer(s->world->heap, s->world->masks, &object, reach_from, s);
	}
	if (!status && s->holders.n) {
		find_tops(s);
		status = ct_go_world_types(s->world);
	}
	if (!status && s->holders.n)
		status = ct_go_world_roots(s->world, second_pass, s);
	for (uint32_t k = 0; !status && !s->status && k < s->holders.n; k++)
		if (!s->holders.items[k].told)
			add_way(s, &s->holders.items[k]);
	return status ? status : s->status;
}

static enum ct_status tell(struct search *s)
{
	struct ct_arena *arena = ct_sink_arena(s->o->sink);
	struct ct_go_referred *objects = ct_arena_new_array(arena, s->n, struct ct_go_referred);

	if (!objects)
		return CT_NO_MEMORY;
	for (uint32_t i = 0; i < s->n; i++) {
		const struct wanted *w = &s->wanted[i];

		objects[i] = (struct ct_go_referred){.address = w->address,
			.list = ct_arena_copy(
				arena, w->found.items, w->found.n * sizeof(*w->found.items)),
			.n = w->found.n,
			.n_more = w->n_more,
			.own = w->own};
	}
	ct_sink_go_references(
		s->o->sink, &(struct ct_fact_go_references){.objects = objects,
				    .n = s->n,
				    .partial = !ct_go_world_saw_all(s->world, s->world->mark) ||
					       ct_go_misses(s->o)});
	return CT_OK;
}

static enum ct_status search(struct search *s)
{
	enum ct_status status = ct_go_world(s->o, &s->world);

	if (status)
		return status;
	if (s->o->goroutine && s->world->heap->bytes <= CT_GO_UNASKED)
		want_waits(s, s->o->goroutine);
	if (s->o->address)
		want(s, s->o->address);
	if (!s->n)
		return CT_OK;
	status = ct_go_world_mark(s->world);
	if (!status)
		status = go_through(s);
	return status ? status : tell(s);
}

enum ct_status ct_go_observe_references(struct ct_go_observation *o)
{
	struct search s = {.o = o};

	if (!o->references || (!o->goroutine && !o->address) || !o->waits || !o->unwinder)
		return CT_OK;
	enum ct_status status = search(&s);
	free(s.parent);
	free(s.queue);
	ct_vec_free(&s.holders);
	for (uint32_t i = 0; i < s.n; i++)
		ct_vec_free(&s.wanted[i].found);
	return status == CT_NO_MEMORY ? status : CT_OK;
}
