/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_CLI_OPTIONS_H
#define CT_CLI_OPTIONS_H

#include "cli/cli.h"

/*
 * Understands the command line by the tables. Options may stand before or after words.
 * args->command is NULL when there is no word at all. CT_USAGE with a text; args is to be freed in
 * any case.
 */
CT_WARN_UNUSED enum ct_status ct_args_parse(
	int argc, char **argv, struct ct_args *args, struct ct_error *err);
void ct_args_free(struct ct_args *args);

/* "12", "64G", "1.5T" is none: digits and one of K, M, G, T (powers of 1024). */
bool ct_parse_size(const char *text, uint64_t *ret);

#endif
