/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"
#include "runtime/go/contexts.h"
#include "runtime/go/heap_observe.h"
#include "runtime/go/heap_world.h"
#include "runtime/go/known_stacks.h"
#include "runtime/go/panic.h"
#include "runtime/go/pools_observe.h"
#include "runtime/go/preempted.h"
#include "runtime/go/profiles.h"
#include "runtime/go/references.h"
#include "runtime/go/services.h"
#include "runtime/go/waits.h"

#include <inttypes.h>

#define BATCH   32u  /* goroutines whose memory is loaded at a time */
#define FRAMES  384u /* bytes of a stack, from where it sleeps outwards, that are most often all */
#define MAX_BAD (1u << 16) /* in a row */

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

/* Most are made where others were made. */
static const struct ct_go_birth *birth_of(struct ct_go_observation *o, const struct ct_go_g *g)
{
	uint64_t hash = (g->gopc ^ g->startpc << 1) * UINT64_C(0x9e3779b97f4a7c15);
	struct ct_go_birth *birth = &o->births[hash >> 32 & (CT_COUNT(o->births) - 1)];

	if (!birth->known || birth->gopc != g->gopc || birth->startpc != g->startpc)
		*birth = (struct ct_go_birth){.known = true,
			.gopc = g->gopc,
			.startpc = g->startpc,
			.created_at = site_of(o, g->gopc, true),
			.system = ct_go_system_of(o->go, g->startpc),
			.start_site = site_of(o, g->startpc, false)};
	return birth;
}

static uint8_t reason_of(struct ct_go_observation *o, const struct ct_go_g *g)
{
	const char *reason = ct_go_wait_reason(o->go, g);
	uint8_t *known = &o->reasons[g->reason];

	if (reason && !*known)
		*known = ct_sink_reason(o->sink, reason);
	return reason ? *known : 0;
}

static uint32_t add_actor(struct ct_go_observation *o, const struct ct_go_g *g)
{
	const struct ct_go_machine *m = ct_go_machine_at(o, g->m ? g->m : g->locked);
	const struct ct_go_birth *birth = birth_of(o, g);
	struct ct_actor actor = {
		.kind = CT_ACTOR_GOROUTINE,
		.state = (uint8_t)state_of(g),
		.id_source = CT_ID_OWN,
		.reason = reason_of(o, g),
		.system = ct_go_is_system(o->go, g, birth->system),
		.locked = g->locked != 0,
		.id = g->goid,
		.object = g->at,
		.creator = g->parent,
		.created_at = birth->created_at,
		.carrier = m ? m->thread : CT_NONE,
		.runs = CT_NONE,
		.stack = CT_NONE,
		.start_site = birth->start_site,
	};
	uint32_t index = ct_sink_actor(o->sink, &actor);

	if (index != CT_NONE && actor.carrier != CT_NONE)
		ct_sink_get_actor(o->sink, actor.carrier)->runs = index;
	return index;
}

static enum ct_status tell_preempted(
	struct ct_go_observation *o, const struct ct_go_g *g, uint32_t actor)
{
	struct ct_regs regs;

	if (state_of(g) != CT_STATE_RUNNABLE || ct_go_preempted(o->go, g, &regs))
		return CT_OK;
	return o->preempted(o->arg, actor, &regs);
}

static enum ct_status add_goroutine(struct ct_go_observation *o, const struct ct_go_g *g)
{
	uint32_t actor = add_actor(o, g);

	if (actor == CT_NONE)
		return CT_NO_MEMORY;
	o->n++;
	if (o->unwinder)
		ct_go_check_stack(o, g);
	enum ct_status status = o->unwinder ? ct_go_observe_stack(o, g, actor) : CT_OK;
	if (!status && o->unwinder)
		status = ct_go_observe_panics(o, g, actor);
	if (!status && o->unwinder)
		status = tell_preempted(o, g, actor);
	return status ? status : ct_go_observe_waits(o, g, actor);
}

/* Has their memory loaded, which lies anywhere, so that it is waited for once. */
static void expect(const struct ct_go_observation *o, const uint64_t *at, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		ct_expect(o->target, at[i], ct_go_at(o->go, G_SIZE));
	for (uint32_t i = 0; o->unwinder && i < n; i++)
		ct_expect(o->target, ct_go_word(o->go, at[i], CT_GO_G_SCHED_SP), FRAMES);
}

/* Bytes that may be missing of the stacks that there are. */
#define MORE_STACK (UINT64_C(64) << 20)

/*
 * The goroutines that were added: a damaged list may name one often. Each has a record and a stack
 * of its own, so that memory has room for so many and for so much; what goes over all stacks later
 * depends on it.
 */
struct roll {
	uint64_t room, stacks; /* goroutines; bytes of stacks */
	uint64_t *slots;       /* addresses, by hash; 0: free. At least half of them are */
	uint64_t mask;
};

static bool new_roll(const struct ct_go_observation *o, uint32_t n_listed, struct roll *ret)
{
	uint64_t size = 64, present = ct_target_present(o->target);

	ret->room = present / CT_MAX(ct_go_at(o->go, G_SIZE), 1u) + 1;
	ret->stacks = 2 * CT_MIN(present, UINT64_MAX / 4) + MORE_STACK;
	while (size < 2 * CT_MIN((uint64_t)n_listed, ret->room))
		size *= 2;
	ret->mask = size - 1;
	ret->slots = calloc(size, sizeof(*ret->slots));
	return ret->slots;
}

/* Where it is, or would be. */
static uint64_t *roll_slot(const struct roll *roll, uint64_t at)
{
	uint64_t i = ct_hash_u64(at) & roll->mask;

	while (roll->slots[i] && roll->slots[i] != at)
		i = (i + 1) & roll->mask;
	return &roll->slots[i];
}

/* Takes the part of its stack that it uses out of what there may be. */
static bool take_stack(struct roll *roll, const struct ct_go_g *g)
{
	bool waits = g->status != CT_GO_RUNNING && g->status != CT_GO_COPYSTACK;
	uint64_t sp = g->syscall_sp && g->status != CT_GO_WAITING ? g->syscall_sp : g->sp;
	uint64_t size = g->stack_high -
			(waits && sp >= g->stack_low && sp < g->stack_high ? sp : g->stack_low);

	if (size > roll->stacks)
		return false;
	roll->stacks -= size;
	return true;
}

/* n of them, from the i-th on. */
static enum ct_status add_batch(
	struct ct_go_observation *o, uint32_t i, uint32_t n, struct roll *roll, uint32_t *n_bad)
{
	uint64_t at[BATCH];
	uint32_t found = 0;
	enum ct_status status = CT_OK;

	for (uint32_t k = 0; k < n; k++)
		found += !ct_go_goroutine_address(o->go, i + k, &at[found]);
	*n_bad += n - found;
	expect(o, at, found);
	for (uint32_t k = 0; !status && k < found; k++) {
		struct ct_go_g g;
		uint64_t *slot = roll_slot(roll, at[k]);
		enum ct_status read = *slot || o->n >= roll->room
					      ? CT_FAULT
					      : ct_go_goroutine_at(o->go, at[k], &g);

		if (!read && !take_stack(roll, &g))
			read = CT_FAULT;
		*n_bad += read == CT_FAULT;
		if (read)
			continue;
		*slot = at[k];
		status = add_goroutine(o, &g);
	}
	return status;
}

static enum ct_status add_all(struct ct_go_observation *o)
{
	struct ct_go_missing *m = &o->missing;
	uint32_t n = ct_go_n_goroutines(o->go), in_row = 0;
	struct roll roll;
	enum ct_status status = new_roll(o, n, &roll) ? CT_OK : CT_NO_MEMORY;

	ct_go_check_variables(o);
	m->list = !n;
	m->n_listed = n;
	if (n)
		ct_go_check_list(o);
	o->first = ct_sink_n_actors(o->sink);
	for (uint32_t i = 0, now; !status && i < n; i += now) {
		uint32_t n_bad = 0;

		now = CT_MIN(n - i, BATCH);
		status = add_batch(o, i, now, &roll, &n_bad);
		in_row = n_bad == now ? in_row + now : 0;
		/* The rest of the list is missing, or its length is wrong, or it names some often.
		 */
		if (in_row > MAX_BAD)
			n_bad += n - i - now;
		m->n_goroutines += n_bad;
		if (in_row > MAX_BAD)
			break;
	}
	/* The runtime's own live always. */
	m->list |= !o->n;
	free(roll.slots);
	return status;
}

static void say_unread(const struct ct_go_observation *o)
{
	if (o->waits->n_unread)
		ct_target_note(o->target, CT_NOTE_DAMAGED, "Go waits",
			"what %" PRIu32
			" goroutines or more wait for, or the state that it is in, could not be "
			"read",
			o->waits->n_unread);
}

enum ct_status ct_go_observe(struct ct_go_observation *o)
{
	enum ct_status status = ct_go_read_machines(o);

	o->in_c.thread = o->dying = CT_NONE;
	ct_go_fetch_goroutines(o->go);
	o->known = ct_go_known_stacks_new(o->go);
	if (!status && !o->known)
		status = CT_NO_MEMORY;
	if (!status)
		status = ct_go_waits_new(o);
	if (!status)
		status = add_all(o);
	if (!status)
		say_unread(o);
	if (!status)
		status = ct_go_observe_owners(o);
	if (!status)
		status = ct_go_observe_spins(o);
	if (!status)
		status = ct_go_observe_map_uses(o);
	if (!status)
		status = ct_go_observe_fatal(o);
	ct_go_mark_resting(o);
	enum ct_status sched = ct_go_observe_sched(o);
	if (!status)
		status = sched;
	if (o->names && !status)
		ct_go_name_channels(o);
	if (o->timers && !status)
		status = ct_go_observe_timers(o);
	if (!status)
		status = ct_go_observe_heap(o, o->heap, o->address);
	if (!status)
		status = ct_go_observe_references(o);
	if (!status && o->contexts)
		status = ct_go_observe_contexts(o);
	if (!status && o->pools)
		status = ct_go_observe_pools(o, o->retained);
	if (!status && o->services)
		status = ct_go_observe_services(o);
	if (!status && o->profiles)
		status = ct_go_observe_profiles(o);
	ct_go_world_free(o);
	ct_go_waits_free(o->waits);
	o->waits = NULL;
	ct_go_known_stacks_free(o->known);
	free(o->machines);
	free(o->frames);
	ct_vec_free(&o->own);
	ct_vec_free(&o->joined);
	ct_vec_free(&o->uses);
	ct_vec_free(&o->spins);
	ct_vec_free(&o->kept_tickers);
	return status;
}
