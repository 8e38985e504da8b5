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
