/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/panic.h"
#include "runtime/go/waits.h"

#include <inttypes.h>

static enum ct_actor_state state_of(const struct ct_go_g *g)
{
	switch (g->status) {
	case CT_GO_RUNNABLE:
	case CT_GO_PREEMPTED:
		return CT_STATE_RUNNABLE;
	case CT_GO_WAITING:
	case CT_GO_LEAKED:
		return CT_STATE_WAITING;
	case CT_GO_SYSCALL:
		return CT_STATE_SYSCALL;
	default:
		return CT_STATE_RUNNING;
	}
}

/* The function of a pc where no call is: where a goroutine began, or was made. */
static uint32_t site_of(struct ct_go_observation *o, uint64_t pc, bool is_call)
{
	return pc ? o->site(o->arg, pc, is_call) : CT_NONE;
}

static uint32_t add_actor(struct ct_go_observation *o, const struct ct_go_g *g)
{
	const struct ct_go_machine *m = ct_go_machine_at(o, g->m ? g->m : g->locked);
	const char *reason = ct_go_wait_reason(o->go, g);
	struct ct_actor actor = {
		.kind = CT_ACTOR_GOROUTINE,
		.state = (uint8_t)state_of(g),
		.id_source = CT_ID_OWN,
		.reason = reason ? ct_sink_reason(o->sink, reason) : 0,
		.system = ct_go_is_system(o->go, g),
		.locked = g->locked != 0,
		.id = g->goid,
		.object = g->at,
		.creator = g->parent,
		.created_at = site_of(o, g->gopc, true),
		.carrier = m ? m->thread : CT_NONE,
		.runs = CT_NONE,
		.stack = CT_NONE,
		.start_site = site_of(o, g->startpc, false),
	};
	uint32_t index = ct_sink_actor(o->sink, &actor);

	if (index != CT_NONE && actor.carrier != CT_NONE)
		ct_sink_get_actor(o->sink, actor.carrier)->runs = index;
	return index;
}

static enum ct_status add_goroutine(struct ct_go_observation *o, const struct ct_go_g *g)
{
	uint32_t actor = add_actor(o, g);

	if (actor == CT_NONE)
		return CT_NO_MEMORY;
	o->n++;
	enum ct_status status = o->unwinder ? ct_go_observe_stack(o, g, actor) : CT_OK;
	if (!status && o->unwinder)
		status = ct_go_observe_panics(o, g, actor);
	return status ? status : ct_go_observe_waits(o, g, actor);
}

static void note_unreadable(struct ct_go_observation *o, uint32_t n_bad, uint32_t n)
{
	if (!o->go->globals.allgs)
		ct_sink_note(o->sink, CT_NOTE_UNKNOWN_RUNTIME, o->go->module->path,
			"%s: the list of goroutines was not found", o->go->version.text);
	else if (n_bad)
		ct_sink_note(o->sink, CT_NOTE_DAMAGED, "goroutines",
			"%u of %u goroutines could not be read: memory is missing or damaged",
			n_bad, n);
}

enum ct_status ct_go_observe(struct ct_go_observation *o)
{
	uint32_t n = ct_go_n_goroutines(o->go), n_bad = 0;
	enum ct_status status = ct_go_read_machines(o);

	o->in_c.thread = CT_NONE;
	if (!status)
		status = ct_go_waits_new(o);
	o->first = ct_sink_n_actors(o->sink);
	for (uint32_t i = 0; !status && i < n; i++) {
		struct ct_go_g g;
		enum ct_status read = ct_go_goroutine(o->go, i, &g);

		n_bad += read == CT_FAULT;
		if (!read)
			status = add_goroutine(o, &g);
		/* A list that nothing of can be read is no list. */
		if (read == CT_FAULT && n_bad > 1024 && !o->n)
			break;
	}
	note_unreadable(o, n_bad, n);
	if (!status)
		status = ct_go_observe_owners(o);
	if (!status)
		status = ct_go_observe_fatal(o);
	ct_go_mark_resting(o);
	ct_go_observe_sched(o);
	if (o->names && !status)
		ct_go_name_channels(o);
	ct_go_waits_free(o->waits);
	o->waits = NULL;
	free(o->machines);
	free(o->frames);
	ct_vec_free(&o->own);
	ct_vec_free(&o->joined);
	return status;
}
