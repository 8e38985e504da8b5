/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/evidence.h"

#include "blocking/rust.h"

#define MAX_STEPS  2000 /* for one question to one frame: nine of ten need less */
#define MAX_FRAMES 32   /* of the program's own, that are asked */
#define RESULT     48   /* bytes of what a call constructs for its caller */
#define RED_ZONE   128  /* bytes below the stack pointer that a leaf function may use */

struct gatherer {
	const struct ct_blocking *ctx;
	struct ct_code *code;
	struct ct_evaluator *ev;
	const struct ct_wanted *wanted;
	uint32_t n;
	const struct ct_evidence_from *from;
	struct ct_evidence *evidence;
	uint64_t result_at; /* where the call out of the frame that is asked may construct its
			       result; 0: not known */
	/* Of the frames up to a signal handler's, or of what it interrupted: the call out of the
	 * innermost one of the program's own. */
	struct pending {
		size_t frame;                   /* that one; SIZE_MAX: not come to yet */
		bool outer;                     /* a handler has interrupted this */
		bool told;                      /* one path has told what the call is about: */
		uint64_t object;                /* 0: not known */
		const struct ct_event_row *row; /* NULL: it is none of ours */
	} pending;
	bool beyond; /* what is asked is farther out than the program's innermost function */
	/* Of the frame that is asked: what its paths do to each object. */
	struct tally {
		uint32_t released, acquired, nothing;
		uint32_t told; /* of n_paths */
		uint32_t seen; /* the path that was looked at last, plus 1 */
		struct ct_proof release, acquisition;
	} * tallies;
	uint32_t n_paths; /* of which those that tell nothing of an object count, too */
};

static bool is_release(const struct ct_wanted *w, const struct ct_code_event *event)
{
	switch (event->kind) {
	case CT_EVENT_RELEASE:
	case CT_EVENT_SIGNAL:
		return true;
	case CT_EVENT_UP:
		return w->primitive->possession->up_releases;
	case CT_EVENT_DOWN:
		return !w->primitive->possession->up_releases;
	default:
		return false;
	}
}

/* Is it an event on an object of this kind, and not on other data at its address? */
static bool concerns(const struct ct_wanted *w, const struct ct_code_event *event)
{
	return event->row ? ct_primitive_has_row(w->primitive, event->row)
			  : event->inlined && w->primitive->possession->inlined;
}

static struct ct_proof proof_of(const struct ct_code_event *event, size_t frame)
{
	return (struct ct_proof){(uint32_t)frame, event->row, event->pc};
}

/* ---- the future, and landing pads ---- */

/* The first event of the path on the i-th object, or NULL. */
static const struct ct_code_event *first_event(
	const struct gatherer *g, uint32_t path, const struct ct_wanted *w)
{
	const struct ct_code_event *first = NULL;

	for (uint32_t e = ct_path_last_event(g->ev, path); e != CT_NONE;) {
		const struct ct_code_event *event = ct_code_event(g->ev, e);

		if (!event->object.symbol && event->object.number == w->addr && concerns(w, event))
			first = event;
		e = event->prev;
	}
	return first;
}

/*
 * The number of the wanted object at addr when path was not asked about it yet; else CT_NONE. There
 * may be hundreds of objects and thousands of paths, and few events on each.
 */
static uint32_t not_yet_seen(const struct gatherer *g, uint64_t addr, uint32_t path)
{
	uint32_t i = ct_code_wanted(g->code, addr);

	if (i == CT_NONE || g->tallies[i].seen == path + 1)
		return CT_NONE;
	g->tallies[i].seen = path + 1;
	return i;
}

static void tally_path(struct gatherer *g, uint32_t path, bool complete, size_t frame)
{
	g->n_paths += complete;
	for (uint32_t e = ct_path_last_event(g->ev, path); e != CT_NONE;) {
		const struct ct_code_event *event = ct_code_event(g->ev, e);
		uint32_t i = event->object.symbol ? CT_NONE
						  : not_yet_seen(g, event->object.number, path);

		e = event->prev;
		event = i == CT_NONE ? NULL : first_event(g, path, &g->wanted[i]);
		if (!event)
			continue;
		struct tally *t = &g->tallies[i];
		t->told += complete;
		if (is_release(&g->wanted[i], event)) {
			t->released++;
			t->release = proof_of(event, frame);
		} else {
			t->acquired++;
		}
	}
}

static void reset_tallies(struct gatherer *g)
{
	memset(g->tallies, 0, g->n * sizeof(*g->tallies));
	g->n_paths = 0;
}

static void settle_tallies(struct gatherer *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		g->tallies[i].nothing += g->n_paths - g->tallies[i].told;
}

static struct ct_evaluation evaluation_at(const struct gatherer *g, size_t frame)
{
	const struct ct_arch *arch = ct_target_arch(g->ctx->target);
	const struct ct_regs *regs = &g->from->regs[frame];
	uint64_t sp = ct_reg(regs, arch->sp);
	const struct ct_map *map = ct_target_map_at(g->ctx->target, sp);
	bool exact = !g->from->frames[frame].is_call;

	return (struct ct_evaluation){.regs = *regs,
		.pc = g->from->frames[frame].pc,
		.dead_low = map ? map->start : sp,
		.dead_high = exact ? sp - RED_ZONE : sp,
		.stack_low = map ? map->start : sp,
		.stack_high = map ? map->end : sp,
		.max_steps = MAX_STEPS};
}

/*
 * A thread that is inside of a function that acquires such an object has it in its future to
 * release it, but does not have it yet; one that is inside of a release may have it no more.
 */
static bool is_pending(const struct gatherer *g, const struct ct_wanted *w)
{
	const struct pending *p = &g->pending;
	uint64_t waits_for = p->outer ? 0 : g->from->waits_for;
	uint64_t object = waits_for ? waits_for : p->object;

	return p->row && ct_primitive_has_row(w->primitive, p->row) &&
	       (!object || object == w->addr);
}

static bool is_being_acquired(const struct gatherer *g, const struct ct_wanted *w)
{
	if (!g->pending.outer && g->from->waits_for == w->addr)
		return true;
	return is_pending(g, w) && (g->pending.row->effect == CT_CALL_ACQUIRES ||
					   g->pending.row->effect == CT_CALL_TRIES ||
					   g->pending.row->effect == CT_CALL_GUARDS);
}

static bool is_being_released(const struct gatherer *g, const struct ct_wanted *w)
{
	return is_pending(g, w) && g->pending.row->effect == CT_CALL_RELEASES;
}

/* Tells whether the evaluation was whole. */
static enum ct_status run_forward(
	struct gatherer *g, const struct ct_evaluation *in, size_t frame, bool pad)
{
	enum ct_status status = ct_evaluate(g->ev, in);

	if (status)
		return status;
	reset_tallies(g);
	for (uint32_t p = 0; p < ct_evaluate_n_paths(g->ev); p++) {
		enum ct_path_end end = ct_path_end(g->ev, p);
		/* A landing pad ends by raising the exception again. */
		bool complete = end == CT_PATH_RETURNS || (pad && end == CT_PATH_NO_RETURN);

		tally_path(g, p, complete, frame);
	}
	settle_tallies(g);
	return CT_OK;
}

static enum ct_future judge_future(const struct tally *t, bool cut)
{
	if (t->acquired)
		return CT_FUTURE_MIXED;
	return t->nothing || cut ? CT_FUTURE_MAYBE : CT_FUTURE_SURE;
}

/*
 * A guard of what it waits for tells that it has it already, if it lives farther out. One that was
 * given to a condition variable's wait has been released, and will be acquired again.
 */
static bool is_guard_given(
	const struct gatherer *g, const struct ct_wanted *w, const struct ct_evidence *e)
{
	bool waits = !g->pending.outer && g->from->waits_for == w->addr;

	return waits &&
	       (e->past == CT_PAST_RELEASED || (w->primitive->possession->inlined && !g->beyond));
}

static enum ct_status ask_pad(
	struct gatherer *g, size_t frame, const struct ct_function *function, bool *has_pad)
{
	struct ct_evaluation in = evaluation_at(g, frame);

	*has_pad = g->from->frames[frame].is_call &&
		   !ct_landing_pad(ct_code_functions(g->code), function, in.pc, &in.pc);
	if (!*has_pad)
		return CT_OK;
	enum ct_status status = run_forward(g, &in, frame, true);
	if (status)
		return status;
	for (uint32_t i = 0; i < g->n; i++) {
		const struct tally *t = &g->tallies[i];
		struct ct_evidence *e = &g->evidence[i];

		/* A frame farther in has decided, or this one is of two minds. */
		if (e->pad || e->future == CT_FUTURE_MIXED || !t->released || t->acquired ||
			t->nothing || is_being_released(g, &g->wanted[i]) ||
			is_guard_given(g, &g->wanted[i], e))
			continue;
		e->pad = true;
		e->of_pad = t->release;
	}
	return CT_OK;
}

static enum ct_status ask_future(
	struct gatherer *g, size_t frame, const struct ct_function *function, bool has_pad)
{
	struct ct_evaluation in = evaluation_at(g, frame);

	/* Code with exceptions has objects: what is there now is not what will be. */
	if (function->pads && g->result_at) {
		in.lost = g->result_at;
		in.lost_size = RESULT;
	}
	enum ct_status status = run_forward(g, &in, frame, false);

	if (status)
		return status;
	bool cut = ct_evaluate_cut(g->ev);
	for (uint32_t i = 0; i < g->n; i++) {
		const struct tally *t = &g->tallies[i];
		struct ct_evidence *e = &g->evidence[i];

		if (e->future != CT_FUTURE_SILENT || (!t->released && !t->acquired) ||
			is_being_acquired(g, &g->wanted[i]) || is_being_released(g, &g->wanted[i]))
			continue;
		e->future = (uint8_t)judge_future(t, cut);
		e->of_future = t->release;
		e->pad_silent = has_pad && !(e->pad && e->of_pad.frame == frame);
	}
	return CT_OK;
}

/* ---- the past ---- */

/*
 * What the path has done to an object last: 1 acquired it, -1 released it, 0 nothing. *opaque: what
 * it called since may have released it.
 */
static int balance(struct gatherer *g, uint32_t path, const struct ct_wanted *w,
	struct ct_proof *proof, size_t frame, bool *opaque)
{
	bool doubt = false;

	*opaque = false;
	for (uint32_t e = ct_path_last_event(g->ev, path); e != CT_NONE;) {
		const struct ct_code_event *event = ct_code_event(g->ev, e);
		uint64_t object;

		e = event->prev;
		*opaque |= event->kind == CT_EVENT_OPAQUE;
		if (!concerns(w, event))
			continue;
		if (!ct_path_resolve(g->ev, event->object, &object)) {
			/* A release of nobody knows what may have been one of this. */
			doubt |= is_release(w, event);
			continue;
		}
		if (object != w->addr)
			continue;
		*proof = proof_of(event, frame);
		if (is_release(w, event))
			return -1;
		return doubt ? 0 : 1;
	}
	return 0;
}

static void tally_past(struct gatherer *g, uint32_t path, size_t frame)
{
	g->n_paths++;
	for (uint32_t e = ct_path_last_event(g->ev, path); e != CT_NONE;) {
		const struct ct_code_event *event = ct_code_event(g->ev, e);
		struct ct_proof proof;
		uint64_t object;
		bool opaque;

		e = event->prev;
		uint32_t i = ct_path_resolve(g->ev, event->object, &object)
				     ? not_yet_seen(g, object, path)
				     : CT_NONE;
		if (i == CT_NONE)
			continue;
		struct tally *t = &g->tallies[i];
		int had = balance(g, path, &g->wanted[i], &proof, frame, &opaque);
		t->told += had != 0;
		t->released += had < 0;
		if (had > 0) {
			t->acquired++;
			t->nothing += opaque;
			t->acquisition = proof;
		}
	}
}

static enum ct_past judge_past(const struct tally *t, bool cut)
{
	if (!t->acquired)
		return CT_PAST_RELEASED;
	return t->released || t->nothing || cut ? CT_PAST_MAYBE : CT_PAST_SURE;
}

/* The first argument of the call that path has come to; 0: not known. */
static uint64_t first_argument(struct gatherer *g, uint32_t path)
{
	uint64_t value;

	return ct_path_resolve(g->ev, ct_path_argument(g->ev, path, 0), &value) ? value : 0;
}

/* What the innermost call is about, if all paths to it agree. */
static void learn_pending(struct gatherer *g, uint32_t path)
{
	uint64_t object = first_argument(g, path);

	g->pending.object = g->pending.told && g->pending.object != object ? 0 : object;
	g->pending.told = true;
}

static void look_at_arrival(
	struct gatherer *g, uint32_t path, size_t frame, const struct ct_evaluation *in)
{
	uint64_t first = first_argument(g, path);

	tally_past(g, path, frame);
	if (frame == g->pending.frame)
		learn_pending(g, path);
	if (first - in->dead_high < g->from->frames[frame].cfa - in->dead_high)
		g->result_at = first;
}

/* Walks all ways to the call; *arrived: one of them could be the one that was taken. */
static enum ct_status arrive(
	struct gatherer *g, size_t frame, const struct ct_evaluation *in, bool *arrived)
{
	enum ct_status status = ct_evaluate(g->ev, in);

	if (status)
		return status;
	reset_tallies(g);
	for (uint32_t p = 0; p < ct_evaluate_n_paths(g->ev); p++)
		if (ct_path_end(g->ev, p) == CT_PATH_ARRIVES &&
			ct_path_bind(g->ev, p, &g->from->regs[frame], in->dead_high,
				g->from->frames[frame].cfa)) {
			look_at_arrival(g, p, frame, in);
			*arrived = true;
		}
	settle_tallies(g);
	return CT_OK;
}

static enum ct_status ask_past(struct gatherer *g, size_t frame, const struct ct_function *function)
{
	const struct ct_arch *arch = ct_target_arch(g->ctx->target);
	const struct ct_unwound_frame *f = &g->from->frames[frame];
	struct ct_evaluation in = evaluation_at(g, frame);

	g->result_at = 0;
	if (!f->cfa || f->cfa < in.dead_high)
		return CT_OK;
	in.past = true;
	in.stop = f->pc;
	in.stop_exact = !f->is_call;
	in.pc = function->start;
	ct_reg_set(&in.regs, arch->sp, f->cfa - 8);
	bool arrived = false;
	enum ct_status status = arrive(g, frame, &in, &arrived);
	if (!status && !arrived) {
		in.broad = true;
		status = arrive(g, frame, &in, &arrived);
	}
	if (status)
		return status;
	bool cut = ct_evaluate_cut(g->ev);
	for (uint32_t i = 0; i < g->n; i++) {
		const struct tally *t = &g->tallies[i];
		struct ct_evidence *e = &g->evidence[i];

		if (e->past != CT_PAST_SILENT || (!t->acquired && !t->released) ||
			is_being_released(g, &g->wanted[i]))
			continue;
		e->past = (uint8_t)judge_past(t, cut);
		e->of_past = t->acquisition;
	}
	return CT_OK;
}

/* ---- which frames are asked ---- */

#define MAX_LOOKED 4096 /* bytes of a frame, and before an object what it is a member of */

/* May this word be the address of one of the wanted objects, or of what it is in? */
static bool points_near(const struct gatherer *g, uint64_t word)
{
	for (uint32_t i = 0; i < g->n; i++)
		if (g->wanted[i].addr - word < MAX_LOOKED && !is_being_acquired(g, &g->wanted[i]))
			return true;
	return false;
}

static bool frame_points_near(const struct gatherer *g, size_t frame)
{
	const struct ct_regs *regs = &g->from->regs[frame];
	uint64_t low = ct_reg(regs, ct_target_arch(g->ctx->target)->sp);
	uint64_t words[MAX_LOOKED / 8], size = g->from->frames[frame].cfa - low;

	for (unsigned i = 0; i < CT_COUNT(regs->value); i++)
		if (regs->known >> i & 1 && points_near(g, regs->value[i]))
			return true;
	/* What cannot be looked at may have it. */
	if (size > sizeof(words) || ct_read(g->ctx->target, low, words, size & ~UINT64_C(7)))
		return true;
	for (uint64_t i = 0; i < size / 8; i++)
		if (points_near(g, words[i]))
			return true;
	return false;
}

/*
 * All threads have frames of libc, most of which have nothing to do with any lock of its own: only
 * what can know where one is, in its code, registers or memory, will release it.
 */
static bool is_worth_asking(
	const struct gatherer *g, size_t frame, const struct ct_function *function)
{
	uint32_t acquired =
		g->pending.outer ? CT_NONE : ct_code_wanted(g->code, g->from->waits_for);

	return ct_code_reaches(g->code, function) &&
	       (!ct_code_of_libc(g->code) || ct_code_mentions(g->code, function, acquired) ||
		       frame_points_near(g, frame));
}

static enum ct_status ask_frame(struct gatherer *g, size_t frame)
{
	const struct ct_unwound_frame *f = &g->from->frames[frame];
	struct ct_function function;
	bool has_pad;

	if (g->pending.frame == SIZE_MAX) {
		g->pending.frame = frame;
		g->pending.row = f->is_call ? ct_code_called(g->code, f->pc) : NULL;
	}
	if (ct_function_at(ct_code_functions(g->code), f->pc - f->is_call, &function) ||
		!is_worth_asking(g, frame, &function))
		return CT_OK;
	enum ct_status status = ask_past(g, frame, &function);
	if (!status)
		status = ask_pad(g, frame, &function, &has_pad);
	return status ? status : ask_future(g, frame, &function, has_pad);
}

/* Is it a function of the program's, rather than one of Rust's library? */
static bool is_programs(const struct gatherer *g, size_t frame)
{
	struct ct_arena scratch = {0};
	const char *name = ct_evidence_function(g->ctx, g->from, frame, &scratch);
	char path[CT_RUST_PATH];

	if (name)
		ct_rust_path(name, path);
	ct_arena_free(&scratch);
	return name && strncmp(path, "std::", 5) != 0 && strncmp(path, "core::", 6) != 0;
}

enum ct_status ct_evidence_gather(const struct ct_blocking *ctx, struct ct_code *code,
	const struct ct_wanted *wanted, uint32_t n_wanted, const struct ct_evidence_from *from,
	struct ct_evidence *ret)
{
	struct gatherer g = {.ctx = ctx,
		.code = code,
		.ev = ct_code_evaluator(code),
		.wanted = wanted,
		.n = n_wanted,
		.from = from,
		.evidence = ret,
		.pending.frame = SIZE_MAX};
	enum ct_status status = CT_OK;
	unsigned asked = 0;

	memset(ret, 0, n_wanted * sizeof(*ret));
	g.tallies = calloc((size_t)n_wanted + 1, sizeof(*g.tallies));
	if (!g.tallies)
		return CT_NO_MEMORY;
	for (size_t i = 0; !status && i < from->n && asked < MAX_FRAMES; i++) {
		const struct ct_unwound_frame *f = &from->frames[i];

		if (f->is_signal)
			g.pending = (struct pending){.frame = SIZE_MAX, .outer = true};
		if (f->is_signal || !ct_code_is_own(code, f->pc - f->is_call))
			continue;
		asked++;
		ct_evidence_runs(ctx, code, wanted, n_wanted, from, i, ret);
		status = ct_code_spent(code) ? CT_DONE : ask_frame(&g, i);
		g.beyond = g.beyond || (from->waits_for && is_programs(&g, i));
	}
	free(g.tallies);
	if (!status) {
		ct_evidence_belongs(ctx, wanted, n_wanted, from, ret);
		ct_evidence_refers(ctx, code, wanted, n_wanted, from, ret);
	}
	return status;
}
