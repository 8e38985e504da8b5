/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_CLI_CONFINED_H
#define CT_CLI_CONFINED_H

#include "cli/cli.h"

/*
 * Runs in a child that can read nothing but the files that the args name, and write nothing but the
 * report (--untrusted: docs/untrusted.md). Gives the exit status; never runs unconfined.
 */
int ct_confined(const struct ct_args *args, int (*run)(const struct ct_args *args));

#endif
