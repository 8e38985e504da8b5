/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of contexts for people: those with one parent that look alike, down to the leaves, are
 * one branch. */
#ifndef CT_REPORT_CONTEXT_TREE_H
#define CT_REPORT_CONTEXT_TREE_H

#include "facts/go_context.h"

struct ct_context_child {
	uint64_t look; /* hash of what is said of it and of all below it */
	uint64_t address;
	uint32_t context;
};

struct ct_context_node {
	uint64_t look;
	uint32_t first, n;           /* its children, in ct_context_tree.children */
	uint32_t n_waits, n_ignores; /* goroutines that wait at its Done(), that have it and do not
				      */
};

struct ct_context_tree {
	struct ct_context_node *nodes;     /* by context */
	struct ct_context_child *children; /* of one node side by side, equal looks too; those of
					      nobody first */
	uint32_t n_roots;
};

/* False: no memory. The caller frees it, also on failure. */
CT_WARN_UNUSED bool ct_context_tree_make(const struct ct_facts *facts, struct ct_context_tree *ret);
void ct_context_tree_free(struct ct_context_tree *tree);

#endif
