/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goroutines that spin: the code of the innermost frame that is not the runtime's is evaluated from
 * where it is, with channels as they are now. It spins when no path leaves, all go round, each
 * comes to a channel operation that is ready at once, and nothing comes of it: no other call, no
 * store but the same again. What a loop does with its registers alone is not seen, for nothing
 * stays in them over a call.
 */
#include <inttypes.h>

#include "decode/evaluate.h"
#include "runtime/go/code.h"
#include "runtime/go/observe.h"

#define MAX_ASKED 256
#define MAX_STEPS 2000
#define CALL      5  /* bytes of a call */
#define RESULT    16 /* bytes behind one, in which what it gave is looked at */

struct spinner {
	struct ct_go_observation *o;
	struct ct_evaluator *ev;
	struct ct_go_g g;
};

static const struct ct_event_row rows[] = {
	{"runtime.chansend1", CT_CALL_SENDS, 0},
	{"runtime.selectnbsend", CT_CALL_TRIES_SEND, 0},
	{"runtime.chanrecv1", CT_CALL_RECEIVES, 0},
	{"runtime.chanrecv2", CT_CALL_RECEIVES, 0},
	{"runtime.selectnbrecv", CT_CALL_TRIES_RECEIVE, 1},
	{"runtime.selectgo", CT_CALL_SELECTS, 0},
};
/* Up to 1.15. */
static const struct ct_event_row select_by_kind = {"runtime.selectgo", CT_CALL_SELECTS_BY_KIND, 0};

static bool is_runtime(const char *name)
{
	return !strncmp(name, "runtime.", 8) || !strncmp(name, "internal/runtime/", 17);
}

/* Calls that leave a loop as idle as it is. */
static bool is_idle(const char *name)
{
	return !strcmp(name, "runtime.Gosched") || !strncmp(name, "runtime.race", 12) ||
	       !strncmp(name, "sync/atomic.", 12);
}

/* Any other call is work, or a wait: then it does not spin. */
static struct ct_callee callee(void *arg, uint64_t target, uint64_t slot, bool is_call)
{
	const struct ct_go_observation *o = ((const struct spinner *)arg)->o;
	struct ct_callee ret = {.kind = CT_CALLEE_NO_RETURN};
	struct ct_go_function function;

	if (slot || !ct_go_function_at(&o->go->tables, target, &function))
		return ret;
	if (!is_call && function.entry != target) {
		ret.kind = CT_CALLEE_QUIET; /* a jump within the function */
		ret.entry = target;
		return ret;
	}
	const char *name = ct_go_function_name(&function);
	ret.args = CT_MIN(ct_go_function_args(&function), 4096u);
	for (size_t i = 0; i < CT_COUNT(rows); i++)
		if (!strcmp(rows[i].function, name)) {
			ret.kind = CT_CALLEE_EVENT;
			ret.row = &rows[i];
		}
	if (ret.row && ret.row->effect == CT_CALL_SELECTS && !ct_go_since(o->go, 16))
		ret.row = &select_by_kind;
	if (ct_go_code_is_duff(name)) {
		ret.kind = CT_CALLEE_ENTER;
		ret.entry = target;
		ret.spares = true;
	}
	if (is_idle(name))
		ret.kind = CT_CALLEE_QUIET;
	return ret;
}

static enum ct_status read_memory(void *arg, uint64_t addr, void *buf, size_t len)
{
	return ct_read(((const struct spinner *)arg)->o->target, addr, buf, len);
}

static bool is_writable(void *arg, uint64_t addr)
{
	(void)arg, (void)addr;
	return true;
}

static uint32_t element(void *arg, uint64_t channel)
{
	const struct ct_go_observation *o = ((const struct spinner *)arg)->o;
	uint16_t size = UINT16_MAX;

	if (ct_go_has(o->go, HCHAN_ELEMSIZE))
		(void)!ct_read(
			o->target, channel + ct_go_at(o->go, HCHAN_ELEMSIZE), &size, sizeof(size));
	return size;
}

struct channel {
	uint64_t len, cap, receiver, sender, type;
	uint32_t closed;
};

static bool read_channel(const struct ct_go *go, uint64_t at, struct channel *ret)
{
	return !ct_go_u64(go, at, CT_GO_HCHAN_QCOUNT, &ret->len) &&
	       !ct_go_u64(go, at, CT_GO_HCHAN_DATAQSIZ, &ret->cap) &&
	       !ct_go_u64(go, at, CT_GO_HCHAN_ELEMTYPE, &ret->type) &&
	       !ct_go_u32(go, at, CT_GO_HCHAN_CLOSED, &ret->closed) &&
	       !ct_go_u64(go, at, CT_GO_HCHAN_RECVQ_FIRST, &ret->receiver) &&
	       !ct_go_u64(go, at, CT_GO_HCHAN_SENDQ_FIRST, &ret->sender) && ret->len <= ret->cap &&
	       ret->closed <= 1 &&
	       ret->type - go->module->start < go->module->end - go->module->start;
}

/* Only a channel is in motion; all other memory counts as it is. */
static bool is_channel(void *arg, uint64_t object)
{
	const struct spinner *s = arg;
	const struct ct_module *module = s->o->go->module;
	struct channel channel;

	return object - s->g.stack_low >= s->g.stack_high - s->g.stack_low &&
	       object - module->start >= module->end - module->start && object % 8 == 0 &&
	       read_channel(s->o->go, object, &channel);
}

static enum ct_channel_goes goes(void *arg, uint64_t channel, bool sends)
{
	struct channel c;

	if (!channel)
		return CT_CHANNEL_WAITS;
	if (!is_channel(arg, channel) ||
		!read_channel(((const struct spinner *)arg)->o->go, channel, &c))
		return CT_CHANNEL_UNKNOWN;
	if (sends)
		return c.closed || c.receiver || c.len < c.cap ? CT_CHANNEL_UNKNOWN
							       : CT_CHANNEL_WAITS;
	if (c.len || c.sender)
		return CT_CHANNEL_UNKNOWN;
	return c.closed ? CT_CHANNEL_AT_ONCE : CT_CHANNEL_WAITS;
}

/* The first operation of a path that stands at or before pc; NULL: there is none. */
static const struct ct_code_event *first_before(
	const struct ct_evaluator *ev, uint32_t path, uint64_t pc)
{
	const struct ct_code_event *ret = NULL;
	uint32_t e = ct_path_last_event(ev, path);

	for (; e != CT_NONE; e = ct_code_event(ev, e)->prev)
		if (ct_code_event(ev, e)->row && ct_code_event(ev, e)->pc <= pc)
			ret = ct_code_event(ev, e);
	return ret;
}

/*
 * The operation that each way round comes to, at or before pc; NULL: some come to none, or end.
 * What the operation that it is just in will give is not known, but will be as it is the next time:
 * which way it cannot go now is seen by what has come to nothing before.
 */
static const struct ct_code_event *common(const struct ct_evaluator *ev, uint64_t pc, bool in_call)
{
	const struct ct_code_event *ret = NULL;
	bool doubt = false;

	for (uint32_t p = 0; p < ct_evaluate_n_paths(ev); p++) {
		const struct ct_code_event *found = first_before(ev, p, pc);

		if (ct_path_end(ev, p) != CT_PATH_MERGES) {
			if (!in_call || ct_path_last_event(ev, p) != CT_NONE)
				return NULL;
			doubt = true;
			continue;
		}
		if (!found)
			return NULL;
		ret = found;
	}
	return ret && doubt && pc - (ret->pc + CALL) >= RESULT ? NULL : ret;
}

static const struct ct_code_event *goes_round(
	struct ct_evaluator *ev, const struct ct_evaluation *in, bool in_call)
{
	if (ct_evaluate(ev, in) || ct_evaluate_cut(ev) || ct_evaluate_unclear(ev) ||
		!ct_evaluate_is_idle(ev))
		return NULL;
	return common(ev, in->pc, in_call);
}

static bool spins(struct spinner *s, const struct ct_regs *regs, const struct ct_unwound *unwound,
	struct ct_go_spin *ret)
{
	struct ct_go_observation *o = s->o;
	const struct ct_go_g *g = &s->g;
	struct ct_evaluator *ev = s->ev;
	const struct ct_arch *arch = ct_target_arch(o->target);
	struct ct_go_function function;
	size_t i = 0;

	while (i < unwound->n &&
		ct_go_function_at(&o->go->tables,
			unwound->frames[i].pc - unwound->frames[i].is_call, &function) &&
		is_runtime(ct_go_function_name(&function)))
		i++;
	if (i == unwound->n || (unwound->skipped_at && i >= unwound->skipped_at))
		return false;
	const struct ct_unwound_frame *frame = &unwound->frames[i];
	uint64_t sp = i ? unwound->frames[i - 1].cfa : ct_reg(regs, arch->sp);
	struct ct_evaluation in = {.pc = frame->pc,
		.dead_low = g->stack_low,
		.dead_high = CT_MAX(sp, g->stack_low),
		.stack_low = g->stack_low,
		.stack_high = g->stack_high,
		.max_steps = MAX_STEPS};

	if (!sp || (i && !unwound->frames[i - 1].cfa))
		return false;
	ct_reg_set(&in.regs, arch->sp, sp);
	/*
	 * First with nothing in registers, as it may come there the next time: a way that its
	 * registers forbid now, through the body of an inner loop, is one that it may go then.
	 */
	const struct ct_code_event *event = goes_round(ev, &in, true);
	if (event && !i) {
		in.regs = *regs;
		event = goes_round(ev, &in, false);
	}
	if (!event)
		return false;
	ret->frame = (uint32_t)i;
	/* The last event of a select may be any of its cases. */
	ret->why = event->row->effect >= CT_CALL_SELECTS
			   ? "a case of its select is ready at once: a receive from a channel that "
			     "is closed and empty, or the default case"
		   : event->row->effect >= CT_CALL_TRIES_SEND
			   ? ct_sink_printf(o->sink,
				     "nothing can be done with the channel at 0x%" PRIx64
				     " now, so that its default case is taken, or it is closed",
				     event->object.number)
			   : ct_sink_printf(o->sink,
				     "the channel at 0x%" PRIx64
				     " is closed and empty, so that each receive is ready",
				     event->object.number);
	return true;
}

static enum ct_status ask(struct spinner *s, uint32_t actor)
{
	struct ct_go_observation *o = s->o;
	struct ct_go_spin found = {.actor = actor};
	struct ct_unwound unwound;
	struct ct_regs regs;

	if (ct_go_goroutine_at(o->go, ct_sink_get_actor(o->sink, actor)->object, &s->g) ||
		ct_go_registers(o, &s->g, &regs) || ct_unwind(o->unwinder, &regs, &unwound) ||
		!spins(s, &regs, &unwound, &found))
		return CT_OK;
	struct ct_go_spin *slot = ct_vec_push(&o->spins);
	if (!slot)
		return CT_NO_MEMORY;
	*slot = found;
	return CT_OK;
}

enum ct_status ct_go_observe_spins(struct ct_go_observation *o)
{
	struct spinner s = {.o = o};
	const struct ct_code_view view = {.arg = &s,
		.read = read_memory,
		.callee = callee,
		.wanted = is_channel,
		.writable = is_writable,
		.abi = ct_go_code_abi(o->go),
		.counted = true,
		.element = element,
		.goes = goes};
	enum ct_status status = CT_OK;
	unsigned n_asked = 0;

	if (o->unwinder && ct_go_at(o->go, HCHAN_ELEMSIZE) != CT_GO_ABSENT)
		s.ev = ct_evaluator_new(ct_target_arch(o->target), &view);
	for (uint32_t i = 0; s.ev && !status && i < o->n && n_asked < MAX_ASKED; i++) {
		const struct ct_actor *a = ct_sink_get_actor(o->sink, o->first + i);

		if (a->system || a->stack == CT_NONE ||
			(a->state != CT_STATE_RUNNING && a->state != CT_STATE_RUNNABLE))
			continue;
		n_asked++;
		status = ask(&s, o->first + i);
	}
	ct_evaluator_free(s.ev);
	return status;
}
