/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The target's code as the evaluator wants it: which calls acquire or release which objects, by the
 * primitives' tables and the symbols that calls go to; which functions can come to such a call at
 * all; what never returns.
 */
#ifndef CT_BLOCKING_CODE_H
#define CT_BLOCKING_CODE_H

#include "blocking/primitive.h"
#include "target/functions.h"

struct ct_wanted { /* an object that records no owner */
	uint64_t addr;
	uint32_t resource;
	uint32_t count; /* how many have it; CT_NONE: not known */
	const struct ct_primitive *primitive;
};

struct ct_code;

/*
 * wanted is sorted by address and lives as long; either all of it is libc's (possession->in_libc)
 * or none. NULL: no memory, or not this machine's code.
 */
struct ct_code *ct_code_new(
	const struct ct_blocking *ctx, const struct ct_wanted *wanted, uint32_t n);
void ct_code_free(struct ct_code *code);

/*
 * Is what all threads together may cost spent? Then answers get less: a function that was not
 * looked through yet may do anything.
 */
bool ct_code_spent(const struct ct_code *code);
struct ct_evaluator *ct_code_evaluator(struct ct_code *code);
struct ct_functions *ct_code_functions(struct ct_code *code);
/* The number of the wanted object at addr, or CT_NONE. */
uint32_t ct_code_wanted(const struct ct_code *code, uint64_t addr);
/* Is it the C library's code, and not the program's, that tells? */
bool ct_code_of_libc(const struct ct_code *code);
/* Is it code of the program or a library of its own, rather than of libc and its like? Or, where
 * the wanted objects are libc's, of libc? */
bool ct_code_is_own(struct ct_code *code, uint64_t pc);
/* Can the function that starts there come to an event of interest? */
bool ct_code_reaches(struct ct_code *code, const struct ct_function *function);
/* Does an atomic instruction in the function name a wanted object, beside this one (or CT_NONE)?
 * The function was asked before whether it reaches anything. */
bool ct_code_mentions(struct ct_code *code, const struct ct_function *function, uint32_t beside);
/* What the call that returns to ret_addr calls: a row, or NULL when it is none of ours. */
const struct ct_event_row *ct_code_called(struct ct_code *code, uint64_t ret_addr);
/* Where it goes, so far as its bytes tell; 0: not known. */
uint64_t ct_code_call_target(struct ct_code *code, uint64_t ret_addr);

bool ct_primitive_has_row(const struct ct_primitive *primitive, const struct ct_event_row *row);

#endif
