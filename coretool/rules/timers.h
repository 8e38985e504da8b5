/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers of a Go program that are for the same thing, put together: they call the same function, or
 * the goroutines that wait for them do so in the same place and were made in the same place.
 */
#ifndef CT_RULES_TIMERS_H
#define CT_RULES_TIMERS_H

#include "base/span.h"
#include "facts/go_timers.h"

struct ct_timer_group {
	const struct ct_go_timer *first; /* the one that fires first */
	const uint32_t *members;         /* n indices into the facts' timers, in their order */
	uint32_t n;
	/* The leaked goroutines that alone have the tickers, each once; none: something else has
	 * these. */
	const uint32_t *keepers;
	uint32_t n_keepers;
	uint32_t n_alone;
	int64_t last;      /* when the last one fires, as ct_go_timer.fires */
	uint64_t retained; /* by all that are alone */
	uint64_t largest;  /* by one of them */
};

struct ct_timer_groups {
	struct ct_timer_group *groups; /* by kind, then when they fire first */
	uint32_t n;
	uint32_t *members, *keepers;
};

/* Nothing when the facts have no timers. */
CT_WARN_UNUSED enum ct_status ct_timer_groups_make(
	const struct ct_facts *facts, struct ct_timer_groups *ret);
void ct_timer_groups_free(struct ct_timer_groups *groups);
/* At most max goroutines that wait for timers of the group; how many there are of them. */
uint32_t ct_timer_waiters(const struct ct_facts *facts, const struct ct_timer_group *group,
	uint32_t *ret, uint32_t max);
/* "48 MiB", "1.5 KiB", "700 bytes" */
const char *ct_say_bytes(struct ct_arena *arena, uint64_t bytes);

#endif
