/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about contexts that rules and writers share. */
#ifndef CT_RULES_CONTEXTS_H
#define CT_RULES_CONTEXTS_H

#include "base/span.h"
#include "facts/go_context.h"

/* Is what would cancel it cancelled? A deadline that has passed alone does not say so. */
bool ct_context_is_over(const struct ct_fact_go_contexts *contexts, uint32_t context);
/* For how long at least it has been, by a deadline of its own or above it; 0: not known. */
int64_t ct_context_over_for(const struct ct_fact_go_contexts *contexts, uint32_t context);
/* Does the goroutine wait, and not for the Done() of this context, which can be cancelled, or of
 * any other? */
bool ct_context_use_ignores(const struct ct_facts *facts, const struct ct_go_context_use *use);

/* "cancelCtx 0xc000012340": a context in a sentence. */
const char *ct_say_context(struct ct_arena *arena, const struct ct_go_context *context);
/* The one whose Done() this resource is; CT_NONE: none of those that are known. */
uint32_t ct_context_of_done(const struct ct_facts *facts, uint32_t resource);
/* The first deadline, of it or above it, that will cancel it: at most how many nanoseconds are left
 * until then, and whose it is; 0: it is over, or none is known to be ahead. */
int64_t ct_context_ends_in(
	const struct ct_fact_go_contexts *contexts, uint32_t context, uint32_t *whose);
/* ", cancelled: context canceled, deadline in at most 3 s": what there is to say of it, or "". */
const char *ct_say_context_state(struct ct_arena *arena, const struct ct_go_context *context);
/* "the Done() of cancelCtx 0x…, which timerCtx 0x… above cancels in at most 3 s"; NULL: the
 * resource is none that is known. */
const char *ct_say_done(struct ct_arena *arena, const struct ct_facts *facts, uint32_t resource);

#endif
