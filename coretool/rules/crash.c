/* SPDX-License-Identifier: Apache-2.0 */
/* CT105: what killed the process, how that is known, and who waits for the locks of the thread that
 * it happened to. */
#include "facts/crash.h"

#include <inttypes.h>

#include "rules/findings.h"
#include "rules/words.h"

#define MAX_LOCKS   4 /* told one by one */
#define MAX_WAITERS 4 /* of one lock */

static const struct {
	enum ct_crash_class class;
	const char *hint;
} hints[] = {
	{CT_CRASH_NULL, "Find out why the pointer is null: a failed allocation or lookup that was "
			"not tested, an object that was not set up yet or is torn down already."},
	{CT_CRASH_POISONED, "The memory that the pointer came from was freed, or never set: look "
			    "for who frees it early, and for missing initialisation."},
	{CT_CRASH_FREED, "Somebody freed the object while others still use it: run the program "
			 "with -fsanitize=address, which shows both places."},
	{CT_CRASH_TEXT, "A string was copied over the object: look for a buffer before it that is "
			"too small."},
	{CT_CRASH_READ_ONLY, "String literals and constants must not be written: copy them "
			     "first, and mind warnings about discarded const."},
	{CT_CRASH_BAD_RETURN, "Something wrote over the stack: look at the local arrays of the "
			      "function that returned; -fstack-protector-strong notices earlier."},
	{CT_CRASH_STACK_OVERFLOW, "End the recursion, move large local arrays to the heap, or "
				  "give the thread a larger stack "
				  "(pthread_attr_setstacksize, ulimit -s)."},
	{CT_CRASH_FILE_TRUNCATED, "Who writes the file must not truncate it in place while it "
				  "is mapped: write a new one and rename it."},
	{CT_CRASH_ILLEGAL, "The program may be built for another CPU (-march=), or a jump went "
			   "into the middle of something."},
	{CT_CRASH_HEAP, "The damage was done earlier and elsewhere: run the program with "
			"-fsanitize=address or valgrind."},
	{CT_CRASH_STACK_SMASH, "A local array of this function was written beyond its end: look "
			       "at its copies and loops."},
	{CT_CRASH_EXCEPTION, "Catch it where something can be done about it; a function that is "
			     "noexcept, a destructor and a thread's function must not let one "
			     "out."},
	{CT_CRASH_TERMINATE, "A std::thread must be joined or detached before it is destroyed."},
};

static const char *hint_for(enum ct_crash_class class)
{
	for (size_t i = 0; i < CT_COUNT(hints); i++)
		if (hints[i].class == class)
			return hints[i].hint;
	return NULL;
}

/* ", at push_order() orders.c:41"; in a library: ", in strlen(), called by count() words.c:12". */
static const char *say_place(struct ct_findings *out, const struct ct_crash *c, uint32_t own)
{
	if (c->says_place)
		return "";
	const char *at = ct_say_frame(out->arena, out->facts, c->actor, own);
	const char *in = ct_say_frame(out->arena, out->facts, c->actor, c->frame);

	if (!at)
		return in ? ct_arena_printf(out->arena, ", in %s", in) : "";
	if (own == c->frame || !in || !c->instruction)
		return ct_arena_printf(out->arena, ", at %s", at);
	return ct_arena_printf(out->arena, ", in %s, called by %s", in, at);
}

/* own: the frame that was told already. */
static void add_instruction(
	struct ct_findings *out, struct ct_draft *draft, const struct ct_crash *c, uint32_t own)
{
	if (c->instruction)
		ct_draft_step(draft,
			ct_arena_printf(out->arena, "the instruction is %s", c->instruction),
			c->frame == own ? CT_NONE : c->actor, CT_NONE, c->frame);
	for (uint32_t i = 0; i < c->n_operands; i++) {
		const struct ct_crash_operand *op = &c->operands[i];
		const char *value = op->has_value
					    ? ct_arena_printf(out->arena,
						      ", where 0x%" PRIx64 " stands", op->value)
					    : "";

		/* Of several the one that matters; the others are in the JSON report. */
		if (!op->has_address || (!op->faulted && c->n_operands > 1))
			continue;
		ct_draft_step(draft,
			ct_arena_printf(out->arena, "its operand %s is the address 0x%" PRIx64 "%s",
				op->text, op->address, value),
			CT_NONE, CT_NONE, CT_NONE);
	}
}

static void add_evidence(struct ct_draft *draft, const struct ct_crash *c)
{
	for (uint32_t i = 0; i < c->n_evidence; i++)
		ct_draft_step(draft, c->evidence[i], CT_NONE, CT_NONE, CT_NONE);
}

/* "thread 12 (worker), thread 13 and 3 more" */
static const char *say_waiters(struct ct_findings *out, const struct ct_resource *r)
{
	const struct ct_facts *facts = out->facts;
	const char *ret = "";

	for (uint32_t i = 0; i < r->n_waiters && i < MAX_WAITERS; i++)
		ret = ct_arena_printf(out->arena, "%s%s%s", ret, i ? ", " : "",
			ct_say_actor(out->arena, facts,
				facts->waits[facts->waits_by_resource[r->first_waiter + i]].actor));
	if (r->n_waiters > MAX_WAITERS)
		ret = ct_arena_printf(
			out->arena, "%s and %u more", ret, r->n_waiters - MAX_WAITERS);
	return ret;
}

static bool is_set(const struct ct_resource *r, const char *key)
{
	for (uint32_t i = 0; i < r->n_values; i++)
		if (r->values[i].type == CT_VALUE_BOOL && !strcmp(r->values[i].key, key))
			return r->values[i].number != 0;
	return false;
}

/* What becomes of a lock when its process is gone: only that of other processes lives on. */
static const char *say_fate(const struct ct_resource *r)
{
	bool robust = is_set(r, "robust");

	if (!is_set(r, "process_shared"))
		return robust                             ? " (robust)"
		       : is_set(r, "priority_inheriting") ? " (priority inheriting)"
							  : "";
	return robust ? " (robust, shared with other processes: the next of them to lock it is "
			"told, by EOWNERDEAD)"
		      : " (shared with other processes, and not robust: they will wait for it "
			"for ever)";
}

/* "it holds g_lock, for which thread 12 waits" */
static const char *say_hold(struct ct_findings *out, const struct ct_hold *hold)
{
	const struct ct_resource *r = &out->facts->resources[hold->resource];
	const char *ret = ct_arena_printf(out->arena, "it %sholds %s%s",
		hold->trust > CT_TRUST_LAYOUT ? "probably " : "",
		ct_say_resource(out->arena, out->facts, hold->resource), say_fate(r));

	return r->n_waiters ? ct_arena_printf(out->arena, "%s, for which %s wait%s", ret,
				      say_waiters(out, r), r->n_waiters == 1 ? "s" : "")
			    : ret;
}

static void add_locks(struct ct_findings *out, struct ct_draft *draft, const struct ct_crash *c)
{
	const struct ct_facts *facts = out->facts;
	const struct ct_actor *actor = &facts->actors[c->actor];
	uint32_t n = 0;

	for (uint32_t i = 0; i < actor->n_holds; i++) {
		const struct ct_hold *hold =
			&facts->holds[facts->holds_by_actor[actor->first_hold + i]];

		if (facts->resources[hold->resource].is_actor)
			continue;
		ct_draft_resource(draft, hold->resource);
		if (n++ < MAX_LOCKS)
			ct_draft_step(draft, say_hold(out, hold), CT_NONE, CT_NONE, CT_NONE);
	}
	if (n > MAX_LOCKS)
		ct_draft_step(draft,
			ct_arena_printf(out->arena, "it holds %u locks more (coretool locks)",
				n - MAX_LOCKS),
			CT_NONE, CT_NONE, CT_NONE);
}

/* Where the signal came: not where the fault was, when a handler of that one raised it. */
static uint32_t signal_frame(const struct ct_facts *facts, const struct ct_crash *c, uint32_t own)
{
	uint32_t stack = facts->actors[c->actor].stack;

	for (uint32_t i = 0; stack != CT_NONE && c->frame != CT_NONE && i < c->frame &&
			     i < facts->stacks[stack].n_frames;
		i++)
		if (facts->stacks[stack].frames[i].is_signal)
			return ct_own_frame(facts, c->actor);
	return own;
}

/* The frame of the goroutine's that has called C: not the stub that cgo makes for it. CT_NONE. */
static uint32_t calling_frame(const struct ct_facts *facts, uint32_t goroutine)
{
	uint32_t index = facts->actors[goroutine].stack;
	const struct ct_stack *stack = index != CT_NONE ? &facts->stacks[index] : NULL;
	bool behind = false;

	for (uint32_t i = 0; stack && i < stack->n_frames; i++) {
		const char *name = facts->sites[stack->frames[i].site].function;

		if (name && !strcmp(name, "runtime.asmcgocall"))
			behind = true;
		else if (behind && name && strncmp(name, "runtime.", 8) != 0 &&
			 !strstr(name, "._Cfunc_"))
			return i;
	}
	return CT_NONE;
}

/* The goroutine on whose behalf the thread was in C. */
static void add_goroutine(struct ct_findings *out, struct ct_draft *draft, const struct ct_crash *c)
{
	uint32_t goroutine = out->facts->actors[c->actor].runs;
	uint32_t frame = goroutine != CT_NONE ? calling_frame(out->facts, goroutine) : CT_NONE;

	if (goroutine == CT_NONE)
		return;
	ct_draft_actor(draft, goroutine);
	ct_draft_step(draft,
		ct_arena_printf(out->arena,
			frame == CT_NONE ? "it ran %s" : "%s had called this C code",
			ct_say_actor(out->arena, out->facts, goroutine)),
		goroutine, CT_NONE, frame == CT_NONE ? ct_own_frame(out->facts, goroutine) : frame);
}

static void add_signal(
	struct ct_findings *out, struct ct_draft *draft, const struct ct_crash *c, uint32_t own)
{
	const struct ct_fact_signal *signal = &out->facts->target.signal;
	bool same = signal->actor == c->actor || signal->actor == CT_NONE;
	uint32_t actor = same ? c->actor : signal->actor;

	ct_draft_step(draft,
		ct_arena_printf(out->arena, "%s%s took %s (%s)", same ? "" : "to end the process, ",
			ct_say_actor(out->arena, out->facts, actor), signal->name, signal->code),
		actor, CT_NONE, same ? signal_frame(out->facts, c, own) : CT_NONE);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	const struct ct_crash *c = facts->crash;
	struct ct_draft draft = {.rule = &ct_rule_crash, .level = CT_P0};

	(void)graph, (void)policy;
	/* Go's own are CT205 and CT203. */
	if (!c || c->kind)
		return CT_OK;
	uint32_t own = ct_own_frame_from(facts, c->actor, c->frame);
	/* That it crashed is sure; only the cause may be inferred. */
	draft.confidence = ct_confidence_of(facts, CT_MIN(c->trust, CT_TRUST_INFERRED));
	draft.title = ct_arena_printf(out->arena, "%s %s%s",
		ct_say_actor(out->arena, facts, c->actor), c->cause, say_place(out, c, own));
	draft.message = draft.title;
	draft.hint = hint_for(c->class);
	ct_draft_actor(&draft, c->actor);
	add_signal(out, &draft, c, own);
	add_goroutine(out, &draft, c);
	add_instruction(out, &draft, c, own);
	add_evidence(&draft, c);
	add_locks(out, &draft, c);
	return ct_findings_add(out, &draft);
}

const struct ct_rule ct_rule_crash = {
	.id = "CT105",
	.name = "crash",
	.summary = "a fault, or an abort of the process's own, ended it",
	.help = "The signal that ended the process was a fault, or came from abort(). For a fault "
		"the instruction is decoded: its operand's address is compared with the one that "
		"the kernel reports, and the pointer in it is judged. For an abort the C library's "
		"message, or the C++ exception that nobody caught, is read.",
	.silent_when = "Another process sent the signal (kill, a watchdog outside), or no signal "
		       "ended the process (gcore).",
	.level = CT_P0,
	.run = run,
};
