/* SPDX-License-Identifier: Apache-2.0 */
/* One goroutine in full. */
#include "facts/go_references.h"
#include "report/text.h"
#include "rules/contexts.h"
#include "rules/other_side.h"
#include "rules/words.h"

void ct_text_creator(struct ct_text *t, uint32_t actor, bool by_whom)
{
	uint32_t index = ct_goroutine_creator(t->facts, actor);
	uint64_t creator = t->facts->actors[actor].creator;

	if (index == CT_NONE)
		return;
	const struct ct_site *site = &t->facts->sites[index];
	const struct ct_line *line = site->n_lines ? &site->lines[0] : NULL;
	ct_text_add(t, "      created by %s()",
		line && line->function ? line->function : site->function);
	if (line && line->file)
		ct_text_add(t, " at %s:%u", line->file, line->line);
	if (by_whom && creator)
		ct_text_add(t, " in goroutine %llu", (unsigned long long)creator);
	ct_text_end(t);
}

static void write_state(struct ct_text *t, const struct ct_actor *a)
{
	ct_text_add(t, "      state: %s", ct_actor_state_name(a->state));
	if (a->reason)
		ct_text_add(t, ", %s", t->facts->reasons[a->reason]);
	if (a->system)
		ct_text_add(t, ", of the runtime");
	if (a->locked)
		ct_text_add(t, ", locked to its thread");
	ct_text_end(t);
	if (a->labels)
		ct_text_say(t, "      labels: %s", t->facts->label_sets[a->labels]);
}

/* "also has it: goroutine 17 (main.pump) in main.pump() main.go:44, by main.conn + 8" */
static void write_reference(struct ct_text *t, const struct ct_go_reference *r)
{
	const char *at =
		r->actor == CT_NONE ? NULL : ct_say_frame(&t->words, t->facts, r->actor, r->frame);

	ct_text_add(t, "        also has it: ");
	if (r->actor != CT_NONE)
		ct_text_add(t, "%s%s%s%s", ct_say_actor(&t->words, t->facts, r->actor),
			at ? " in " : "", at ? at : "", r->by ? ", by " : "");
	ct_text_add(t, "%s%s", r->by ? r->by : "",
		r->guessed ? ", if that word is a pointer that is used" : "");
	ct_text_end(t);
}

static void write_references(struct ct_text *t, const struct ct_wait *wait)
{
	const struct ct_go_referred *o = ct_find_referred(t->facts, wait);

	for (uint32_t i = 0; o && i < o->n; i++)
		write_reference(t, &o->list[i]);
	if (o && o->n_more)
		ct_text_say(t, "        also have it: %u more", o->n_more);
}

static void write_waits(struct ct_text *t, uint32_t actor)
{
	const struct ct_actor *a = &t->facts->actors[actor];

	for (uint32_t i = 0; i < a->n_waits; i++) {
		const struct ct_wait *wait = &t->facts->waits[a->first_wait + i];

		ct_text_add(t, "      %s", i && wait->any_of ? "or " : "");
		ct_text_wait(t, wait, false);
		if (ct_text_has_holder(t, wait)) {
			ct_text_add(t, ", ");
			ct_text_holder(t, wait, true);
		}
		if (wait->why)
			ct_text_add(t, "; %s (%s)", wait->why, ct_trust_name(wait->trust));
		ct_text_end(t);
		const char *done = ct_say_done(&t->words, t->facts, wait->resource);
		if (done)
			ct_text_say(t, "      that is %s", done);
		/* Of a select it is about all cases, after the last one. */
		const char *other =
			i + 1 == a->n_waits ? ct_say_other_side(&t->words, t->facts, actor) : NULL;
		if (other)
			ct_text_say(t, "      %s", other);
		for (uint32_t k = 0; k < wait->n_peers; k++) {
			const struct ct_peer *peer = &t->facts->peers[wait->first_peer + k];

			/* Whether it will or may the evidence says. */
			ct_text_say(t, "        %s: %s",
				ct_say_actor(&t->words, t->facts, peer->actor), peer->why);
		}
		write_references(t, wait);
	}
}

static void write_holds(struct ct_text *t, const struct ct_actor *a)
{
	for (uint32_t i = 0; i < a->n_holds; i++) {
		const struct ct_hold *hold =
			&t->facts->holds[t->facts->holds_by_actor[a->first_hold + i]];

		if (!t->facts->resources[hold->resource].is_actor)
			ct_text_say(t, "      holds %s%s; %s (%s)",
				ct_say_resource(&t->words, t->facts, hold->resource),
				hold->mode == CT_HOLD_SHARED ? " (to read)" : "", hold->why,
				ct_trust_name(hold->trust));
	}
}

/* Its OS thread, whose native frames tell what it does while it is in C code or in the kernel. */
static void write_thread(struct ct_text *t, const struct ct_actor *a)
{
	if (a->carrier == CT_NONE)
		return;
	uint32_t stack = t->facts->actors[a->carrier].stack;
	ct_text_add(t, "      on %s, which ", ct_say_actor(&t->words, t->facts, a->carrier));
	ct_text_doing(t, &a->carrier, 1);
	ct_text_end(t);
	if (stack != CT_NONE && stack != a->stack)
		ct_text_stack(t, stack, UINT32_MAX, a->carrier);
}

void ct_text_goroutine(struct ct_text *t, uint32_t actor)
{
	const struct ct_actor *a = &t->facts->actors[actor];

	ct_text_paint(t, CT_PAINT_BOLD);
	ct_text_head(t, "%s", ct_say_actor(&t->words, t->facts, actor));
	ct_text_plain(t);
	write_state(t, a);
	write_waits(t, actor);
	write_holds(t, a);
	if (a->stack != CT_NONE)
		ct_text_stack(t, a->stack, UINT32_MAX, actor);
	ct_text_creator(t, actor, true);
	write_thread(t, a);
}
