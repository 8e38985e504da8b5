/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_CLI_LEAN_H
#define CT_CLI_LEAN_H

#include "facts/facts.h"
#include "source/core_lean.h"
#include "target/target.h"

/*
 * The memory that a lean bundle keeps: stacks, writable data and ELF headers of modules, pages of
 * locks and of the threads' own records, pages that registers point to. Sorted, not overlapping;
 * for free().
 */
CT_WARN_UNUSED enum ct_status ct_lean_ranges(struct ct_target *target, const struct ct_facts *facts,
	struct ct_range **ret, size_t *n, struct ct_error *err);

#endif
