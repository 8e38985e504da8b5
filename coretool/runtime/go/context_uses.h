/* SPDX-License-Identifier: Apache-2.0 */
/* Which goroutines have a context in their frames: as a parameter or variable that they will use
 * yet, by the compiler's maps. */
#ifndef CT_RUNTIME_GO_CONTEXT_USES_H
#define CT_RUNTIME_GO_CONTEXT_USES_H

#include "runtime/go/contexts.h"

struct ct_go_uses {
	CT_VEC(struct ct_go_context_use) list; /* by actor, from the innermost frame outwards */
};

/* Finds them; the contexts are linked. CT_NO_MEMORY, or CT_OK. */
CT_WARN_UNUSED enum ct_status ct_go_uses_find(struct ct_go_observation *o,
	struct ct_go_world *world, struct ct_go_contexts *contexts, struct ct_go_uses *ret);

/* Finds those that nothing can cancel but their parents. The world is marked, the contexts are
 * linked. (context_lost.c) */
CT_WARN_UNUSED enum ct_status ct_go_contexts_find_lost(
	struct ct_go_world *world, struct ct_go_contexts *contexts);

#endif
