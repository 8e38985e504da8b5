/* SPDX-License-Identifier: Apache-2.0 */
/* CT205: a panic that nobody recovered, or a fatal error of Go's runtime, ended the process. CT201
 * is the one about maps. */
#include "facts/crash.h"

#include <inttypes.h>

#include "facts/go.h"
#include "facts/panic.h"
#include "rules/findings.h"
#include "rules/words.h"

#define MAX_USES 8 /* of the channel, that are told */

static const struct {
	const char *class, *hint;
} hints[] = {
	{"send-on-closed",
		"Only who sends may close, and when it has sent all; with several senders close "
		"nothing and let a context or another channel tell the end. In a select a default "
		"case does not help: a send on a closed channel is ready at once."},
	{"close-of-closed", "Let one goroutine own the close, or close inside a sync.Once."},
	{"close-of-nil", "The channel was never made: see where it should have been."},
	{"negative-waitgroup", "Done was called more often than Add announced: look for a Done on "
			       "a path that is taken twice, and for Add inside the goroutine."},
	{"waitgroup-misuse",
		"Call Add before Wait can run, never beside it, and use a WaitGroup again only "
		"when all its Waits have returned."},
	{"unlock-of-unlocked",
		"Look for a second Unlock on the same path (an explicit one and a deferred one), "
		"for Unlock in place of RUnlock, and for a copy of the lock. recover() cannot "
		"catch it."},
	{"nil-map-write", "Make the map before it is written: reading a nil map works, writing "
			  "does not."},
	{"nil-dereference", "Find out why the pointer is nil: an error that was not tested, a "
			    "field that was never set, a failed lookup."},
	{"bounds", "Test the index against len() where it is made."},
	{"divide", "Test the divisor before the division."},
	{"type-assertion", "Use the form with two results: v, ok := x.(T)."},
	{"concurrent-map", "Guard the map by a mutex or use sync.Map, and run the program with "
			   "-race, which shows both places. recover() cannot catch it."},
	{"stack-overflow",
		"End the recursion: look at what calls itself in the stack. Where it has "
		"to be that deep, debug.SetMaxStack() sets the limit. recover() cannot "
		"catch it."},
	{"bad-pointer",
		"Look at what package unsafe or C made the pointer of: it must stay in its "
		"object, and a uintptr keeps none alive. -gcflags=all=-d=checkptr and -race "
		"check it where it is made."},
	{"fault", "A pointer is damaged: look at unsafe, cgo and data races (-race)."},
	{"out-of-memory",
		"The system gave no more memory: look at the limit of the container or of ulimit "
		"-v, and at what fills the heap (coretool heap); a limit of the program's own "
		"(GOMEMLIMIT) has the collector run more often first. One huge allocation is a "
		"size that was not tested."},
	{"thread-exhaustion",
		"Each goroutine in a system call that blocks, or in C code, has a thread of its "
		"own: bound how many do that at once; the limit is that of the system (ulimit -u, "
		"pids.max) or of debug.SetMaxThreads()."},
	{"all-asleep", "main() ended itself by runtime.Goexit() (as FailNow() of a test does), and "
		       "the last of the others has returned: let main() return, or call "
		       "os.Exit()."},
	{"runtime-fault", "The runtime's own memory is damaged: look at unsafe, cgo and data races "
			  "(-race)."},
	{"bad-size", "Test the size, which is negative or too large, before make()."},
	{"negative-shift", "Shift by an unsigned number, or test it before."},
	{"uncomparable", "An interface value holds a slice, a map or a function: these can neither "
			 "be compared nor be keys."},
	{"panic", "The program says so itself: its message tells why. A panic that leaves its "
		  "goroutine ends the process: return an error, or recover in a deferred function "
		  "of that goroutine."},
	{"fatal-error", "The runtime found its own state damaged, or was used in a way that it "
			"cannot go on from: its message tells which; for damage look at unsafe, "
			"cgo and data races (-race). recover() cannot catch it."},
};

static const char *hint_for(const char *class)
{
	for (size_t i = 0; i < CT_COUNT(hints); i++)
		if (!strcmp(hints[i].class, class))
			return hints[i].hint;
	return NULL;
}

/* A package of the standard library that calls on behalf of others. */
static bool is_std(const struct ct_facts *facts, const struct ct_site *site)
{
	static const char *const packages[] = {"runtime.", "sync.", "internal/"};

	(void)facts;
	for (size_t i = 0; site->function && i < CT_COUNT(packages); i++)
		if (!strncmp(site->function, packages[i], strlen(packages[i])))
			return true;
	return false;
}

/* The first frame from this one on that is none of those; CT_NONE. */
static uint32_t callers_frame(const struct ct_facts *facts, uint32_t actor, uint32_t frame)
{
	uint32_t index = facts->actors[actor].stack;

	if (index == CT_NONE || frame == CT_NONE)
		return CT_NONE;
	const struct ct_stack *stack = &facts->stacks[index];
	for (uint32_t i = frame; i < stack->n_frames; i++)
		if (!is_std(facts, &facts->sites[stack->frames[i].site]))
			return i;
	return CT_NONE;
}

/* ", at main.worker() w.go:12"; ", in sync.(*WaitGroup).Add() …, called by main.f() …". */
static const char *say_place(struct ct_findings *out, uint32_t actor, uint32_t frame)
{
	uint32_t own = callers_frame(out->facts, actor, frame);
	const char *in = ct_say_function(out->arena, out->facts, actor, frame);
	const char *at = ct_say_frame(out->arena, out->facts, actor, own);
	const char *function = ct_say_function(out->arena, out->facts, actor, own);

	if (!at)
		return in ? ct_arena_printf(out->arena, ", in %s", in) : "";
	/* What is inlined there stands for it, where that is another function. */
	if (function && strncmp(at, function, strlen(function)) != 0)
		at = ct_arena_printf(out->arena, "%s in %s", at, function);
	return own == frame || !in ? ct_arena_printf(out->arena, ", at %s", at)
				   : ct_arena_printf(out->arena, ", in %s, called by %s", in, at);
}

static const char *say_panic(struct ct_findings *out, const struct ct_panic *p)
{
	const char *type = p->type ? p->type : "unknown type";

	if (p->goexit)
		return "it ended itself by runtime.Goexit()";
	return p->value ? ct_arena_printf(out->arena, "it panicked: %s (%s)%s", p->value, type,
				  p->recovered ? ", which was recovered" : "")
			: ct_arena_printf(out->arena, "it panicked with a value of type %s%s", type,
				  p->recovered ? ", which was recovered" : "");
}

/* In the order in which they came. */
static void add_panics(struct ct_findings *out, struct ct_draft *draft, uint32_t actor)
{
	const struct ct_facts *facts = out->facts;

	for (uint32_t i = facts->n_panics; i-- > 0;) {
		const struct ct_panic *p = &facts->panics[i];

		if (p->actor == actor)
			ct_draft_step(draft, say_panic(out, p), actor, CT_NONE,
				callers_frame(facts, actor, p->frame));
	}
}

static const struct ct_panic *panic_at_channel(const struct ct_facts *facts, uint32_t actor)
{
	for (uint32_t i = 0; i < facts->n_panics; i++)
		if (facts->panics[i].actor == actor && facts->panics[i].resource != CT_NONE &&
			!facts->panics[i].recovered)
			return &facts->panics[i];
	return NULL;
}

static const char *say_use(const struct ct_channel_use *use)
{
	return use->sends && use->receives ? "sends to it and receives from it"
	       : use->sends && use->closes ? "sends to it and closes it"
	       : use->sends                ? "sends to it"
	       : use->closes               ? "closes it"
					   : "receives from it";
}

/* The channel, and whose code goes on to use it. */
static void add_channel(struct ct_findings *out, struct ct_draft *draft, uint32_t actor)
{
	const struct ct_facts *facts = out->facts;
	const struct ct_panic *p = panic_at_channel(facts, actor);
	uint32_t shown = 0;

	if (!p)
		return;
	ct_draft_resource(draft, p->resource);
	ct_draft_step(draft,
		ct_arena_printf(out->arena, "the channel is %s, which was closed before",
			ct_say_resource(out->arena, facts, p->resource)),
		CT_NONE, CT_NONE, CT_NONE);
	for (uint32_t i = 0; facts->go && i < facts->go->n_uses && shown < MAX_USES; i++) {
		const struct ct_channel_use *use = &facts->go->uses[i];

		if (use->resource != p->resource || use->actor == actor)
			continue;
		shown++;
		ct_draft_step(draft,
			ct_arena_printf(out->arena, "%s has code that %s: %s",
				ct_say_actor(out->arena, facts, use->actor), say_use(use),
				use->why),
			use->actor, CT_NONE, CT_NONE);
	}
}

void ct_draft_go_fatal(struct ct_findings *out, struct ct_draft *draft)
{
	const struct ct_facts *facts = out->facts;
	const struct ct_crash *c = facts->crash;

	draft->confidence = CT_PROVEN;
	/* A thread's own stack is the runtime's. */
	draft->title = ct_arena_printf(out->arena, "%s %s%s",
		facts->actors[c->actor].kind == CT_ACTOR_GOROUTINE
			? ct_say_actor(out->arena, facts, c->actor)
			: "the process",
		c->cause, say_place(out, c->actor, c->frame));
	draft->message = draft->title;
	draft->hint = hint_for(c->kind);
	ct_draft_actor(draft, c->actor);
	add_panics(out, draft, c->actor);
	if (!draft->steps.n)
		ct_draft_step(draft,
			ct_arena_printf(out->arena, "the runtime said: %s",
				c->message ? c->message : "nothing that can be read"),
			c->actor, CT_NONE, callers_frame(facts, c->actor, c->frame));
	add_channel(out, draft, c->actor);
	if (c->has_address)
		ct_draft_step(draft,
			ct_arena_printf(out->arena, "the address was 0x%" PRIx64, c->address),
			CT_NONE, CT_NONE, CT_NONE);
}

static enum ct_status run(const struct ct_facts *facts, const struct ct_graph *graph,
	const struct ct_policy *policy, struct ct_findings *out)
{
	const struct ct_crash *c = facts->crash;
	struct ct_draft draft = {.rule = &ct_rule_go_panic, .level = CT_P0};

	(void)graph, (void)policy;
	if (!c || !c->kind || c->class != CT_CRASH_GO || !strcmp(c->kind, "concurrent-map") ||
		!strcmp(c->kind, "bad-pointer"))
		return CT_OK;
	ct_draft_go_fatal(out, &draft);
	return ct_findings_add(out, &draft);
}

const struct ct_rule ct_rule_go_panic = {
	.id = "CT205",
	.name = "go-panic",
	.summary = "a panic that nobody recovered, or a fatal error of Go's runtime",
	.help = "The runtime was about to end the process: the goroutine's panics are read in "
		"their order, with the types of their values, or the message that the runtime's "
		"own check was given. The class says what kind of mistake it is. Of a send on or "
		"close of a closed channel it is said which channel that is, where the frame of "
		"the runtime's function has it, and whose code goes on to use it.",
	.silent_when = "The panic was recovered, or is still on its way through deferred "
		       "functions; the fatal error is about a map (CT201) or a "
		       "bad pointer (CT202).",
	.level = CT_P0,
	.wants = CT_WANT_GOROUTINES,
	.run = run,
};
