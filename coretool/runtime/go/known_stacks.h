/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks that were walked before. How large a Go frame is tells its pc alone (frames.h), so a stack
 * is the same as an earlier one when the words at the same distances are the same return
 * addresses. Of a million goroutines few have a stack of their own.
 */
#ifndef CT_RUNTIME_GO_KNOWN_STACKS_H
#define CT_RUNTIME_GO_KNOWN_STACKS_H

#include "runtime/go/go.h"
#include "target/unwind.h"

struct ct_go_known_stacks;

struct ct_go_known_stacks *ct_go_known_stacks_new(const struct ct_go *go); /* NULL: no memory */
void ct_go_known_stacks_free(struct ct_go_known_stacks *known);
/*
 * The index under which the stack was learned of a goroutine that goes on at pc with this stack
 * pointer; CT_NONE: it is another one. is_call: pc is a return address.
 */
uint32_t ct_go_known_stack(
	struct ct_go_known_stacks *known, uint64_t pc, bool is_call, uint64_t sp);
/* Learns what the unwinder found from there, where nothing but sizes of frames led to it. */
void ct_go_learn_stack(struct ct_go_known_stacks *known, const struct ct_unwound *unwound,
	uint64_t sp, uint32_t index);

#endif
