/* SPDX-License-Identifier: Apache-2.0 */
#include "facts/go_context.h"

#include "facts/sink_internal.h"

const char *ct_context_kind_name(enum ct_context_kind kind)
{
	static const char *const names[CT_N_CONTEXT_KINDS] = {
		[CT_CONTEXT_OTHER] = "other",
		[CT_CONTEXT_BACKGROUND] = "background",
		[CT_CONTEXT_TODO] = "todo",
		[CT_CONTEXT_EMPTY] = "empty",
		[CT_CONTEXT_CANCEL] = "cancel",
		[CT_CONTEXT_TIMER] = "timer",
		[CT_CONTEXT_VALUE] = "value",
		[CT_CONTEXT_AFTER_FUNC] = "after-func",
		[CT_CONTEXT_WITHOUT_CANCEL] = "without-cancel",
		[CT_CONTEXT_STOP] = "stop",
	};

	return names[kind];
}

void ct_sink_go_contexts(struct ct_sink *sink, const struct ct_fact_go_contexts *contexts)
{
	sink->facts->go_contexts = ct_arena_copy(&sink->arena, contexts, sizeof(*contexts));
	sink->failed |= !sink->facts->go_contexts;
}
