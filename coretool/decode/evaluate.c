/* SPDX-License-Identifier: Apache-2.0 */
/* Paths through code: branches, calls, returns, and where to stop. */
#include "decode/evaluate_internal.h"

#define MAX_DEPTH      9   /* of calls: C++ without optimisation needs 5 for a guard's destructor */
#define MAX_OUTCOMES   6   /* of a callee, that go on in its caller; */
#define MAX_RESULTS    6   /* and others that but construct other results */
#define MAX_VISITS     3   /* of one place with the same events and the same small result */
#define MAX_SAME_PLACE 12  /* with the same events */
#define MIN_BUDGET     60  /* less is not worth entering a callee */
#define CHARGE         200 /* steps of its callee that a caller pays for at most */
#define SMALL          4096 /* results below are worth telling apart */

struct outcome {
	enum ct_path_end end;
	struct state state;
};

struct exploration {
	struct ct_evaluator *ev;
	uint32_t id;
	unsigned depth; /* of calls that may still be entered; MAX_DEPTH: the frame itself */
	uint32_t steps, budget;
	bool cut;
	CT_VEC(struct state) work;
	uint32_t next; /* of work */
	CT_VEC(struct outcome) outcomes;
};

/* What a step did to the path that is walked. */
enum walk { WALK_ON, WALK_ENDED };

static void end_path(struct exploration *x, enum ct_path_end end, const struct state *st)
{
	struct outcome *slot = ct_vec_push(&x->outcomes);

	if (!slot) {
		x->ev->failed = true;
		return;
	}
	slot->end = end;
	slot->state = *st;
}

static void fork_path(struct exploration *x, const struct state *st)
{
	struct state *slot = ct_vec_push(&x->work);

	if (slot)
		*slot = *st;
	else
		x->ev->failed = true;
}

/* ---- where a path has been ---- */

static uint32_t count_visit(struct ct_evaluator *ev, uint64_t key)
{
	uint32_t at = (uint32_t)ct_hash_u64(key) & (VISITS - 1);

	for (uint32_t i = 0; i < VISITS; i++, at = (at + 1) & (VISITS - 1)) {
		struct visit *v = &ev->visits[at];

		if (v->evaluation != ev->evaluation) {
			if (ev->n_visits++ >= VISITS / 2)
				break;
			*v = (struct visit){key, ev->evaluation, 1};
			return 1;
		}
		if (v->key == key)
			return ++v->count;
	}
	ev->cut = true;
	return UINT32_MAX;
}

static uint64_t small_result(const struct state *st)
{
	struct ct_term w = st->reg[RAX];

	return ct_is_number(w) && w.number < SMALL ? w.number : SMALL;
}

/* Has the path come by here, as it is, often enough? */
static bool visited_enough(struct exploration *x, const struct state *st)
{
	const struct flags *f = &st->flags;
	uint64_t zero = f->kind == FLAGS_ZERO ? 1u + f->zero : 0;
	const uint64_t id = x->id | (uint64_t)st->n_deferred << 32;
	const uint64_t place[] = {st->pc, st->events, id, 0, 0};
	const uint64_t key[] = {st->pc, st->events, id, 1 + small_result(st), zero};

	return count_visit(x->ev, ct_hash_bytes(key, sizeof(key))) > MAX_VISITS ||
	       count_visit(x->ev, ct_hash_bytes(place, sizeof(place))) > MAX_SAME_PLACE;
}

/* ---- branches ---- */

static void assume(
	struct exploration *x, struct state *st, const struct flags *flags, unsigned cc, bool holds)
{
	struct ct_evaluator *ev = x->ev;
	uint32_t n = st->assumptions == CT_NONE ? 0 : ev->assumptions.items[st->assumptions].n;

	if (!ev->in.past || flags->kind != FLAGS_COMPARE || n >= 24)
		return;
	struct assumption *slot = ct_vec_push(&ev->assumptions);
	if (!slot) {
		ev->failed = true;
		return;
	}
	*slot = (struct assumption){*flags, (uint8_t)cc, holds, st->assumptions, n + 1};
	st->assumptions = ev->assumptions.n - 1;
}

static void branch(struct exploration *x, struct state *st, const struct instruction *in, int cc)
{
	uint64_t target = (uint64_t)in->op[0].number;
	int holds = cc < 0 ? -1 : ct_flags_test(x->ev, &st->flags, (unsigned)cc);

	st->pc = holds > 0 ? target : in->next;
	if (holds >= 0)
		return;
	struct state other = *st;
	other.pc = target;
	if (cc >= 0) {
		assume(x, &other, &st->flags, (unsigned)cc, true);
		assume(x, st, &st->flags, (unsigned)cc, false);
	}
	fork_path(x, &other);
}

/* ---- calls ---- */

static bool explore(struct exploration *x);

/* Of a result that is constructed on the stack of a caller, to which RAX points then, the first
 * byte tells kinds apart: Rust's Ok and Err. */
static uint64_t result_of(struct ct_evaluator *ev, const struct state *st)
{
	struct ct_term w = st->reg[RAX];

	if (!ct_is_number(w) || !ct_is_number(st->reg[RSP]) || w.number < st->reg[RSP].number ||
		w.number >= ev->in.stack_high)
		return small_result(st);
	struct ct_term byte = ct_state_load(ev, st, w, 1);
	return ct_is_number(byte) ? SMALL + 1 + byte.number : SMALL;
}

struct kept { /* outcomes of a callee that go on */
	const struct state *states[MAX_OUTCOMES + MAX_RESULTS];
	uint64_t results[MAX_OUTCOMES + MAX_RESULTS];
	unsigned n;
	unsigned n_results; /* of which differ in what they have constructed alone */
};

static void keep(struct ct_evaluator *ev, struct kept *kept, const struct state *st)
{
	uint64_t result = result_of(ev, st);
	bool other = true;

	for (unsigned i = 0; i < kept->n; i++) {
		const struct state *k = kept->states[i];

		if (k->events != st->events || small_result(k) != small_result(st))
			continue;
		if (kept->results[i] == result)
			return;
		other = false;
	}
	if (other ? kept->n - kept->n_results == MAX_OUTCOMES : kept->n_results == MAX_RESULTS)
		return;
	kept->n_results += !other;
	kept->results[kept->n] = result;
	kept->states[kept->n++] = st;
}

/*
 * Returns of the callee into its caller, those that differ: the first goes on in *st. kept: the
 * registers that its caller still knows.
 */
static enum walk come_back(struct exploration *x, const struct exploration *sub,
	uint32_t kept_registers, struct state *st)
{
	const struct state before = *st;
	struct kept kept = {.n = 0};
	bool unclear = sub->cut, opaque = sub->cut;

	for (uint32_t i = 0; i < sub->outcomes.n; i++) {
		const struct outcome *o = &sub->outcomes.items[i];

		unclear |= o->end == CT_PATH_UNKNOWN || o->end == CT_PATH_MERGES;
		opaque |= o->end == CT_PATH_UNKNOWN;
		if (o->end == CT_PATH_RETURNS)
			keep(x->ev, &kept, &o->state);
	}
	for (unsigned i = kept.n; i-- > 0;) {
		struct state back = *kept.states[i];

		const struct ct_code_abi *abi = x->ev->view.abi;
		ct_state_forget_registers(x->ev, &back, ~kept_registers);
		for (unsigned r = 0; r < N_GPR; r++)
			if (abi->preserved >> r & 1 || r == RSP)
				back.reg[r] = before.reg[r];
		back.flags.kind = FLAGS_UNKNOWN;
		back.pc = before.pc;
		back.n_deferred = before.n_deferred;
		memcpy(back.deferred, before.deferred, sizeof(back.deferred));
		if (opaque)
			ct_call_opaque(x->ev, &back);
		if (i)
			fork_path(x, &back);
		else
			*st = back;
	}
	if (kept.n)
		return WALK_ON;
	if (!unclear) {
		end_path(x, CT_PATH_NO_RETURN, st);
		return WALK_ENDED;
	}
	ct_call_opaque(x->ev, st);
	ct_call_result(x->ev, st, ct_word_fresh(x->ev));
	return WALK_ON;
}

static enum walk enter(struct exploration *x, struct state *st, const struct ct_callee *callee)
{
	const struct ct_code_abi *abi = x->ev->view.abi;
	uint32_t left = x->budget - x->steps;
	struct exploration sub = {.ev = x->ev,
		.depth = x->depth - 1,
		.budget = CT_MAX(MIN_BUDGET, left / 4 * 3),
		.id = ++x->ev->exploration};
	struct state inside = *st;

	inside.reg[RSP].number -= 8;
	ct_state_store(x->ev, &inside, inside.reg[RSP], 8, ct_number(st->pc));
	inside.pc = callee->entry;
	inside.n_deferred = 0;
	fork_path(&sub, &inside);
	(void)explore(&sub);
	x->steps += CT_MIN(sub.steps, CHARGE);
	enum walk walk =
		come_back(x, &sub, callee->spares ? UINT32_MAX : abi->preserved | abi->results, st);
	ct_vec_free(&sub.work);
	ct_vec_free(&sub.outcomes);
	return walk;
}

/* Where a call or jump goes, as far as that is known. */
static void find_target(struct exploration *x, struct state *st, const struct instruction *in,
	uint64_t *target, uint64_t *slot)
{
	const struct operand *op = &in->op[0];

	*target = *slot = 0;
	if (op->type == OPERAND_IMM) {
		*target = (uint64_t)op->number;
		return;
	}
	if (op->type == OPERAND_MEM && op->base == NO_REG && op->index == NO_REG && !op->segment) {
		*slot = (uint64_t)op->number;
		return;
	}
	struct ct_term w = ct_state_get(x->ev, st, op);
	if (ct_is_number(w)) {
		*target = w.number;
		return;
	}
	/* A pointer in memory is what it was more often than not. */
	const struct symbol *s = &x->ev->symbols.items[w.symbol];
	if (s->kind == SYMBOL_LOAD && !w.number && ct_is_number(s->a))
		(void)!x->ev->view.read(x->ev->view.arg, s->a.number, target, sizeof(*target));
}

static enum walk return_from(struct exploration *x, struct state *st)
{
	end_path(x, CT_PATH_RETURNS, st);
	return WALK_ENDED;
}

static bool can_enter(const struct exploration *x)
{
	return x->depth && x->budget - x->steps >= MIN_BUDGET;
}

/* The last closure that was deferred; the call is made once more, for those before it. */
static enum walk call_deferred(
	struct exploration *x, struct state *st, const struct instruction *in)
{
	struct ct_evaluator *ev = x->ev;
	struct ct_callee callee = {.kind = CT_CALLEE_FOREIGN};

	if (!st->n_deferred) {
		ct_call_unseen(ev, st, 0);
		return WALK_ON;
	}
	struct ct_term closure = st->deferred[--st->n_deferred];
	struct ct_term entry = ct_state_load(ev, st, closure, 8);

	st->pc = in->pc;
	if (ct_is_number(entry))
		callee = ev->view.callee(ev->view.arg, entry.number, 0, true);
	st->reg[ev->view.abi->context] = closure;
	if (callee.kind == CT_CALLEE_ENTER && can_enter(x))
		return enter(x, st, &callee);
	ct_call_unseen(ev, st, 0);
	return WALK_ON;
}

/* A call that is carried out here, as an instruction. st->pc is behind it. */
static enum walk call(struct exploration *x, struct state *st, const struct instruction *in)
{
	uint64_t target, slot;
	struct state other;
	bool forks = false;

	find_target(x, st, in, &target, &slot);
	st->pc = in->next;
	struct ct_callee callee = x->ev->view.callee(x->ev->view.arg, target, slot, true);
	switch (callee.kind) {
	case CT_CALLEE_NO_RETURN:
		end_path(x, CT_PATH_NO_RETURN, st);
		return WALK_ENDED;
	case CT_CALLEE_EVENT:
		ct_call_event(x->ev, st, in, &callee, &other, &forks);
		if (forks)
			fork_path(x, &other);
		return WALK_ON;
	case CT_CALLEE_DEFERS:
		ct_call_defers(x->ev, st, callee.closure);
		return WALK_ON;
	case CT_CALLEE_DEFERRED:
		return call_deferred(x, st, in);
	case CT_CALLEE_ENTER:
		if (can_enter(x))
			return enter(x, st, &callee);
		callee.opaque = true;
		break;
	default:
		break;
	}
	if (callee.opaque || ct_call_passes_function(x->ev, st))
		ct_call_opaque(x->ev, st);
	ct_call_unseen(x->ev, st, callee.args);
	return WALK_ON;
}

/* A jump: within the function, into its cold part, or a call that returns to our caller. */
static enum walk jump(struct exploration *x, struct state *st, const struct instruction *in)
{
	uint64_t target, slot;
	struct state other;
	bool forks = false;

	find_target(x, st, in, &target, &slot);
	if (!target && !slot) {
		end_path(x, CT_PATH_UNKNOWN, st);
		return WALK_ENDED;
	}
	struct ct_callee callee = x->ev->view.callee(x->ev->view.arg, target, slot, false);
	switch (callee.kind) {
	case CT_CALLEE_NO_RETURN:
		end_path(x, CT_PATH_NO_RETURN, st);
		return WALK_ENDED;
	case CT_CALLEE_EVENT:
		ct_call_event(x->ev, st, in, &callee, &other, &forks);
		if (forks)
			(void)return_from(x, &other);
		return return_from(x, st);
	case CT_CALLEE_FOREIGN:
		if (callee.opaque || ct_call_passes_function(x->ev, st))
			ct_call_opaque(x->ev, st);
		ct_call_result(x->ev, st, ct_word_fresh(x->ev));
		return return_from(x, st);
	default:
		st->pc = callee.entry;
		return WALK_ON;
	}
}

/* ---- the walk ---- */

static bool at_stop(const struct exploration *x, uint64_t pc, bool exact)
{
	const struct ct_evaluation *in = &x->ev->in;

	return in->past && x->depth == MAX_DEPTH && in->stop_exact == exact && pc == in->stop;
}

static enum walk step(struct exploration *x, struct state *st)
{
	struct ct_evaluator *ev = x->ev;
	struct state other;

	if (at_stop(x, st->pc, true)) {
		end_path(x, CT_PATH_ARRIVES, st);
		return WALK_ENDED;
	}
	const struct instruction *cached = ct_decode_at(ev, st->pc);
	if (!cached || !cached->id) {
		end_path(x, CT_PATH_UNKNOWN, st);
		return WALK_ENDED;
	}
	const struct instruction in = *cached; /* the cache may move */
	if (in.diverts && visited_enough(x, st)) {
		end_path(x, CT_PATH_MERGES, st);
		return WALK_ENDED;
	}
	switch (in.id) {
	case X86_INS_RET:
		return return_from(x, st);
	case X86_INS_UD2:
	case X86_INS_HLT:
	case X86_INS_INT3:
		end_path(x, CT_PATH_NO_RETURN, st);
		return WALK_ENDED;
	case X86_INS_CALL:
		if (at_stop(x, in.next, false)) {
			end_path(x, CT_PATH_ARRIVES, st);
			return WALK_ENDED;
		}
		return call(x, st, &in);
	case X86_INS_JMP:
		return jump(x, st, &in);
	case X86_INS_JRCXZ:
	case X86_INS_JECXZ:
	case X86_INS_LOOP:
	case X86_INS_LOOPE:
	case X86_INS_LOOPNE:
		branch(x, st, &in, -1);
		return WALK_ON;
	default:
		break;
	}
	if (in.cc >= 0 && in.diverts) {
		branch(x, st, &in, in.cc);
		return WALK_ON;
	}
	if (ct_step(ev, st, &in, &other))
		fork_path(x, &other);
	return WALK_ON;
}

static bool may_go_on(const struct exploration *x)
{
	const struct ct_evaluator *ev = x->ev;

	return x->steps < x->budget && !ct_is_spent(ev) && !ev->failed;
}

/* Walks all paths; false: the budget did not reach for them. */
static bool explore(struct exploration *x)
{
	while (x->next < x->work.n && may_go_on(x)) {
		struct state st = x->work.items[x->ev->in.broad ? x->next++ : --x->work.n];
		enum walk walk = WALK_ON;

		while (walk == WALK_ON && may_go_on(x)) {
			x->steps++;
			x->ev->steps++;
			walk = step(x, &st);
		}
		if (walk == WALK_ON) {
			x->cut = true;
			end_path(x, CT_PATH_UNKNOWN, &st);
		}
	}
	x->cut |= x->next < x->work.n;
	return !x->cut;
}

static void start(struct ct_evaluator *ev, const struct ct_evaluation *in, struct state *st)
{
	ev->in = *in;
	ev->evaluation++;
	ev->all_steps += ev->steps;
	ev->steps = ev->links = 0;
	ev->n_visits = 0;
	ev->cut = ev->failed = ev->unclear = false;
	ev->symbols.n = ev->stores.n = ev->events.n = ev->assumptions.n = ev->paths.n = 0;
	ct_hash_free(&ev->symbol_keys);
	ct_hash_free(&ev->event_keys);
	/* Symbol 0 is none, and 1 what is said when there is no room for more. */
	for (int i = 0; i < 2; i++)
		if (!ct_vec_push(&ev->symbols))
			ev->failed = true;
	*st = (struct state){
		.pc = in->pc, .stores = CT_NONE, .events = CT_NONE, .assumptions = CT_NONE};
	/* At a function's entry only the stack pointer is known. */
	for (unsigned i = 0; i < N_GPR; i++)
		st->reg[i] = in->regs.known >> i & 1 && (!in->past || i == RSP)
				     ? ct_number(in->regs.value[i])
				     : ct_word_fresh(ev);
	ct_state_forget_vectors(ev, st);
	if (in->lost_size)
		ct_state_lose(ev, st, ct_number(in->lost), in->lost_size, false);
	for (unsigned i = 0; i < CT_MAX_ARGS; i++)
		if (in->args.known >> i & 1)
			ct_state_store(ev, st,
				(struct ct_term){
					st->reg[RSP].symbol, st->reg[RSP].number + 8 + 8u * i},
				8, ct_number(in->args.value[i]));
}

enum ct_status ct_evaluate(struct ct_evaluator *ev, const struct ct_evaluation *in)
{
	struct exploration x = {
		.ev = ev, .depth = MAX_DEPTH, .budget = in->max_steps, .id = ++ev->exploration};
	struct state st;

	start(ev, in, &st);
	fork_path(&x, &st);
	if (!ev->failed && !explore(&x))
		ev->cut = true;
	for (uint32_t i = 0; i < x.outcomes.n; i++) {
		struct ct_path *slot = ct_vec_push(&ev->paths);

		if (slot)
			*slot = (struct ct_path){
				(uint8_t)x.outcomes.items[i].end, x.outcomes.items[i].state};
		else
			ev->failed = true;
	}
	ct_vec_free(&x.work);
	ct_vec_free(&x.outcomes);
	return ev->failed ? CT_NO_MEMORY : CT_OK;
}

struct ct_evaluator *ct_evaluator_new(const struct ct_arch *arch, const struct ct_code_view *view)
{
	if (arch != &ct_arch_x86_64)
		return NULL;
	struct ct_evaluator *ev = calloc(1, sizeof(*ev));
	if (!ev)
		return NULL;
	ev->view = *view;
	if (!ev->view.abi)
		ev->view.abi = &ct_code_abi_c;
	ev->visits = calloc(VISITS, sizeof(*ev->visits));
	if (!ev->visits || cs_open(CS_ARCH_X86, CS_MODE_64, &ev->capstone)) {
		ct_evaluator_free(ev);
		return NULL;
	}
	cs_option(ev->capstone, CS_OPT_DETAIL, CS_OPT_ON);
	ev->insn = cs_malloc(ev->capstone);
	if (!ev->insn) {
		ct_evaluator_free(ev);
		return NULL;
	}
	return ev;
}

void ct_evaluator_free(struct ct_evaluator *ev)
{
	if (!ev)
		return;
	if (ev->insn)
		cs_free(ev->insn, 1);
	if (ev->capstone)
		cs_close(&ev->capstone);
	ct_hash_free(&ev->by_pc);
	ct_hash_free(&ev->symbol_keys);
	ct_hash_free(&ev->event_keys);
	ct_vec_free(&ev->instructions);
	ct_vec_free(&ev->symbols);
	ct_vec_free(&ev->stores);
	ct_vec_free(&ev->events);
	ct_vec_free(&ev->assumptions);
	ct_vec_free(&ev->paths);
	ct_vec_free(&ev->covered);
	free(ev->visits);
	free(ev);
}
