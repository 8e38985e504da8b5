/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where objects were allocated. The heap profile samples some as they are allocated, one in so many
 * bytes, and the runtime keeps the stack of each of these until it is freed: so also of objects
 * whose type is not known.
 */
#ifndef CT_RUNTIME_GO_ALLOCATIONS_H
#define CT_RUNTIME_GO_ALLOCATIONS_H

#include "facts/go_heap.h"
#include "runtime/go/heap_world.h"
#include "runtime/go/specials.h"

struct ct_go_row_allocation { /* of one row of a table of objects */
	uint32_t row;
	struct ct_go_allocation allocation;
};

struct ct_go_allocations {
	CT_VEC(struct ct_go_row_allocation) list;
	bool missing; /* some could not be read */
};

/* The row that an object belongs to. */
typedef uint32_t ct_go_row_of(const struct ct_go_world *world, const struct ct_go_object *object);

/* Adds to *ret, empty at first, those of all objects that are marked: one for each row, stack and
 * size, in no order. The caller frees ret->list. */
CT_WARN_UNUSED enum ct_status ct_go_allocations_list(
	struct ct_go_world *world, ct_go_row_of *row_of, struct ct_go_allocations *ret);

/* The stack that a record of kind PROFILE has. CT_FAULT: it cannot be that. */
CT_WARN_UNUSED enum ct_status ct_go_allocation_stack(
	struct ct_go_world *world, const struct ct_go_special *special, uint32_t *ret);

#endif
