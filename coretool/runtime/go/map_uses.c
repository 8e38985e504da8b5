/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goroutines that stand in an operation on a map: below their own code only functions of the
 * runtime are running, one of which is a map's. A writer marks the map when it has the hash of the
 * key, and takes the mark away when it is done; each operation looks for the mark when it begins,
 * and ends the process when there is one. Between these two looks it is that both may be in it.
 *
 * Which map it is, the operation's arguments say (runtime/map.go; since 1.24
 * internal/runtime/maps).
 */
#include "base/vec.h"
#include "facts/go_maps.h"
#include "runtime/go/arguments.h"
#include "runtime/go/maps.h"
#include "runtime/go/observe.h"
#include "runtime/go/types.h"

#define MAX_USES 4096

struct map_uses {
	struct ct_go_map_use *items;
	uint32_t n, cap;
};

/* Takes down which map it is, by the arguments of one of the functions. */
static void find_map(struct ct_go_observation *o, const struct ct_unwound_frame *frame,
	const struct ct_go_map_operation *op, struct ct_go_map_use *ret)
{
	const struct ct_go *go = o->go;
	uint64_t at, found[2] = {0};
	struct ct_go_type type;
	bool marked;

	if ((op->until && ct_go_since(go, op->until)) || !ct_go_argument(go, frame, op->at, &at))
		return;
	if (op->iterates && ct_read(o->target, at + CT_GO_MAP_ITERATOR, found, sizeof(found)))
		return;
	if (!op->iterates) {
		found[1] = at;
		if (!ct_go_argument(go, frame, op->type_at, &found[0]))
			found[0] = 0;
	}
	bool typed = found[0] && !ct_go_type_at(go, found[0], &type);
	if ((found[0] && (!typed || type.kind != CT_GO_KIND_MAP)) ||
		!ct_go_map_marked(go, found[1], &marked))
		return;
	ret->map = found[1];
	ret->marked = marked;
	ret->type = typed ? ct_sink_string(o->sink, type.name) : NULL;
}

static bool is_in_one(struct ct_sink *sink, const struct ct_stack *stack)
{
	for (uint32_t i = 0; i < stack->n_frames; i++) {
		const char *name = ct_sink_get_site(sink, stack->frames[i].site)->function;

		if (name && ct_go_map_operation(name))
			return true;
		if (!name || !ct_go_map_calls(name))
			return false;
	}
	return false;
}

/* Goes from the innermost frame to that of the program's own code; false: it is in none. */
static bool read_use(
	struct ct_go_observation *o, const struct ct_unwound *stack, struct ct_go_map_use *ret)
{
	bool found = false;

	for (size_t i = 0; i < stack->n && (!stack->skipped_at || i < stack->skipped_at); i++) {
		const char *name = ct_go_frame_name(o->go, &stack->frames[i]);
		const struct ct_go_map_operation *op = ct_go_map_operation(name);

		if (!op && !ct_go_map_calls(name)) {
			ret->frame = (uint32_t)i;
			return found;
		}
		if (!op)
			continue;
		found = true;
		ret->writes |= op->writes;
		if (!ret->map)
			find_map(o, &stack->frames[i], op, ret);
	}
	return false;
}

static int by_map(const void *a, const void *b)
{
	const struct ct_go_map_use *x = a, *y = b;

	if (x->map != y->map)
		return x->map > y->map ? 1 : -1;
	return x->actor > y->actor ? 1 : x->actor < y->actor ? -1 : 0;
}

/* One that runs is where its thread is. What its record has is old where that one is missing. */
static bool is_found(const struct ct_go_observation *o, const struct ct_go_g *g)
{
	return g->status != CT_GO_RUNNING || ct_go_machine_thread(o, ct_go_machine_at(o, g->m));
}

/* in_one: by stack. Goroutines that sleep share theirs, so that few are looked at. */
static enum ct_status add_uses(
	struct ct_go_observation *o, const bool *in_one, struct map_uses *ret)
{
	for (uint32_t i = o->first; i < o->first + o->n; i++) {
		const struct ct_actor *actor = ct_sink_get_actor(o->sink, i);
		struct ct_go_map_use use = {.actor = i};
		struct ct_unwound stack;
		struct ct_regs regs;
		struct ct_go_g g;

		if (actor->stack == CT_NONE || !in_one[actor->stack] ||
			ct_go_goroutine_at(o->go, actor->object, &g) || !is_found(o, &g) ||
			ct_go_unwind(o, &g, &regs, &stack) || !read_use(o, &stack, &use))
			continue;
		if (ret->n == MAX_USES) {
			ct_target_note(o->target, CT_NOTE_LIMIT, "Go maps",
				"more goroutines stand in operations on maps than are compared");
			break;
		}
		struct ct_go_map_use *slot = ct_vec_push(ret);
		if (!slot)
			return CT_NO_MEMORY;
		*slot = use;
	}
	return CT_OK;
}

static enum ct_status tell(struct ct_go_observation *o, struct map_uses *uses)
{
	const struct ct_go *go = o->go;
	struct ct_fact_go_maps fact = {.n = uses->n,
		.exact = go->layout_trust != CT_GO_LAYOUT_NEAREST && !go->version.experiments};

	if (!uses->n)
		return CT_OK;
	qsort(uses->items, uses->n, sizeof(*uses->items), by_map);
	fact.uses =
		ct_arena_copy(ct_sink_arena(o->sink), uses->items, uses->n * sizeof(*uses->items));
	if (!fact.uses)
		return CT_NO_MEMORY;
	ct_sink_go_maps(o->sink, &fact);
	return CT_OK;
}

enum ct_status ct_go_observe_map_uses(struct ct_go_observation *o)
{
	uint32_t n = ct_sink_n_stacks(o->sink);
	struct map_uses uses = {0};
	bool *in_one;

	if (!o->unwinder)
		return CT_OK;
	in_one = calloc(n + 1, sizeof(*in_one));
	if (!in_one)
		return CT_NO_MEMORY;
	for (uint32_t i = 0; i < n; i++)
		in_one[i] = is_in_one(o->sink, ct_sink_get_stack(o->sink, i));
	enum ct_status status = add_uses(o, in_one, &uses);
	if (!status)
		status = tell(o, &uses);
	free(in_one);
	ct_vec_free(&uses);
	return status;
}
