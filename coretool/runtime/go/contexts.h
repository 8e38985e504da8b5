/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contexts that there are. Each but the first ones begins with the interface of its parent, so
 * that an object whose first word is a table of methods of context.Context, and whose other fields
 * are what package context keeps there, is one; what it is derived from is found through that word.
 */
#ifndef CT_RUNTIME_GO_CONTEXTS_H
#define CT_RUNTIME_GO_CONTEXTS_H

#include "runtime/go/context_types.h"
#include "runtime/go/heap_world.h"

#define CT_GO_MAX_CONTEXTS (1u << 22)

struct ct_go_found_context {
	uint64_t at;
	uint64_t done;    /* channel; 0: nobody has asked for it */
	uint32_t type;    /* index of its type */
	uint32_t parent;  /* index; CT_NONE */
	uint32_t cancels; /* the one whose Done() it has: itself, or one above; CT_NONE */
	bool named, cancelled;
	bool foreign; /* its deadline need not be the soonest of those above: there is one of an
			 unknown type, which may have hidden its own */
	bool lost;    /* nothing that lives can cancel it but its parent (context_lost.c) */
};

struct ct_go_contexts {
	const struct ct_go *go;
	const struct ct_go_heap *heap;
	const struct ct_go_mark *mark; /* NULL: what does not live counts, too */
	struct ct_go_context_types types;
	CT_VEC(struct ct_go_found_context) list;
	struct ct_hash by_address, by_done;
	uint32_t n_read; /* of the list: their fields are known */
	uint32_t n_left_out;
	uint32_t n_unread; /* objects that may be one of them */
	bool failed;       /* no memory */
};

/* Finds those that can be told by their shape. The caller frees it, also on failure. CT_NO_MEMORY,
 * or CT_OK. */
CT_WARN_UNUSED enum ct_status ct_go_contexts_find(const struct ct_go *go, struct ct_arena *arena,
	const struct ct_go_heap *heap, const struct ct_go_mark *mark, struct ct_go_contexts *ret);
void ct_go_contexts_free(struct ct_go_contexts *contexts);
/* Reads what is in the list by now, and what that is derived from: fills in the rest. */
CT_WARN_UNUSED enum ct_status ct_go_contexts_link(struct ct_go_contexts *contexts);

/* Index of the context that begins there; of several without any size, one; CT_NONE. */
uint32_t ct_go_context_at(const struct ct_go_contexts *contexts, uint64_t at);
/* Index of the one with this channel; CT_NONE. */
uint32_t ct_go_context_by_done(const struct ct_go_contexts *contexts, uint64_t channel);
/* The context of an interface, which becomes known; CT_NONE: it is none. */
uint32_t ct_go_context_of(struct ct_go_contexts *contexts, uint64_t table, uint64_t value);

/* The type behind the first word of an interface; is_any: one without methods. 0: it is none. */
uint64_t ct_go_dynamic_type(const struct ct_go *go, uint64_t first, bool is_any);

/* Adds the contexts, and who has them, to the facts. (context_facts.c) */
CT_WARN_UNUSED enum ct_status ct_go_observe_contexts(struct ct_go_observation *o);

#endif
