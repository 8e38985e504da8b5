/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a function was called with, where that surely still is. Up to 1.16 the caller lays arguments
 * on the stack, and there they stay. Since 1.17 they come in registers, and the function saves
 * those that it needs behind a call, at a place that its caller leaves for each. Where in its code
 * that is done says the table by which the runtime's own traceback prints arguments, since 1.18
 * (cmd/compile/internal/liveness/arg.go; isLive() of printArgs() in runtime/traceback.go).
 */
#ifndef CT_RUNTIME_GO_ARGUMENTS_H
#define CT_RUNTIME_GO_ARGUMENTS_H

#include "runtime/go/go.h"
#include "target/unwind.h"

/*
 * The index-th word of the arguments of the frame's function; those before it, and itself, are
 * words that come in registers. False: it is not known to have been saved, or the frame is not
 * surely found. Functions that assign to the argument leave what they assigned.
 */
bool ct_go_argument(const struct ct_go *go, const struct ct_unwound_frame *frame, unsigned index,
	uint64_t *ret);

#endif
