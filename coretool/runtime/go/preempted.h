/* SPDX-License-Identifier: Apache-2.0 */
/* Goroutines that were stopped between two instructions of their own (since 1.14). */
#ifndef CT_RUNTIME_GO_PREEMPTED_H
#define CT_RUNTIME_GO_PREEMPTED_H

#include "runtime/go/goroutine.h"

/*
 * The registers with which it goes on: those that runtime.asyncPreempt has saved on its stack
 * (preempt_amd64.s, which mkpreempt.go makes: the same order of general registers in 1.14 to 1.27),
 * by DWARF's numbers; no segments. CT_NOT_FOUND: it stopped at a call, as most do; CT_FAULT: its
 * stack cannot be read, or is not as it should be.
 */
CT_WARN_UNUSED enum ct_status ct_go_preempted(
	const struct ct_go *go, const struct ct_go_g *g, struct ct_regs *ret);

#endif
