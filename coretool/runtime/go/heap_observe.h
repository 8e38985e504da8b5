/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_RUNTIME_GO_HEAP_OBSERVE_H
#define CT_RUNTIME_GO_HEAP_OBSERVE_H

#include "runtime/go/heap_world.h"

/*
 * Adds what lives in the heap, by type, when it is wanted; and all about the object at address,
 * unless that is 0 or in no object. After all goroutines.
 */
CT_WARN_UNUSED enum ct_status ct_go_observe_heap(
	struct ct_go_observation *o, bool wanted, uint64_t address);

/* "variable main.shop", "main.serve() in the stack of goroutine 7" */
const char *ct_go_name_root(struct ct_go_world *world, const struct ct_go_root *root);
/* The type of an object, when the types are known: "main.order", "112-byte objects". */
const char *ct_go_name_type(struct ct_go_world *world, uint32_t id);
/* The part of an object that begins at offset: "main.order.next", "[]*main.order[7]", or
 * "80-byte objects + 8". (heap_part.c) */
const char *ct_go_name_part(struct ct_go_world *world, uint32_t id, uint64_t offset);

#endif
