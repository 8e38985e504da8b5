/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_CLI_PROGRESS_H
#define CT_CLI_PROGRESS_H

#include "cli/cli.h"

/* Says on a terminal's standard error what is being done, in place of what was said before. */
CT_PRINTF(2, 3) void ct_progress(const struct ct_args *args, const char *fmt, ...);
/* Takes the last words back. */
void ct_progress_end(const struct ct_args *args);

#endif
