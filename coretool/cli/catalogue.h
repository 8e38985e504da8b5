/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that are lists of rows: the rules, the commands. */
#ifndef CT_CLI_CATALOGUE_H
#define CT_CLI_CATALOGUE_H

#include "base/vec.h"
#include "cli/cli.h"

struct ct_catalogue {
	struct ct_arena arena;
	CT_VEC(struct ct_catalogue_row) rows;
	CT_VEC(struct ct_explanation) fields; /* of the row under construction */
	bool failed;
};

/* Adds a field to the next row; NULL or empty text: none. The text is copied. */
void ct_catalogue_field(struct ct_catalogue *c, const char *key, const char *text);
/* Ends the row. */
void ct_catalogue_row(struct ct_catalogue *c, const char *type);
void ct_catalogue_free(struct ct_catalogue *c);

/* Writes the catalogue by --format; gives the exit status. */
int ct_catalogue_write(const struct ct_args *args, const struct ct_catalogue *c);

#endif
