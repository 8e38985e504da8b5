/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Actors that share a key, put together, so that a thousand threads in one place are one line. The
 * cost is linear in the number of actors, and n log n in that of groups.
 */
#ifndef CT_REPORT_GROUPS_H
#define CT_REPORT_GROUPS_H

#include "rules/document.h"

struct ct_group {
	uint64_t key;
	const uint32_t *actors; /* in the order of the facts */
	uint32_t n;
};

struct ct_groups {
	struct ct_group *groups; /* largest first; of equals the one that came first */
	uint32_t n, n_actors;
	uint32_t *members;
};

/* What an actor has in common with the others of its group; false: it is left out. */
typedef bool (*ct_group_key)(const struct ct_facts *facts, uint32_t actor, uint64_t *ret);

/* skip: per actor, those to leave out; NULL: none. */
CT_WARN_UNUSED enum ct_status ct_groups_make(
	const struct ct_facts *facts, const bool *skip, ct_group_key key, struct ct_groups *ret);
void ct_groups_free(struct ct_groups *groups);

/*
 * The same stack, state, system call and kind of wait; without stacks, the same object waited for
 * instead. The actor for which the process was stopped stands alone.
 */
bool ct_group_by_stack(const struct ct_facts *facts, uint32_t actor, uint64_t *ret);
/* What goroutines put together in this way have in common. */
ct_group_key ct_group_goroutines(enum ct_grouping by);
/* The same stack, wait, creator and labels. */
bool ct_group_by_all(const struct ct_facts *facts, uint32_t actor, uint64_t *ret);
/* The same object waited for; actors that wait for none are left out. */
bool ct_group_by_resource(const struct ct_facts *facts, uint32_t actor, uint64_t *ret);
/* The same kind of wait for objects with the same holder; for the same object when its holder is
 * not known. */
bool ct_group_by_holder(const struct ct_facts *facts, uint32_t actor, uint64_t *ret);

/*
 * Why the first of them that says so blocks; differs: others do for another reason, or it is not
 * known why. NULL: that is known of none.
 */
const char *ct_group_why(
	const struct ct_facts *facts, const uint32_t *actors, uint32_t n, bool *differs);

#endif
