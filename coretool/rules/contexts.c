/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/contexts.h"

#include <inttypes.h>

#define MAX_ABOVE 64 /* contexts that can be cancelled, one derived from the other */

/* The next one above that can be cancelled, and with which it is; CT_NONE. */
static uint32_t above(const struct ct_fact_go_contexts *c, uint32_t context)
{
	uint32_t parent = c->contexts[context].parent;

	return parent == CT_NONE ? CT_NONE : c->contexts[parent].cancels;
}

bool ct_context_is_over(const struct ct_fact_go_contexts *c, uint32_t context)
{
	uint32_t at = c->contexts[context].cancels;

	return at != CT_NONE && c->contexts[at].err;
}

int64_t ct_context_over_for(const struct ct_fact_go_contexts *c, uint32_t context)
{
	uint32_t at = c->contexts[context].cancels;
	int64_t most = 0;

	for (unsigned i = 0; at != CT_NONE && i < MAX_ABOVE; i++) {
		most = CT_MAX(most, c->contexts[at].overdue_ns);
		at = above(c, at);
	}
	return most;
}

bool ct_context_use_ignores(const struct ct_facts *facts, const struct ct_go_context_use *use)
{
	const struct ct_actor *a = &facts->actors[use->actor];

	return facts->go_contexts->contexts[use->context].cancels != CT_NONE && !use->awaits &&
	       !use->guessed && !a->system && a->state == CT_STATE_WAITING && a->n_waits;
}

const char *ct_say_context(struct ct_arena *arena, const struct ct_go_context *context)
{
	const char *dot = strrchr(context->type, '.');

	if (context->kind == CT_CONTEXT_OTHER)
		return ct_arena_printf(arena, "%s 0x%" PRIx64, context->type, context->address);
	return ct_arena_printf(
		arena, "%s 0x%" PRIx64, dot ? dot + 1 : context->type, context->address);
}

const char *ct_say_context_state(struct ct_arena *arena, const struct ct_go_context *x)
{
	const char *over = x->err ? ct_arena_printf(arena, ", cancelled: %s%s%s", x->err,
					    x->cause ? ", cause: " : "", x->cause ? x->cause : "")
				  : "";
	const char *lost = x->lost ? ", nothing has its cancel function" : "";

	if (x->overdue_ns > 0)
		return ct_arena_printf(arena, "%s%s, deadline passed at least %s ago", over, lost,
			ct_say_duration(arena, x->overdue_ns));
	if (x->overdue_ns < 0)
		return ct_arena_printf(arena, "%s%s, deadline in at most %s", over, lost,
			ct_say_at_most(arena, -x->overdue_ns));
	return ct_arena_printf(arena, "%s%s%s%s", over, lost, x->deadline ? ", deadline " : "",
		x->deadline ? x->deadline : "");
}

/* ---- whose Done() somebody waits at ---- */

uint32_t ct_context_of_done(const struct ct_facts *facts, uint32_t resource)
{
	const struct ct_fact_go_contexts *c = facts->go_contexts;
	uint32_t lo = 0, hi = c && resource != CT_NONE ? c->n_dones : 0;

	CT_BISECT(lo, hi, mid, c->contexts[c->dones[mid]].done < resource);
	return c && lo < c->n_dones && c->contexts[c->dones[lo]].done == resource ? c->dones[lo]
										  : CT_NONE;
}

int64_t ct_context_ends_in(const struct ct_fact_go_contexts *c, uint32_t context, uint32_t *whose)
{
	uint32_t at = c->contexts[context].cancels;
	int64_t first = 0;

	for (unsigned i = 0; at != CT_NONE && i < MAX_ABOVE; i++, at = above(c, at)) {
		const struct ct_go_context *x = &c->contexts[at];

		/* Something is late already: when it will come nobody knows. */
		if (x->err || x->overdue_ns > 0)
			return 0;
		if (x->overdue_ns < 0 && (!first || -x->overdue_ns < first)) {
			first = -x->overdue_ns;
			*whose = at;
		}
	}
	return first;
}

const char *ct_say_done(struct ct_arena *arena, const struct ct_facts *facts, uint32_t resource)
{
	uint32_t context = ct_context_of_done(facts, resource), whose = context;

	if (context == CT_NONE)
		return NULL;
	const struct ct_fact_go_contexts *c = facts->go_contexts;
	const struct ct_go_context *x = &c->contexts[context];
	int64_t in = ct_context_ends_in(c, context, &whose);
	return ct_arena_printf(arena, "the Done() of %s%s%s", ct_say_context(arena, x),
		ct_say_context_state(arena, x),
		!in || whose == context
			? ""
			: ct_arena_printf(arena, ", which %s above cancels in at most %s",
				  ct_say_context(arena, &c->contexts[whose]),
				  ct_say_at_most(arena, in)));
}
