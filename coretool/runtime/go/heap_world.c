/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/heap_world.h"

#include "runtime/go/heap_variables.h"
#include "runtime/go/sudog.h"

#include <inttypes.h>

#define MAX_CASES 65536u /* of a select */

/* The goroutines are those that were found, each once, whatever the runtime's list says. */
enum ct_status ct_go_world_roots(void *world, ct_go_root_visit *visit, void *visit_arg)
{
	struct ct_go_world *w = world;
	const struct ct_go_observation *o = w->o;

	w->stacks.n_guessed = 0;
	w->n_bad = o->missing.n_goroutines;
	w->missed = !ct_go_roots_variables(w->heap, visit, visit_arg);
	for (uint32_t i = 0; i < o->n; i++) {
		struct ct_go_g g;
		enum ct_status status = ct_go_goroutine_at(
			o->go, ct_sink_get_actor(o->sink, o->first + i)->object, &g);

		if (!status)
			status = ct_go_roots_goroutine(&w->stacks, &g, visit, visit_arg);
		w->n_bad += status == CT_FAULT;
		if (status == CT_NO_MEMORY)
			return status;
	}
	if (w->n_bad)
		ct_target_note(o->target, CT_NOTE_DAMAGED, "Go heap",
			"the stacks of %" PRIu32 " goroutines could not be read: what only they "
			"keep alive looks unreachable",
			w->n_bad);
	w->missed |= ct_go_roots_specials(w->heap, w->masks, visit, visit_arg) != CT_OK;
	return CT_OK;
}

void ct_go_world_hide_at(const struct ct_go_world *w, struct ct_go_mark *mark, uint64_t address)
{
	struct ct_go_object object;

	if (ct_go_object_at(w->heap, address, &object))
		ct_go_mark_alone(mark, &object);
}

void ct_go_each_record(const struct ct_go_observation *o, uint32_t actor,
	void (*visit)(void *arg, uint64_t address), void *arg)
{
	uint64_t g = ct_sink_get_actor(o->sink, actor)->object;
	uint64_t at = ct_go_word(o->go, g, CT_GO_G_WAITING);
	struct ct_go_sudog sudog;

	visit(arg, g);
	for (uint32_t n = 0;
		at && n < MAX_CASES && !ct_go_sudog_at(o->go, at, &sudog) && sudog.g == g; n++) {
		visit(arg, at);
		at = sudog.waitlink;
	}
}

struct hiding {
	const struct ct_go_world *w;
	struct ct_go_mark *mark;
};

static void hide_record(void *arg, uint64_t address)
{
	const struct hiding *h = arg;

	ct_go_world_hide_at(h->w, h->mark, address);
}

void ct_go_world_hide(const struct ct_go_world *w, struct ct_go_mark *mark, uint32_t actor)
{
	struct hiding h = {w, mark};

	ct_go_each_record(w->o, actor, hide_record, &h);
}

bool ct_go_world_saw_all(const struct ct_go_world *w, const struct ct_go_mark *mark)
{
	struct ct_go_marked marked;

	ct_go_mark_count(mark, &marked);
	return !marked.unread && !w->heap->n_bad && !w->n_bad && !w->missed && !w->stacks.partial;
}

static void mark_root(void *arg, const struct ct_go_root *root)
{
	ct_go_mark_root(arg, root->value);
}

static void type_root(void *arg, const struct ct_go_root *root)
{
	struct ct_go_variables *variables = arg;

	ct_go_typing_root(variables->typing, root);
	ct_go_variables_root(variables, root);
}

/* The runtime's own lists name what is in them. */
static void type_runtime(struct ct_go_world *w)
{
	const struct ct_go *go = w->o->go;
	uint32_t n = ct_go_n_goroutines(go);
	uint64_t list = 0, at;

	if (n)
		(void)!ct_read_u64(go->target, go->globals.allgs, &list);
	ct_go_typing_runtime(&w->typing, list, "[]*runtime.g");
	for (uint32_t i = 0; list && i < n && !ct_read_u64(go->target, list + 8ull * i, &at); i++) {
		ct_go_typing_runtime(&w->typing, at, "runtime.g");
		ct_go_typing_runtime(
			&w->typing, ct_go_word(go, at, CT_GO_G_WAITING), "runtime.sudog");
	}
	for (uint32_t i = 0; i < w->o->n_machines; i++) {
		ct_go_typing_runtime(&w->typing, w->o->machines[i].at, "runtime.m");
		ct_go_typing_runtime(&w->typing, w->o->machines[i].g0, "runtime.g");
		ct_go_typing_runtime(&w->typing, w->o->machines[i].gsignal, "runtime.g");
	}
	uint64_t slice[2] = {0};
	if (go->globals.allp && !ct_read(go->target, go->globals.allp, slice, sizeof(slice)))
		for (uint64_t i = 0; i < CT_MIN(slice[1], UINT64_C(4096)) &&
				     !ct_read_u64(go->target, slice[0] + 8 * i, &at);
			i++)
			ct_go_typing_runtime(&w->typing, at, "runtime.p");
}

static enum ct_status open_world(struct ct_go_world *w)
{
	enum ct_status status = ct_go_heap_open(w->o->go, &w->heap);

	if (status)
		return status;
	w->masks = calloc(1, sizeof(*w->masks));
	if (!w->masks || !ct_go_stacks_init(&w->stacks, w->o))
		return CT_NO_MEMORY;
	w->masks->heap = w->heap;
	w->o->missing.n_spans = w->heap->n_bad;
	return CT_OK;
}

enum ct_status ct_go_world(struct ct_go_observation *o, struct ct_go_world **ret)
{
	struct ct_go_world *w = o->world;

	if (!w) {
		o->world = w = calloc(1, sizeof(*w));
		if (!w)
			return CT_NO_MEMORY;
		w->o = o;
		w->status = open_world(w);
	}
	if (!w->status)
		*ret = w;
	return w->status;
}

void ct_go_world_free(struct ct_go_observation *o)
{
	struct ct_go_world *w = o->world;

	if (!w)
		return;
	ct_go_typing_free(&w->typing);
	ct_go_stacks_free(&w->stacks);
	ct_go_mark_free(w->mark);
	free(w->masks);
	ct_go_heap_close(w->heap);
	free(w);
	o->world = NULL;
}

enum ct_status ct_go_world_mark(struct ct_go_world *w)
{
	if (w->marked)
		return CT_OK;
	w->mark = ct_go_mark_new(w->heap, 0);
	if (!w->mark)
		return CT_NO_MEMORY;
	enum ct_status status = ct_go_world_roots(w, mark_root, w->mark);
	w->n_guessed = w->stacks.n_guessed;
	if (!status)
		status = ct_go_mark_run(w->mark);
	w->marked = !status;
	return status;
}

enum ct_status ct_go_world_types(struct ct_go_world *w)
{
	enum ct_status status = w->typed ? CT_OK : ct_go_world_mark(w);

	if (status || w->typed)
		return status;
	status = ct_go_typing_init(&w->typing, w->heap, w->mark, w->masks);
	if (status)
		return status;
	struct ct_go_variables variables = {.typing = &w->typing};
	type_runtime(w);
	/* A pointer to an object may be one to its first field: what objects say themselves counts
	 * first. */
	status = ct_go_typing_run(&w->typing);
	if (!status)
		status = ct_go_world_roots(w, type_root, &variables);
	if (!status)
		ct_go_variables_statics(&variables);
	ct_go_variables_free(&variables);
	if (!status)
		status = ct_go_typing_follow(&w->typing);
	w->typed = !status;
	return status;
}
