/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_RUNTIME_GO_PROFILE_STACK_H
#define CT_RUNTIME_GO_PROFILE_STACK_H

#include "runtime/go/observe.h"
#include "runtime/go/profile_bucket.h"

struct ct_go_profile_stack { /* scratch */
	struct ct_go_observation *o;
	uint64_t pcs[CT_GO_MAX_PROFILE_STACK];
	struct ct_frame frames[CT_GO_MAX_PROFILE_STACK];
};

/* Adds the stack of a bucket to the facts. CT_FAULT: it cannot be read. */
CT_WARN_UNUSED enum ct_status ct_go_profile_stack_add(
	struct ct_go_profile_stack *stack, const struct ct_go_bucket *bucket, uint32_t *ret);

#endif
