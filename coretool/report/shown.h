/* SPDX-License-Identifier: Apache-2.0 */
/* What the formats of other tools have in common: whose stacks, and how functions are called. */
#ifndef CT_REPORT_SHOWN_H
#define CT_REPORT_SHOWN_H

#include "base/str.h"
#include "rules/document.h"

/*
 * Of a report about goroutines those that were chosen, without the runtime's own unless it is
 * verbose; of another the threads.
 */
bool ct_shows_stack_of(const struct ct_document *document, uint32_t actor);

/* Adds the function of line (0 is the innermost inlined) of a site, else the place in the file. */
void ct_str_add_frame(
	struct ct_str *s, const struct ct_facts *facts, const struct ct_site *site, uint32_t line);
/* How many calls a site stands for, at least 1. */
static inline uint32_t ct_site_calls(const struct ct_site *site)
{
	return CT_MAX(site->n_lines, 1u);
}

#endif
