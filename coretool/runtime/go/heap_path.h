/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shortest way from a root to an object: what keeps it alive. Costs eight bytes for each object
 * that is nearer to the roots.
 */
#ifndef CT_RUNTIME_GO_HEAP_PATH_H
#define CT_RUNTIME_GO_HEAP_PATH_H

#include "runtime/go/heap_roots.h"

struct ct_go_path_step {
	uint32_t id;     /* of the object */
	uint64_t offset; /* in it, of the pointer to the next one; the last one: 0 */
};

struct ct_go_path {
	struct ct_go_root root;               /* that points to the first object */
	CT_VEC(struct ct_go_path_step) steps; /* the last one is the object itself */
};

/* Gives all roots, in the same order each time, to visit. */
typedef enum ct_status ct_go_root_lister(void *lister_arg, ct_go_root_visit *visit, void *arg);

typedef bool ct_go_pointer_visit(
	void *arg, const struct ct_go_object *from, uint64_t at, uint64_t value);

/* Calls back for each pointer in the object, which is at that address, until it returns true. */
bool ct_go_each_pointer(const struct ct_go_heap *heap, struct ct_go_masks *masks,
	const struct ct_go_object *object, ct_go_pointer_visit *visit, void *arg);

/* CT_NOT_FOUND: nothing reaches it. The caller frees ret->steps. */
CT_WARN_UNUSED enum ct_status ct_go_path_find(const struct ct_go_heap *heap,
	struct ct_go_masks *masks, ct_go_root_lister *list, void *lister_arg, uint32_t id,
	struct ct_go_path *ret);

#endif
