/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code as functions: where one begins and ends, where an exception would go on in it, and which
 * function a slot of the dynamic linker stands for. From .eh_frame, which stripped files have too,
 * and else from symbols; from .gcc_except_table (Itanium C++ ABI, exception handling, 1.2); from
 * the relocations, because a slot that was never used does not have its function's address.
 */
#ifndef CT_TARGET_FUNCTIONS_H
#define CT_TARGET_FUNCTIONS_H

#include "target/modules.h"

struct ct_function {
	uint64_t start, end; /* addresses in the target */
	uint64_t pads;       /* its exception table; 0: none */
};

struct ct_functions;

struct ct_functions *ct_functions_new(struct ct_target *target); /* NULL: no memory */
void ct_functions_free(struct ct_functions *functions);

/* The function that contains addr; CT_NOT_FOUND: neither table nor symbol tells. */
enum ct_status ct_function_at(
	struct ct_functions *functions, uint64_t addr, struct ct_function *ret);
/*
 * Where an exception out of the call that ends before ret_addr would be handled: the landing pad.
 * CT_NOT_FOUND: it would leave the function at once.
 */
enum ct_status ct_landing_pad(struct ct_functions *functions, const struct ct_function *function,
	uint64_t ret_addr, uint64_t *ret);
/* The symbol that the dynamic linker puts into the slot at addr; NULL: it is no such slot. */
const char *ct_slot_name(struct ct_functions *functions, uint64_t addr);

#endif
