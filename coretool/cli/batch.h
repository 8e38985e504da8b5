/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_CLI_BATCH_H
#define CT_CLI_BATCH_H

#include "cli/cli.h"

/* Analyses every core that the words name, or that lies in a directory they name: a line for each.
 * Gives the exit status. */
int ct_batch_run(const struct ct_args *args);

#endif
