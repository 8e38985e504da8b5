/* SPDX-License-Identifier: Apache-2.0 */
/* Whether goroutines go on, as far as is known, and those that should have ended, by place: what
 * rules share. */
#ifndef CT_RULES_PROGRESS_H
#define CT_RULES_PROGRESS_H

#include "facts/facts.h"

struct ct_findings;

/* May somebody end the wait who goes on? Of a lock, too, whose holder is not known. */
bool ct_wait_may_end(const struct ct_facts *facts, const struct ct_wait *wait);
/* Does it go on, by itself or because another one does that it waits for? */
bool ct_may_go_on(const struct ct_facts *facts, uint32_t actor);
bool ct_wait_is_lock(uint8_t kind);
/* Is it for the end of something, as of a context? Nothing else is told by a struct {}. */
bool ct_wait_is_for_end(const struct ct_facts *facts, const struct ct_wait *wait);

/* One that waits although it should have ended: where it was made and where it stands. */
struct ct_late {
	uint64_t made, stack;
	uint32_t i;   /* in the rule's own facts */
	bool goes_on; /* it, or somebody whom it waits for */
};

/* Sorts them, and reports those of one place together, in the order of i. */
enum ct_status ct_late_by_place(struct ct_findings *out, struct ct_late *late, uint32_t n,
	enum ct_status (*report)(
		struct ct_findings *out, const struct ct_late *late, uint32_t n)) CT_WARN_UNUSED;

#endif
