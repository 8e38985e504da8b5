/* SPDX-License-Identifier: Apache-2.0 */
/* Completion scripts for shells, made from the tables of commands and options. */
#ifndef CT_CLI_COMPLETION_H
#define CT_CLI_COMPLETION_H

#include "base/str.h"
#include "cli/cli.h"

void ct_add_bash_completion(struct ct_str *s);
void ct_add_zsh_completion(struct ct_str *s);

/* The words that a command takes, with spaces between; nothing: files. */
void ct_add_command_words(struct ct_str *s, const struct ct_command *command);

/* Is the value of this option a directory, a file? */
bool ct_option_takes_dir(const struct ct_option *option);
bool ct_option_takes_file(const struct ct_option *option);

#endif
