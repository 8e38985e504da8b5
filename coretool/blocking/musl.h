/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What musl's primitives have in common (src/thread of 1.2.0 to 1.2.5). All of them sleep by
 * FUTEX_WAIT, timed ones with what is left of the time. Most keep no owner; addresses of condition
 * variables and barriers are not even in the system call, since waiters sleep on words of their
 * stacks: they stand in registers and near the top of the stack.
 */
#ifndef CT_BLOCKING_MUSL_H
#define CT_BLOCKING_MUSL_H

#include "blocking/primitive.h"

struct ct_musl_sleep {
	uint64_t word;
	uint32_t expected;
	bool is_private, timed, pi;
};

/* Does the thread, whose call is in musl's code, sleep so? */
bool ct_musl_sleep(const struct ct_blocked *blocked, struct ct_musl_sleep *ret);

#define CT_MUSL_TRACES 192

/*
 * The values that may be addresses which the innermost functions work with: registers, then words
 * of the stack from its top up to end (UINT64_MAX: as far as there is room). Returns how many.
 */
size_t ct_musl_traces(const struct ct_blocking *ctx, const struct ct_regs *regs, uint64_t end,
	uint64_t ret[CT_MUSL_TRACES]);

#endif
