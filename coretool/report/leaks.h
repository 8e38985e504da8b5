/* SPDX-License-Identifier: Apache-2.0 */
/* Leaked goroutines as a report shows them: those of one place together, and what ignores them. */
#ifndef CT_REPORT_LEAKS_H
#define CT_REPORT_LEAKS_H

#include "facts/go.h"
#include "report/groups.h"

struct ct_leak_group {
	const struct ct_group *group;
	const char *ignored_by; /* the option that says they do not count, or NULL */
	uint64_t bytes, stacks; /* of all of them */
};

#define CT_LEAK_IGNORERS 4 /* the options that there are */

struct ct_leak_ignorer {
	const char *option; /* NULL: no more of them */
	uint32_t n;         /* goroutines that it says do not count */
};

struct ct_leak_groups {
	struct ct_leak_group *items; /* those that count first */
	uint32_t n;
	uint32_t n_counted, n_ignored; /* goroutines */
	struct ct_leak_ignorer ignored[CT_LEAK_IGNORERS];
	uint64_t bytes, stacks; /* of those that count */
	const struct ct_go_leak *leaks;
	uint32_t *leak_of; /* per actor that is in a group: its index in leaks */
	struct ct_groups parts[2];
};

/* Were they looked for in this process? */
bool ct_leaks_asked(const struct ct_document *document);
/* Nothing when they were not. */
CT_WARN_UNUSED enum ct_status ct_leak_groups_make(
	const struct ct_document *document, struct ct_leak_groups *ret);
void ct_leak_groups_free(struct ct_leak_groups *groups);

#endif
