/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which goroutines somebody wants to see: "wait = chan receive and since > 5m". Clauses are joined
 * by "and"; each is a field, one of = != ~ (has in it) < >, and a value, which goes up to the next
 * "and" or stands in quotes. docs/goroutines.md lists the fields.
 */
#ifndef CT_RULES_WHERE_H
#define CT_RULES_WHERE_H

#include "facts/facts.h"

#define CT_WHERE_MAX 16 /* clauses */

struct ct_where_field;

enum ct_where_op { CT_WHERE_IS, CT_WHERE_IS_NOT, CT_WHERE_HAS, CT_WHERE_LESS, CT_WHERE_MORE };

struct ct_where_clause {
	const struct ct_where_field *field;
	enum ct_where_op op;
	const char *text;
	uint64_t number; /* of a number, a duration in ns, yes (1) or no (0) */
};

struct ct_where {
	struct ct_where_clause clauses[CT_WHERE_MAX];
	uint32_t n;
};

/* CT_USAGE with one line that says what is wrong and what can stand there. Strings are in arena. */
CT_WARN_UNUSED enum ct_status ct_where_parse(
	const char *text, struct ct_arena *arena, struct ct_where *ret, struct ct_error *err);
bool ct_where_holds(const struct ct_where *where, const struct ct_facts *facts, uint32_t actor);

#endif
