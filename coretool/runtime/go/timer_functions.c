/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the functions of time.AfterFunc would do to what goroutines wait for: their code is asked,
 * as that of goroutines is (owners.h). Of one that does not tell it is said which of the channels
 * that goroutines wait at it has: a function value is an object that begins with its code, what it
 * has captured behind that.
 */
#include "runtime/go/heap_world.h"
#include "runtime/go/owners.h"
#include "runtime/go/timers.h"

#define MAX_CAPTURED 16                  /* words of one that are looked at */
#define MAX_STEPS    250000              /* of all functions: an eighth of a second */
#define MAX_ASKED    100000              /* functions */
#define MAX_FOUND    16u                 /* of one function */
#define MAX_DEEDS    (1u << 20)          /* of all */
#define STACK        (UINT64_C(1) << 62) /* where no memory is: of a goroutine that is not there yet */
#define STACK_SIZE   65536

/* The resource of the channel there, if somebody waits at it; CT_NONE. */
static uint32_t awaited_at(const struct ct_go_waits *waits, uint64_t channel)
{
	struct ct_hash_it it = ct_hash_find(&waits->channel_keys, ct_hash_u64(channel));
	uint32_t i;

	while (ct_hash_next(&waits->channel_keys, &it, &i))
		if (waits->channels.items[i].at == channel)
			return waits->channels.items[i].resource;
	return CT_NONE;
}

static bool add(struct ct_go_timers *timers, const struct ct_go_timer *t, uint32_t resource,
	struct ct_deed deed)
{
	struct ct_go_timer_deed *slot = ct_vec_push(&timers->deeds);

	if (slot)
		*slot = (struct ct_go_timer_deed){
			.resource = resource, .site = t->site, .fires = t->fires, .deed = deed};
	return slot;
}

/* before: the deeds of other timers. */
static bool is_told(const struct ct_go_timers *timers, uint32_t before, uint32_t resource)
{
	for (uint32_t i = before; i < timers->deeds.n; i++)
		if (timers->deeds.items[i].resource == resource)
			return true;
	return false;
}

/* The channels that it has captured, beside those that its code tells of. */
static enum ct_status add_had(
	struct ct_go_timers *timers, const struct ct_go_timer *t, uint32_t before)
{
	uint64_t words[1 + MAX_CAPTURED];
	struct ct_go_object object;
	struct ct_go_world *world;
	enum ct_status status = ct_go_world(timers->o, &world);

	if (status)
		return status == CT_NO_MEMORY ? status : CT_OK;
	/* Those that have captured nothing are in no heap. */
	if (!ct_go_object_at(world->heap, t->object, &object))
		return CT_OK;
	size_t size = (size_t)CT_MIN(object.span->elemsize, (uint64_t)sizeof(words));
	if (ct_read(world->heap->target, object.start, words, size))
		return CT_OK;
	for (size_t i = 1; i < size / 8; i++) {
		uint32_t has = words[i] ? awaited_at(timers->o->waits, words[i]) : CT_NONE;

		if (has != CT_NONE && !is_told(timers, before, has) &&
			!add(timers, t, has, (struct ct_deed){0}))
			return CT_NO_MEMORY;
	}
	return CT_OK;
}

/* ---- what they would do ---- */

/* Is it the end of a wait? Whom of those at an RWMutex a release lets go on hangs on who is there:
 * nothing is said of these. */
static bool ends_wait(const struct ct_go_evidence *e, const struct ct_go_found *f)
{
	switch ((enum ct_go_claim)e->wanted[f->wanted].claim) {
	case CT_GO_CLAIM_WRITER:
	case CT_GO_CLAIM_READER:
		return false;
	case CT_GO_CLAIM_CLOSE:
		return f->closes;
	default:
		return true;
	}
}

/* As of a goroutine that the runtime has just made for it. */
static enum ct_status ask(
	struct ct_go_timers *timers, struct ct_go_evidence *e, const struct ct_go_timer *t)
{
	const struct ct_go *go = timers->o->go;
	const struct ct_arch *arch = ct_target_arch(go->target);
	const struct ct_go_g g = {.stack_low = STACK, .stack_high = STACK + STACK_SIZE};
	const uint64_t sp = g.stack_high - 256;
	const uint32_t before = timers->deeds.n;
	struct ct_unwound_frame frame = {.cfa = sp + 8};
	struct ct_regs regs = {0};
	const struct ct_go_asked asked = {.g = &g,
		.actor = CT_NONE,
		.frames = &frame,
		.n = 1,
		.regs = &regs,
		.waits_for = CT_NONE};

	e->found.n = 0;
	if (ct_read_u64(go->target, t->object, &frame.pc))
		return CT_OK;
	ct_reg_set(&regs, arch->sp, sp);
	ct_reg_set(&regs, ct_go_code_abi(go)->context, t->object);
	enum ct_status status = ct_go_evidence_ask(e, &asked);
	for (uint32_t i = 0; !status && i < e->found.n; i++) {
		const struct ct_go_found *f = &e->found.items[i];
		uint32_t resource = e->wanted[f->wanted].resource;

		/* Of who closes a channel it may be found in two ways. */
		if (ends_wait(e, f) && !is_told(timers, before, resource) &&
			!add(timers, t, resource, ct_go_deed_of(timers->o, e, f)))
			status = CT_NO_MEMORY;
		if (timers->deeds.n - before == MAX_FOUND)
			break;
	}
	return status;
}

static enum ct_status ask_all(struct ct_go_timers *timers, struct ct_go_evidence *e)
{
	enum ct_status status = CT_OK;
	uint32_t n_asked = 0;
	bool cut = false;

	for (uint32_t i = 0; !status && i < timers->list.n; i++) {
		const struct ct_go_timer *t = &timers->list.items[i];
		uint32_t before = timers->deeds.n;

		cut |= before >= MAX_DEEDS;
		if (before >= MAX_DEEDS)
			break;
		if (t->kind != CT_GO_TIMER_FUNCTION || t->endless || t->site == CT_NONE)
			continue;
		cut |= e->code &&
		       (n_asked++ == MAX_ASKED ||
			       ct_evaluator_steps(ct_go_code_evaluator(e->code)) >= MAX_STEPS);
		if (e->code && !cut)
			status = ask(timers, e, t);
		if (!status)
			status = add_had(timers, t, before);
	}
	if (cut)
		ct_sink_note(timers->o->sink, CT_NOTE_LIMIT, "timers",
			"not the code of the functions of all timers was looked at: there are too "
			"many");
	return status;
}

static bool has_functions(const struct ct_go_timers *timers)
{
	for (uint32_t i = 0; i < timers->list.n; i++)
		if (timers->list.items[i].kind == CT_GO_TIMER_FUNCTION)
			return true;
	return false;
}

enum ct_status ct_go_ask_timers(struct ct_go_timers *timers)
{
	struct ct_go_evidence e = {.go = timers->o->go};
	ct_go_questions questions = {0};
	enum ct_status status = CT_NO_MEMORY;

	if (!has_functions(timers))
		return CT_OK;
	if (ct_go_collect_questions(timers->o, &questions)) {
		e.wanted = questions.items;
		e.n = questions.n;
		/* NULL also for a machine whose code we do not know. */
		if (questions.n)
			e.code = ct_go_code_new(e.go, e.wanted, e.n);
		status = ask_all(timers, &e);
	}
	ct_go_code_free(e.code);
	ct_vec_free(&e.found);
	ct_vec_free(&questions);
	return status;
}
