/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the code of a function refers to by addresses relative to its instructions. Globals of a
 * stripped program are found so: the functions that use them are known by name.
 */
#ifndef CT_RUNTIME_GO_OPERANDS_H
#define CT_RUNTIME_GO_OPERANDS_H

#include "runtime/go/go.h"

struct ct_go_operand {
	uint64_t address; /* that is referred to */
	uint32_t size;    /* bytes accessed; 0: only the address is taken (lea) */
	bool read, write;
};

struct ct_go_operands {
	struct ct_go_operand *items; /* in the order of the code */
	uint32_t n, cap;
};

#define CT_GO_MAX_CODE 65536 /* of one function, bytes that are looked at */

/* Of the named function: only those into memory that the program may write, when writable.
 * CT_NOT_FOUND: there is no such function. */
CT_WARN_UNUSED enum ct_status ct_go_operands_of(
	const struct ct_go *go, const char *function, bool writable, struct ct_go_operands *ret);
void ct_go_operands_free(struct ct_go_operands *operands);
bool ct_go_operands_have(const struct ct_go_operands *operands, uint64_t address);
/* The first X such that X, X + 8 … X + 8 * (n - 1) are all referred to; 0: none. */
uint64_t ct_go_operands_run(const struct ct_go_operands *operands, unsigned n);

#endif
