/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/evidence.h"

#include "runtime/go/defers.h"
#include "runtime/go/sudog.h"

#define MAX_STEPS  2000 /* for one frame */
#define MAX_FRAMES 24   /* that are asked */
#define MAX_EVENTS 32   /* of one path */
#define MAX_MATCH  4    /* questions about one address */

struct state { /* of one question, over the frames */
	uint32_t wanted;
	uint32_t debt; /* releases that belong to what is just being acquired */
	bool decided;
	struct ct_go_found use; /* of a channel, over all frames so far */
};

struct by {                             /* what does it */
	const struct ct_event_row *row; /* NULL: an atomic instruction */
	uint64_t pc;
};

struct tally { /* of one question, in one frame */
	uint32_t wanted;
	uint32_t paths, complete; /* that do it, */
	uint32_t acquired;        /* or acquire first */
	uint32_t least, most;     /* times on a path */
	uint32_t deferred, open;  /* by pending defers */
	uint32_t senders;         /* paths that send to the channel, */
	uint32_t sends;           /* the most on one path */
	bool receives;            /* on any path */
	struct by by, deferred_by, send_by;
};

struct asking {
	struct ct_go_evidence *e;
	const struct ct_go_asked *asked;
	struct ct_evaluator *ev;
	CT_VEC(struct state) states;
	CT_VEC(struct tally) tallies;
	struct ct_go_defer defers[CT_GO_MAX_DEFERS];
	size_t n_defers;
	/* What it is acquiring, which object is not known: claims, as bits. */
	unsigned pending;
	uint64_t reacquires; /* lock of the Cond that it waits at; 0: none */
};

/* ---- the frames ---- */

static uint64_t sp_of(const struct asking *a, size_t frame)
{
	const struct ct_arch *arch = ct_target_arch(a->e->go->target);

	return frame ? a->asked->frames[frame - 1].cfa : ct_reg(a->asked->regs, arch->sp);
}

static bool function_of(const struct asking *a, size_t frame, struct ct_go_function *ret)
{
	const struct ct_unwound_frame *f = &a->asked->frames[frame];

	return ct_go_function_at(&a->e->go->tables, f->pc - f->is_call, ret);
}

static bool is(const char *name, const char *of_sync)
{
	static const char internal[] = "internal/";

	if (!strncmp(name, internal, sizeof(internal) - 1))
		name += sizeof(internal) - 1;
	return !strcmp(name, of_sync);
}

/* What it is just acquiring, by the functions that it is in; the first frame behind them. */
static size_t find_pending(struct asking *a)
{
	bool sleeps = false;
	size_t i = 0;

	for (; i < a->asked->n; i++) {
		struct ct_go_function function;

		if (!function_of(a, i, &function))
			break;
		const char *name = ct_go_function_name(&function);
		/* It releases itself what it acquires, and may call itself again until then. */
		if (a->pending && is(name, "sync.(*Once).doSlow")) {
			a->pending = 0;
			return i + 1;
		}
		if (!ct_go_code_is_inner(name))
			break;
		if (is(name, "sync.(*Mutex).lockSlow") || is(name, "sync.(*Mutex).Lock"))
			a->pending = 1u << CT_GO_CLAIM_MUTEX;
		else if (is(name, "sync.(*RWMutex).Lock"))
			a->pending = 1u << CT_GO_CLAIM_WRITER;
		else if (is(name, "sync.(*RWMutex).RLock") ||
			 is(name, "sync.runtime_SemacquireRWMutexR"))
			a->pending = 1u << CT_GO_CLAIM_READER;
		else if (is(name, "sync.(*Cond).Wait"))
			a->pending = 1u << CT_GO_CLAIM_MUTEX | 1u << CT_GO_CLAIM_WRITER |
				     1u << CT_GO_CLAIM_READER;
		sleeps |= is(name, "sync.runtime_SemacquireMutex");
	}
	/* Up to 1.19, RLock inlined sleeps so, too. */
	if (sleeps && !a->pending)
		a->pending = 1u << CT_GO_CLAIM_READER;
	return i;
}

/* ---- questions ---- */

static bool is_pending(const struct asking *a, const struct ct_go_wanted *w)
{
	if (a->asked->cond)
		return a->reacquires ? w->addr == a->reacquires && ct_go_claims_hold(w->claim)
				     : a->pending >> w->claim & 1;
	if (a->asked->waits_for != CT_NONE && a->pending)
		return w->resource == a->asked->waits_for && w->claim == a->asked->claim;
	return a->pending >> w->claim & 1;
}

static struct state *state_of(struct asking *a, uint32_t wanted)
{
	for (uint32_t i = 0; i < a->states.n; i++)
		if (a->states.items[i].wanted == wanted)
			return &a->states.items[i];
	struct state *slot = ct_vec_push(&a->states);
	if (slot)
		*slot = (struct state){
			.wanted = wanted, .debt = is_pending(a, &a->e->wanted[wanted])};
	return slot;
}

static struct tally *tally_of(struct asking *a, uint32_t wanted)
{
	for (uint32_t i = 0; i < a->tallies.n; i++)
		if (a->tallies.items[i].wanted == wanted)
			return &a->tallies.items[i];
	struct tally *slot = ct_vec_push(&a->tallies);
	if (slot)
		*slot = (struct tally){.wanted = wanted, .least = UINT32_MAX};
	return slot;
}

/* ---- paths ---- */

/* The events of a path, oldest first. */
static uint32_t list_events(const struct asking *a, uint32_t path, const struct ct_code_event **ret)
{
	uint32_t at = ct_path_last_event(a->ev, path), n = 0;

	for (uint32_t e = at; e != CT_NONE; e = ct_code_event(a->ev, e)->prev)
		n++;
	if (n > MAX_EVENTS)
		return 0;
	for (uint32_t e = at, i = n; e != CT_NONE; e = ct_code_event(a->ev, e)->prev)
		ret[--i] = ct_code_event(a->ev, e);
	return n;
}

struct on_path { /* what one path does to one object */
	uint32_t wanted, n;
	bool acquired; /* first, or after n releases: what comes then does not count */
	struct by by;
	uint32_t sends, receives; /* of a channel of which is asked who will close it */
	struct by send_by;
};

/* What an event does to the question. */
static void note_event(
	const struct asking *a, uint32_t w, const struct ct_code_event *event, struct on_path *ret)
{
	int means = ct_go_code_means(a->e->code, w, event);

	if (a->e->wanted[w].claim == CT_GO_CLAIM_CLOSE && !means && event->row) {
		ret->sends += event->kind == CT_EVENT_UP;
		ret->receives += event->kind == CT_EVENT_DOWN;
		if (event->kind == CT_EVENT_UP)
			ret->send_by = (struct by){event->row, event->pc};
	}
	if (!means || ret->acquired)
		return;
	ret->acquired = means < 0;
	ret->n += means > 0;
	if (ret->n == 1 && means > 0)
		ret->by = (struct by){event->row, event->pc};
}

static uint32_t summarize(const struct asking *a, uint32_t path, struct on_path *ret)
{
	const struct ct_code_event *events[MAX_EVENTS];
	uint32_t n = list_events(a, path, events), n_ret = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct ct_code_event *event = events[i];
		uint32_t w = event->object.symbol
				     ? CT_NONE
				     : ct_go_code_first(a->e->code, event->object.number);

		for (; w < a->e->n && a->e->wanted[w].addr == event->object.number; w++) {
			uint32_t of = a->e->wanted[w].alias ? a->e->wanted[w].of : w, k = 0;

			while (k < n_ret && ret[k].wanted != of)
				k++;
			if (k >= MAX_EVENTS)
				continue;
			if (k == n_ret)
				ret[k] = (struct on_path){.wanted = of};
			note_event(a, w, event, &ret[k]);
			if (k == n_ret &&
				(ret[k].acquired || ret[k].n || ret[k].sends || ret[k].receives))
				n_ret++;
		}
	}
	return n_ret;
}

static bool tally_path(struct asking *a, uint32_t path)
{
	bool complete = ct_path_end(a->ev, path) == CT_PATH_RETURNS;
	struct on_path on[MAX_EVENTS];
	uint32_t n = summarize(a, path, on);

	for (uint32_t i = 0; i < n; i++) {
		struct tally *t = tally_of(a, on[i].wanted);

		if (!t)
			return false;
		t->senders += on[i].sends > 0;
		t->sends = CT_MAX(t->sends, on[i].sends);
		t->receives |= on[i].receives > 0;
		t->send_by = on[i].sends ? on[i].send_by : t->send_by;
		if (!on[i].n) {
			t->acquired += on[i].acquired;
			continue;
		}
		t->paths++;
		t->complete += complete;
		t->least = CT_MIN(t->least, on[i].n);
		t->most = CT_MAX(t->most, on[i].n);
		t->by = on[i].by;
	}
	return true;
}

/* Who panics or exits does nothing any more; of those that come back: how many. */
static uint32_t count_returns(const struct asking *a)
{
	uint32_t n = 0;

	for (uint32_t p = 0; p < ct_evaluate_n_paths(a->ev); p++)
		n += ct_path_end(a->ev, p) == CT_PATH_RETURNS;
	return n;
}

/* ---- one frame ---- */

static struct ct_evaluation evaluation_at(const struct asking *a, uint64_t pc, uint64_t sp)
{
	const struct ct_arch *arch = ct_target_arch(a->e->go->target);
	struct ct_evaluation in = {.pc = pc,
		.dead_low = a->asked->g->stack_low,
		.dead_high = CT_MAX(sp, a->asked->g->stack_low),
		.stack_low = a->asked->g->stack_low,
		.stack_high = a->asked->g->stack_high,
		.max_steps = MAX_STEPS};

	ct_reg_set(&in.regs, arch->sp, sp);
	return in;
}

/* What the call that it is in will write to its stack. */
static void add_lost(const struct asking *a, size_t frame, struct ct_evaluation *in)
{
	const struct ct_go *go = a->e->go;
	uint32_t offset = ct_go_at(go, HCHAN_ELEMSIZE);
	struct ct_go_function callee;
	struct ct_go_sudog sudog;
	uint16_t size = 0;

	if (!ct_go_code_abi(go)->n_arguments && frame && function_of(a, frame - 1, &callee)) {
		in->lost = sp_of(a, frame);
		in->lost_size = CT_MIN(ct_go_function_args(&callee), 4096u);
	} else if (a->asked->g->waiting && offset != CT_GO_ABSENT &&
		   !ct_go_sudog_at(go, a->asked->g->waiting, &sudog) && sudog.channel &&
		   !ct_read(go->target, sudog.channel + offset, &size, sizeof(size))) {
		in->lost = sudog.elem;
		in->lost_size = sudog.elem ? size : 0;
	}
}

/* What a pending function will do, from its first instruction on. */
static enum ct_status ask_closure(
	struct asking *a, const struct ct_go_defer *d, uint64_t entry, bool open)
{
	const struct ct_arch *arch = ct_target_arch(a->e->go->target);
	struct ct_evaluation in = evaluation_at(a, entry, d->sp);

	in.args = d->args;
	ct_reg_set(&in.regs, arch->sp, d->sp - 256);
	ct_reg_set(&in.regs, ct_go_code_abi(a->e->go)->context, d->closure);
	enum ct_status status = ct_evaluate(a->ev, &in);
	if (status)
		return status;
	uint32_t returns = count_returns(a);
	bool cut = ct_evaluate_cut(a->ev);
	struct on_path first[MAX_EVENTS];
	uint32_t n_first = 0, seen = 0;
	a->e->unclear |= ct_evaluate_unclear(a->ev);
	/* What it does on all its paths counts. */
	for (uint32_t p = 0; !cut && p < ct_evaluate_n_paths(a->ev); p++) {
		struct on_path on[MAX_EVENTS];

		if (ct_path_end(a->ev, p) != CT_PATH_RETURNS)
			continue;
		uint32_t n = summarize(a, p, on);
		if (!seen++) {
			memcpy(first, on, n * sizeof(*on));
			n_first = n;
			continue;
		}
		for (uint32_t i = 0; i < n_first; i++) {
			uint32_t k = 0;

			while (k < n && on[k].wanted != first[i].wanted)
				k++;
			if (k == n || !on[k].n)
				first[i].n = 0;
		}
	}
	for (uint32_t i = 0; returns && i < n_first; i++) {
		struct tally *t = first[i].n ? tally_of(a, first[i].wanted) : NULL;

		if (!t)
			continue;
		t->deferred += open ? 0 : first[i].n;
		t->open += open ? first[i].n : 0;
		t->deferred_by = first[i].by;
	}
	return CT_OK;
}

/* What a function does by itself, that is deferred with its arguments (up to 1.16). */
static bool note_call(
	struct asking *a, const struct ct_go_defer *d, const struct ct_code_event *event, bool open)
{
	uint64_t object = d->args.value[0];
	uint32_t w = ct_go_code_first(a->e->code, object);

	for (; w < a->e->n && a->e->wanted[w].addr == object; w++) {
		bool does = ct_go_code_means(a->e->code, w, event) > 0;
		struct tally *t = does ? tally_of(a, w) : NULL;

		if (does && !t)
			return false;
		if (!does)
			continue;
		t->deferred += !open;
		t->open += open;
		/* Where the call stands is not known, but what is called. */
		t->deferred_by = (struct by){event->row, 0};
	}
	return true;
}

static enum ct_status ask_deferred(struct asking *a, const struct ct_go_defer *d, bool open)
{
	struct ct_go_function function;
	struct ct_code_event event;
	uint64_t entry;

	if (!d->closure || ct_read_u64(a->e->go->target, d->closure, &entry))
		return CT_OK;
	bool inner = d->takes && ct_go_function_at(&a->e->go->tables, entry, &function) &&
		     ct_go_code_is_inner(ct_go_function_name(&function));
	if (!inner)
		return ask_closure(a, d, entry, open);
	/* Of these only the call itself counts. */
	if (!(d->args.known & 1) || !ct_go_code_call(a->e->code, entry, d->args.value[0], &event))
		return CT_OK;
	return note_call(a, d, &event, open) ? CT_OK : CT_NO_MEMORY;
}

static enum ct_status ask_defers(
	struct asking *a, size_t frame, const struct ct_go_function *function)
{
	struct ct_go_defer open[CT_GO_MAX_OPEN_DEFERS];
	uint64_t sp = sp_of(a, frame);
	size_t n = ct_go_open_defers(a->e->go, function, sp, a->asked->frames[frame].cfa, open);
	enum ct_status status = CT_OK;

	for (size_t i = 0; !status && i < n; i++)
		status = ask_deferred(a, &open[i], true);
	for (size_t i = 0; !status && i < a->n_defers; i++)
		if (a->defers[i].sp == sp)
			status = ask_deferred(a, &a->defers[i], false);
	return status;
}

/* By what is deferred alone. What is open-coded is on the paths to the function's end as well. */
static bool is_deferred(const struct tally *t)
{
	return !t->paths || (t->open && t->most <= t->open);
}

static bool add_found(struct asking *a, const struct tally *t, size_t frame, bool sure)
{
	struct ct_go_found *slot = ct_vec_push(&a->e->found);
	bool deferred = is_deferred(t);
	struct by by = deferred ? t->deferred_by : t->by;

	if (!slot)
		return false;
	*slot = (struct ct_go_found){.wanted = t->wanted,
		.actor = a->asked->actor,
		.sure = sure,
		.deferred = deferred,
		.frame = (uint32_t)frame,
		.row = by.row,
		.pc = by.pc};
	return true;
}

/* Does every path of the frame go round a loop in which it sends? */
static bool sends_for_ever(const struct asking *a, const struct tally *t, bool cut)
{
	uint32_t n = ct_evaluate_n_paths(a->ev);

	for (uint32_t p = 0; p < n; p++)
		if (ct_path_end(a->ev, p) != CT_PATH_MERGES)
			return false;
	return n && !cut && t->senders == n;
}

/* The innermost frame that closes it, else the innermost that sends, else the one that receives, is
 * the one that is named. */
static bool note_use(
	struct asking *a, const struct tally *t, size_t frame, uint32_t returns, bool cut)
{
	struct state *s = state_of(a, t->wanted);
	bool pending = t->deferred || t->open;

	if (!s)
		return false;
	struct ct_go_found *use = &s->use;
	bool names = !use->closes && (t->paths || pending);

	if (!use->closes && !use->sends && !use->receives && t->receives)
		use->frame = (uint32_t)frame;
	use->receives |= t->receives;
	if (names || (!use->closes && !use->sends && t->sends)) {
		use->frame = (uint32_t)frame;
		bool deferred = names && is_deferred(t);
		struct by by = deferred ? t->deferred_by : t->paths ? t->by : t->send_by;

		use->row = by.row;
		use->pc = by.pc;
		use->deferred = deferred;
	}
	if (names) {
		use->closes = true;
		use->sure = pending || (t->complete == returns && returns && !cut);
	}
	use->sends += t->sends;
	use->endless |= t->sends && sends_for_ever(a, t, cut);
	return true;
}

static bool add_uses(struct asking *a)
{
	for (uint32_t i = 0; i < a->states.n; i++) {
		const struct state *s = &a->states.items[i];
		bool used = s->use.closes || s->use.receives || s->use.sends;
		struct ct_go_found *slot = used ? ct_vec_push(&a->e->found) : NULL;

		if (used && !slot)
			return false;
		if (!slot)
			continue;
		*slot = s->use;
		slot->wanted = s->wanted;
		slot->actor = a->asked->actor;
	}
	return true;
}

/*
 * Of a lock: is it released beyond what is owed? returns: paths that come back; cut: there may be
 * more of them.
 */
static bool decide(
	struct asking *a, const struct tally *t, size_t frame, uint32_t returns, bool cut)
{
	struct state *s = state_of(a, t->wanted);

	if (!s || s->decided)
		return s != NULL;
	if (a->e->wanted[t->wanted].claim == CT_GO_CLAIM_CLOSE)
		return note_use(a, t, frame, returns, cut);
	bool lock = ct_go_claims_hold(a->e->wanted[t->wanted].claim);
	/* The code will acquire it first, on some path: it does not have it. */
	if (lock && t->acquired) {
		s->decided = true;
		return true;
	}
	bool all = t->paths && t->complete == returns && !cut;
	uint32_t least = (all ? t->least : 0) + t->deferred, most = t->most + t->deferred;
	/* What is open-coded is on the paths, but where none comes to the end. */
	least = CT_MAX(least, t->open);
	most = CT_MAX(most, t->open);
	if (lock && s->debt) {
		if (least < s->debt) {
			s->decided = most > 0;
			return true;
		}
		least -= s->debt;
		most = least;
		s->debt = 0;
		if (!least)
			return true;
	}
	s->decided = true;
	return !most || add_found(a, t, frame, least > 0);
}

static enum ct_status ask_frame(
	struct asking *a, size_t frame, const struct ct_go_function *function)
{
	const struct ct_unwound_frame *f = &a->asked->frames[frame];
	struct ct_evaluation in = evaluation_at(a, f->pc, sp_of(a, frame));

	if (!frame)
		in.regs = *a->asked->regs;
	add_lost(a, frame, &in);
	a->tallies.n = 0;
	enum ct_status status = ct_evaluate(a->ev, &in);
	if (status)
		return status;
	uint32_t returns = count_returns(a);
	bool cut = ct_evaluate_cut(a->ev);
	a->e->unclear |= cut || ct_evaluate_unclear(a->ev);
	for (uint32_t p = 0; p < ct_evaluate_n_paths(a->ev); p++)
		if (!tally_path(a, p))
			return CT_NO_MEMORY;
	status = ask_defers(a, frame, function);
	for (uint32_t i = 0; !status && i < a->tallies.n; i++)
		if (!decide(a, &a->tallies.items[i], frame, returns, cut))
			status = CT_NO_MEMORY;
	return status;
}

/* A panic runs what is deferred, and nothing else of the frames behind it. */
static bool ends_here(const char *name)
{
	return !strcmp(name, "runtime.gopanic") || !strcmp(name, "runtime.Goexit") ||
	       !strcmp(name, "runtime.sigpanic");
}

enum ct_status ct_go_evidence_ask(struct ct_go_evidence *e, const struct ct_go_asked *asked)
{
	struct asking a = {.e = e, .asked = asked, .ev = ct_go_code_evaluator(e->code)};
	enum ct_status status = CT_OK;
	unsigned n_asked = 0;

	if (asked->cond && ct_go_at(e->go, COND_L) != CT_GO_ABSENT)
		(void)!ct_read_u64(
			e->go->target, asked->cond + ct_go_at(e->go, COND_L) + 8, &a.reacquires);
	a.n_defers = ct_go_defers(e->go, asked->g, a.defers);
	size_t first = find_pending(&a);
	for (size_t i = 0; !status && i < asked->n && n_asked < MAX_FRAMES; i++) {
		struct ct_go_function function;

		/* In C, or called from there. */
		if (!function_of(&a, i, &function) || (i && !asked->frames[i - 1].cfa))
			continue;
		const char *name = ct_go_function_name(&function);
		if (ends_here(name))
			break;
		if (i < first || ct_go_code_is_inner(name) ||
			!ct_go_code_is_asked(e->code, &function))
			continue;
		n_asked++;
		status = ask_frame(&a, i, &function);
	}
	if (!status && !add_uses(&a))
		status = CT_NO_MEMORY;
	ct_vec_free(&a.states);
	ct_vec_free(&a.tallies);
	return status;
}
