/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_RUNTIME_GO_BAD_POINTERS_H
#define CT_RUNTIME_GO_BAD_POINTERS_H

#include "runtime/go/heap_world.h"

#define CT_GO_BAD_POINTERS 16 /* that are looked at: the way to each costs as much as a mark */

struct ct_go_bad_pointer {
	struct ct_go_object from; /* the object that has it: it lives; span NULL: the root has it */
	uint64_t at, value;       /* where the pointer is, and what it points to */
	struct ct_go_root root;   /* that leads to the object */
};

/*
 * Pointers of live objects, of variables and of stacks, into memory of the heap in which no object
 * is; ret has room for CT_GO_BAD_POINTERS. The world is marked. None while a collection is under
 * way, or where parts of the heap could not be read. *more: there may be others than those that
 * were looked at. Looks into each marked object once more.
 */
CT_WARN_UNUSED enum ct_status ct_go_find_bad_pointers(
	struct ct_go_world *world, struct ct_go_bad_pointer *ret, uint32_t *n, bool *more);

#endif
