/* SPDX-License-Identifier: Apache-2.0 */
/* What variables lead to, where debug information has their types: package's and local ones. */
#ifndef CT_RUNTIME_GO_HEAP_VARIABLES_H
#define CT_RUNTIME_GO_HEAP_VARIABLES_H

#include "runtime/go/heap_types.h"

struct ct_go_variable_word { /* of a frame */
	uint64_t offset;     /* from the CFA */
	uint32_t known; /* in ct_go_typing.known; CT_NONE: not, or two variables share the place */
	bool inside;
};

struct ct_go_variable_pc {
	uint64_t pc;
	uint32_t first, n; /* in words */
};

struct ct_go_variables {
	struct ct_go_typing *typing;
	const struct ct_go_table *table; /* whose types are being looked at */
	CT_VEC(struct ct_go_variable_pc) pcs;
	CT_VEC(struct ct_go_variable_word) words; /* of each pc by offset, each offset once */
	struct ct_hash by_pc;
};

void ct_go_variables_free(struct ct_go_variables *variables);
/* All variables of packages tell what they lead to. */
void ct_go_variables_statics(struct ct_go_variables *variables);
/* The variable that the root, a word of a stack, belongs to tells what that leads to. */
void ct_go_variables_root(struct ct_go_variables *variables, const struct ct_go_root *root);

#endif
