/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the runtime itself ended the process for: a panic that nobody recovered (fatalpanic()), or a
 * fatal error (throw(), fatal(); panic.go), which package sync and maps come to by functions of
 * their own. m.dying, or m.throwing, tells the thread. Both functions are given a string; it is in
 * their arguments, or, where these come in registers (1.17 on), kept in their frame.
 */
#include <ctype.h>
#include <signal.h>

#include "runtime/go/panic.h"

#define MIN_TEXT 3
#define MAX_TEXT 400
#define SAVED    96 /* bytes of the frame that are looked through */

struct fatal {
	char text[CT_GO_PANIC_TEXT];
	bool is_panic, is_throw;
	uint32_t frame; /* that called it; CT_NONE */
};

/* Is a message of the runtime's at addr: {pointer, length} of printable text in the program? */
static bool is_message(const struct ct_go *go, uint64_t addr, char *text)
{
	uint64_t words[2];

	if (ct_read(go->target, addr, words, sizeof(words)) || words[1] < MIN_TEXT ||
		words[1] > MAX_TEXT || !ct_module_at(go->target, words[0]) ||
		!ct_go_string(go->target, addr, text, CT_GO_PANIC_TEXT) || strlen(text) != words[1])
		return false;
	for (const char *p = text; *p; p++)
		if (!isprint((unsigned char)*p))
			return false;
	return true;
}

static bool find_message(const struct ct_go *go, uint64_t cfa, char *text)
{
	bool in_registers = ct_go_since(go, 17);

	if (!in_registers)
		return is_message(go, cfa, text);
	if (is_message(go, cfa - 32, text) || is_message(go, cfa, text))
		return true;
	for (uint64_t at = cfa - SAVED; at < cfa; at += 8)
		if (is_message(go, at, text))
			return true;
	text[0] = '\0';
	return false;
}

/* Functions that only pass an error on. */
static bool passes_on(const char *name)
{
	static const char *const names[] = {"sync.throw", "sync.fatal", "internal/sync.throw",
		"internal/sync.fatal", "internal/runtime/maps.fatal"};

	for (size_t i = 0; i < CT_COUNT(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return !strncmp(name, "runtime.", 8);
}

static void look_at(const struct ct_go *go, const struct ct_unwound *stack, struct fatal *ret)
{
	size_t n = stack->skipped_at ? stack->skipped_at : stack->n;

	for (size_t i = 0; i < n; i++) {
		const char *name = ct_go_frame_name(go, &stack->frames[i]);

		ret->is_panic |= !strcmp(name, "runtime.fatalpanic");
		if (ret->is_panic || ret->text[0] ||
			(strcmp(name, "runtime.throw") != 0 && strcmp(name, "runtime.fatal") != 0))
			continue;
		/* Words that were put together at run time are not found. */
		ret->is_throw = true;
		(void)find_message(go, stack->frames[i].cfa, ret->text);
	}
	for (size_t i = 0; i < stack->n && ret->frame == CT_NONE; i++)
		if (ct_go_frame_name(go, &stack->frames[i])[0] &&
			!passes_on(ct_go_frame_name(go, &stack->frames[i])))
			ret->frame = (uint32_t)i;
}

static enum ct_status look_at_goroutine(
	struct ct_go_observation *o, const struct ct_go_machine *m, struct fatal *ret)
{
	struct ct_unwound stack = {0};
	struct ct_regs regs;
	struct ct_go_g g;

	ret->frame = CT_NONE;
	if (!m->current || ct_go_goroutine_at(o->go, m->current, &g))
		return CT_OK;
	enum ct_status status = ct_go_unwind(o, &g, &regs, &stack);
	if (!status)
		look_at(o->go, &stack, ret);
	return status == CT_NO_MEMORY ? status : CT_OK;
}

/*
 * Was it for a signal in C code? The handler stands on the thread's stack, or sigpanic() as if it
 * had been called from there; sighandler() keeps then what the signal was in g0.
 */
static enum ct_status look_at_c(struct ct_go_observation *o, const struct ct_go_machine *m)
{
	const struct ct_thread *thread = ct_go_machine_thread(o, m);
	struct ct_unwound stack = {0};
	uint32_t number = 0;
	uint64_t code = 0;

	if (!thread)
		return CT_OK;
	enum ct_status status = ct_unwind(o->unwinder, thread->regs, &stack);
	size_t frame = status ? 0 : ct_go_behind_handlers(o->go, &stack);
	if (!frame || !ct_go_is_c(o->go, &stack, frame))
		return status == CT_NO_MEMORY ? status : CT_OK;
	o->in_c = (struct ct_go_in_c){.thread = m->thread, .frame = (uint32_t)frame};
	if (!stack.frames[frame - 1].is_signal && !ct_go_u32(o->go, m->g0, CT_GO_G_SIG, &number) &&
		number < NSIG && !ct_go_u64(o->go, m->g0, CT_GO_G_SIGCODE0, &code)) {
		o->in_c.number = (int)number;
		o->in_c.code = (int)code;
		o->in_c.address = ct_go_word(o->go, m->g0, CT_GO_G_SIGCODE1);
	}
	return CT_OK;
}

/* Where the runtime noticed it on the thread's own stack. */
static enum ct_status look_at_thread(
	struct ct_go_observation *o, const struct ct_go_machine *m, struct fatal *ret)
{
	const struct ct_thread *thread = ct_go_machine_thread(o, m);
	struct ct_unwound stack = {0};
	struct fatal found = {.frame = 0};

	if (!thread)
		return CT_OK;
	enum ct_status status = ct_unwind(o->unwinder, thread->regs, &stack);
	if (!status)
		look_at(o->go, &stack, &found);
	if (found.is_throw) {
		ret->is_throw = true;
		memcpy(ret->text, found.text, sizeof(ret->text));
	}
	return status == CT_NO_MEMORY ? status : CT_OK;
}

static void set_panic(struct ct_go_observation *o, struct ct_crash *c)
{
	const struct ct_panic *p = ct_sink_panic_of(o->sink, c->actor);

	c->kind = p ? p->class : "panic";
	c->message = p ? p->value : NULL;
	if (p && p->frame != CT_NONE)
		c->frame = p->frame;
	c->cause = c->message ? ct_sink_printf(o->sink, "panicked: %s", c->message)
		   : p && p->type
			   ? ct_sink_printf(o->sink, "panicked with a value of type %s", p->type)
			   : "panicked";
}

/* The signal that became a panic: sighandler() keeps what it was in the goroutine. */
static void add_signal(struct ct_go_observation *o, uint64_t g, struct ct_crash *c)
{
	uint32_t number = 0;

	if ((strcmp(c->kind, "nil-dereference") != 0 && strcmp(c->kind, "fault") != 0) ||
		ct_go_u32(o->go, g, CT_GO_G_SIG, &number) ||
		(number != SIGSEGV && number != SIGBUS) ||
		ct_go_u64(o->go, g, CT_GO_G_SIGCODE1, &c->address))
		return;
	c->has_address = true;
}

static void add_crash(
	struct ct_go_observation *o, const struct ct_go_machine *m, const struct fatal *fatal)
{
	uint32_t actor = m->current ? ct_sink_actor_by_object(o->sink, m->current) : CT_NONE;
	struct ct_crash crash = {
		.class = CT_CRASH_GO,
		.trust = CT_TRUST_LAYOUT,
		.actor = actor != CT_NONE ? actor : m->thread,
		.frame = actor != CT_NONE ? fatal->frame : CT_NONE,
	};

	if (crash.actor == CT_NONE)
		return;
	if (fatal->is_panic) {
		set_panic(o, &crash);
	} else {
		crash.kind = ct_go_fatal_class(fatal->text);
		crash.message = fatal->text[0] ? ct_sink_string(o->sink, fatal->text) : NULL;
		crash.cause =
			ct_sink_printf(o->sink, "was ended by a fatal error of Go's runtime%s%s",
				crash.message ? ": " : "", crash.message ? crash.message : "");
		/* Where none is left, nobody is asleep. */
		if (!strcmp(crash.kind, "all-asleep") && !strstr(fatal->text, "no goroutines"))
			crash.class = CT_CRASH_GO_ASLEEP;
	}
	if (actor != CT_NONE)
		add_signal(o, m->current, &crash);
	ct_sink_crash(o->sink, &crash);
}

enum ct_status ct_go_observe_fatal(struct ct_go_observation *o)
{
	enum ct_status status = CT_OK;
	bool done = false;

	for (uint32_t i = 0; !status && !done && o->unwinder && i < o->n_machines; i++) {
		const struct ct_go_machine *m = &o->machines[i];
		struct fatal fatal = {0};
		uint32_t dying = 0, throwing = 0;

		(void)!ct_go_u32(o->go, m->at, CT_GO_M_DYING, &dying);
		(void)!ct_go_u32(o->go, m->at, CT_GO_M_THROWING, &throwing);
		if (!dying && !throwing)
			continue;
		status = look_at_c(o, m);
		done = o->in_c.thread != CT_NONE; /* that is no error of Go's */
		if (!status && !done)
			status = look_at_goroutine(o, m, &fatal);
		if (!status && !done && !fatal.is_panic && !fatal.is_throw)
			status = look_at_thread(o, m, &fatal);
		if (!status && (fatal.is_panic || fatal.is_throw)) {
			done = true;
			add_crash(o, m, &fatal);
		} else if (!done && dying) {
			o->dying = m->thread;
		}
	}
	if (done)
		o->dying = CT_NONE;
	return status;
}
