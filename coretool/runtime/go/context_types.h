/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The types that package context knows as contexts, and where their fields are: by the program's
 * own descriptors, which name them. Every type that was ever put into a context.Context has a table
 * of methods that says so.
 */
#ifndef CT_RUNTIME_GO_CONTEXT_TYPES_H
#define CT_RUNTIME_GO_CONTEXT_TYPES_H

#include "base/hash.h"
#include "base/vec.h"
#include "facts/go_context.h"
#include "runtime/go/heap.h"

struct ct_go_context_type {
	uint64_t type;                 /* that is in the interface: its descriptor */
	uint64_t size;                 /* of the struct */
	const char *name;              /* of the struct: "context.cancelCtx" */
	uint8_t kind;                  /* enum ct_context_kind */
	bool done_is_chan, err_is_any; /* how these two fields keep what they have: they are an
					  atomic.Value, or not */
	/* Offsets; CT_GO_ABSENT: it has no such field. parent: of a context.Context. */
	uint32_t parent, done, children, err, cause, timer, deadline, key, value, function;
};

struct ct_go_context_types {
	CT_VEC(struct ct_go_context_type) list;
	struct ct_hash tables; /* addresses of method tables: index in `keys` */
	CT_VEC(struct ct_go_context_table) keys;
};

struct ct_go_context_table {
	uint64_t at;
	uint32_t type;   /* index in list */
	bool is_context; /* of context.Context; else of what can be cancelled */
};

/* CT_NO_MEMORY, or CT_OK. The caller frees it, also on failure. */
CT_WARN_UNUSED enum ct_status ct_go_context_types_read(
	const struct ct_go *go, struct ct_arena *arena, struct ct_go_context_types *ret);
void ct_go_context_types_free(struct ct_go_context_types *types);

/* The type that a value with this table of methods has, as the first word of an interface;
 * CT_NONE: it is no context. is_context: NULL: either will do. */
uint32_t ct_go_context_type_of(
	const struct ct_go_context_types *types, uint64_t table, bool *is_context);
/* The first type of this kind, or NULL. */
const struct ct_go_context_type *ct_go_context_type_kind(
	const struct ct_go_context_types *types, enum ct_context_kind kind);

#endif
