/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The panics of a goroutine: g._panic, newest first (runtime2.go: _panic). Each lies in the frame
 * of the gopanic() or Goexit() that made it. Before the runtime prints them it replaces errors and
 * Stringers by their text (preprintpanics() of panic.go); what gopanic() was called with is the
 * first two words of its arguments, also where they come in registers (1.17 on: it keeps them
 * there).
 */
#include "runtime/go/panic.h"

#define MAX_PANICS 64

/* The frame that an address is in. */
static size_t frame_of(const struct ct_unwound *stack, uint64_t at)
{
	size_t n = stack->skipped_at ? stack->skipped_at : stack->n;

	for (size_t i = 0; i < n; i++)
		if (stack->frames[i].cfa > at)
			return i;
	return stack->n;
}

/* Who panicked: the runtime checks for others in functions of its own. */
static uint32_t culprit(const struct ct_go *go, const struct ct_unwound *stack, size_t frame)
{
	for (size_t i = frame + 1; i < stack->n; i++)
		if (strncmp(ct_go_frame_name(go, &stack->frames[i]), "runtime.", 8) != 0)
			return (uint32_t)i;
	return CT_NONE;
}

/* What the gopanic() that made it was called with. */
static bool original(
	const struct ct_go *go, const struct ct_unwound *stack, uint64_t at, uint64_t words[2])
{
	size_t frame = frame_of(stack, at);

	return frame < stack->n &&
	       !strcmp(ct_go_frame_name(go, &stack->frames[frame]), "runtime.gopanic") &&
	       !ct_read(go->target, stack->frames[frame].cfa, words, 2 * sizeof(*words));
}

/*
 * The panic that has the text of this one: of equal values that follow each other only the oldest
 * is replaced (preprintpanics() since 1.26).
 */
static uint64_t printed_by(const struct ct_go *go, const struct ct_unwound *stack, uint64_t at)
{
	for (uint32_t n = 0; n < MAX_PANICS; n++) {
		uint64_t next = ct_go_word(go, at, CT_GO_PANIC_LINK), words[2], older[2];

		if (next <= at || !original(go, stack, at, words) ||
			!original(go, stack, next, older) ||
			memcmp(words, older, sizeof(words)) != 0)
			break;
		at = next;
	}
	return at;
}

/* What it was made with, or the text that has taken its place; NULL: that is not known. */
static void add_value(struct ct_go_observation *o, const struct ct_unwound *stack, uint64_t at,
	uint64_t made, struct ct_panic *ret)
{
	const struct ct_go *go = o->go;
	char text[CT_GO_PANIC_TEXT], original[CT_GO_PANIC_TEXT] = "";
	struct ct_go_type type, first;
	bool constant = false, built_in = false;
	bool known = ct_go_at(go, PANIC_ARG) != CT_GO_ABSENT &&
		     ct_go_panic_value(go, printed_by(go, stack, at) + ct_go_at(go, PANIC_ARG),
			     &type, text, &constant);

	if (made && ct_go_panic_value(go, made, &first, original, &built_in)) {
		bool is_text = known && type.kind == CT_GO_KIND_STRING;

		/* Only a string may stand for another value. */
		if (!is_text)
			memcpy(text, original, sizeof(text));
		constant = (is_text && constant) || (built_in && !strcmp(text, original));
		if (!known || is_text)
			type = first;
		known = true;
	}
	if (!known)
		return;
	ret->type = ct_sink_string(o->sink, type.name);
	if (text[0])
		ret->value =
			constant ? ct_sink_string(o->sink, text) : ct_sink_secret(o->sink, text);
	ret->class = ct_go_panic_class(text, type.name);
}

static void add_panic(struct ct_go_observation *o, const struct ct_go_g *g,
	const struct ct_unwound *stack, uint64_t at, uint32_t actor)
{
	const struct ct_go *go = o->go;
	struct ct_panic panic = {
		.actor = actor, .frame = CT_NONE, .resource = CT_NONE, .class = "panic"};
	uint8_t recovered = 0, goexit = 0;
	size_t frame = frame_of(stack, at);
	bool made_here = frame < stack->n &&
			 !strcmp(ct_go_frame_name(go, &stack->frames[frame]), "runtime.gopanic");

	(void)!ct_go_u8(go, at, CT_GO_PANIC_RECOVERED, &recovered);
	(void)!ct_go_u8(go, at, CT_GO_PANIC_GOEXIT, &goexit);
	panic.recovered = recovered == 1;
	panic.goexit = goexit == 1;
	if (made_here)
		panic.frame = culprit(go, stack, frame);
	if (!panic.goexit)
		add_value(o, stack, at, made_here ? stack->frames[frame].cfa : 0, &panic);
	if (made_here &&
		(!strcmp(panic.class, "send-on-closed") || !strcmp(panic.class, "close-of-closed")))
		panic.resource = ct_go_panic_channel(o, g, actor, stack, frame);
	ct_sink_panic(o->sink, &panic);
}

enum ct_status ct_go_observe_panics(
	struct ct_go_observation *o, const struct ct_go_g *g, uint32_t actor)
{
	uint64_t at = ct_go_word(o->go, g->at, CT_GO_G_PANIC);
	struct ct_unwound stack = {0};
	struct ct_regs regs;

	if (!at || ct_go_at(o->go, G_PANIC) == CT_GO_ABSENT)
		return CT_OK;
	if (ct_go_unwind(o, g, &regs, &stack) == CT_NO_MEMORY)
		return CT_NO_MEMORY;
	for (uint32_t n = 0; at && n < MAX_PANICS; n++) {
		uint64_t next = ct_go_word(o->go, at, CT_GO_PANIC_LINK);

		add_panic(o, g, &stack, at, actor);
		/* Older ones are farther up the stack. */
		at = next > at ? next : 0;
	}
	return CT_OK;
}
