/* SPDX-License-Identifier: Apache-2.0 */
/* A rule turns facts and graph into findings. To add one: a file with a const struct ct_rule, a row
 * in table.c. */
#ifndef CT_RULES_RULES_H
#define CT_RULES_RULES_H

#include "rules/document.h"

struct ct_findings; /* a list under construction, in detect.c */

struct ct_rule {
	const char *id, *name, *summary, *help, *silent_when;
	enum ct_level level;
	unsigned wants; /* what it needs to say anything: enum ct_want; 0: registers and lock words
			 */
	enum ct_status (*run)(const struct ct_facts *facts, const struct ct_graph *graph,
		const struct ct_policy *policy, struct ct_findings *out);
};

extern const struct ct_rule *const ct_rules[];
extern const size_t ct_n_rules;

#endif
