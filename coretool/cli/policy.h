/* SPDX-License-Identifier: Apache-2.0 */
/* The policy in force: --policy's file, over which the other options stand. */
#ifndef CT_CLI_POLICY_H
#define CT_CLI_POLICY_H

#include "base/arena.h"
#include "cli/cli.h"

/* Everything is in arena. */
CT_WARN_UNUSED enum ct_status ct_policy_of(const struct ct_args *args, struct ct_arena *arena,
	struct ct_policy *ret, struct ct_error *err);

#endif
