/* SPDX-License-Identifier: Apache-2.0 */
/* Where a command writes to: standard output, or a file that changes only when all was written. */
#ifndef CT_CLI_OUTPUT_H
#define CT_CLI_OUTPUT_H

#include <sys/types.h>

#include "base/str.h"
#include "cli/cli.h"
#include "report/format.h"

struct ct_output {
	FILE *file;
	const char *name; /* for messages */
	char *path;       /* where the file is to appear; NULL: it is written in place */
	char *beside;     /* its name until then … */
	bool unnamed;     /* … or it has none yet */
};

/*
 * Opens args->output. A regular file is written beside its place and takes it when closed; what is
 * no regular file (a device, a FIFO) is written in place. mode as for open(2).
 */
CT_WARN_UNUSED enum ct_status ct_output_open(
	const struct ct_args *args, mode_t mode, struct ct_output *ret, struct ct_error *err);
/* CT_IO when anything since the opening could not be written; then, and with keep false, an old
 * file stays as it was. */
CT_WARN_UNUSED enum ct_status ct_output_close(
	struct ct_output *out, bool keep, struct ct_error *err);

/* Opens, writes the text, closes; gives the exit status. */
int ct_output_text(const struct ct_args *args, const struct ct_str *text);

/* Colors and width for text on this output. */
struct ct_style ct_output_style(const struct ct_args *args, const struct ct_output *out);

#endif
