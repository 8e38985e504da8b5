/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict subset of TOML 1.0: keys (bare, dotted), [tables], strings on one line, decimal
 * integers, arrays of strings, comments. What else TOML has is refused, with the number of the
 * line, and so is what no TOML has. The file may be hostile.
 */
#ifndef CT_BASE_TOML_H
#define CT_BASE_TOML_H

#include "base/arena.h"

enum ct_toml_type { CT_TOML_STRING, CT_TOML_INTEGER, CT_TOML_STRINGS };

struct ct_toml_item {
	const char *key; /* with its table's name: "rules.CT120" */
	unsigned line;
	enum ct_toml_type type;
	const char *text;           /* of a string */
	int64_t number;             /* of an integer */
	const char *const *strings; /* of an array */
	uint32_t n_strings;
};

/*
 * The items in the order of the file, in arena. name: of the file, for the text of an error:
 * "name:3: …".
 */
CT_WARN_UNUSED enum ct_status ct_toml_read(const char *text, size_t len, const char *name,
	struct ct_arena *arena, const struct ct_toml_item **ret, uint32_t *n, struct ct_error *err);

#endif
