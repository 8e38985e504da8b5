/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_CLI_HELP_H
#define CT_CLI_HELP_H

#include "base/str.h"
#include "cli/cli.h"

/* Both give the exit status. command NULL: an overview of all. */
int ct_print_help(const struct ct_command *command);
int ct_print_version(void);

/* What an exit status means; in help and man page. */
struct ct_exit_row {
	enum ct_exit status;
	const char *text;
};
extern const struct ct_exit_row ct_exit_rows[];
extern const size_t ct_n_exit_rows;

/* "auto, always, never" or "text, json, ndjson": adds the values that an option of command (NULL:
 * any) can have. */
void ct_add_choices(struct ct_str *s, const struct ct_command *command, enum ct_option_id id,
	const char *between);

#endif
