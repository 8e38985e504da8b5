/* SPDX-License-Identifier: Apache-2.0 */
/* What is different between two reports: a pure function of two views. */
#ifndef CT_RULES_DIFF_H
#define CT_RULES_DIFF_H

#include "rules/view.h"

enum ct_change {
	CT_CAME,
	CT_GREW,
	CT_STAYED, /* of a lock: as many wait, but another thread holds it */
	CT_SHRANK,
	CT_WENT,
	CT_N_CHANGES,
};

/* Of each pair one may be NULL: it was not there. */
struct ct_diff_finding {
	enum ct_change change; /* came, stayed or went */
	const struct ct_view_finding *old, *new;
	const char *ignored_by; /* or NULL */
};

struct ct_diff_stack {
	enum ct_change change; /* not stayed */
	const struct ct_view_stack *old, *new;
};

struct ct_diff_lock {
	enum ct_change change;
	const struct ct_view_lock *old, *new;
	bool other_holder;
};

/* Goroutines in one place: with the same functions and the same wait. */
struct ct_diff_goroutines {
	enum ct_change change;             /* of how many there are */
	const struct ct_view_group *group; /* one of them */
	const char *place;
	const char *functions; /* as a stack's key */
	uint32_t old, new;
	/* Of the new ones, those that were not there before: by their numbers where both sides
	 * have them and are of one process, else as many more as there are. */
	uint32_t n_added;
	const char *ignored_by; /* an option, or why such are no leaks; NULL: they count */
};

struct ct_diff_amount {        /* of a pool, or of a type; change: of bytes, else of objects */
	enum ct_change change; /* not stayed */
	const struct ct_view_amount *old, *new;
};

struct ct_diff {
	const struct ct_view *old, *new;
	const char *headline; /* one sentence */
	/* What came first, then what grew, the largest change first, and so on. */
	const struct ct_diff_finding *findings;
	const struct ct_diff_stack *stacks;
	const struct ct_diff_lock *locks;
	const struct ct_diff_goroutines *goroutines;
	const struct ct_diff_amount *pools, *types;
	uint32_t n_findings, n_stacks, n_locks, n_goroutines, n_pools, n_types;
	uint32_t n_added;                 /* goroutines that are new and count */
	bool by_number;                   /* that is known of each by its number */
	bool pool_bytes;                  /* pools are compared by bytes, else by objects */
	uint32_t n_new[CT_N_LEVELS];      /* findings that came and count */
	uint32_t n_changes[CT_N_CHANGES]; /* findings by change, the ignored ones left out */
	uint32_t n_ignored;
	const char *const *notes; /* what was not compared */
	uint32_t n_notes;
};

const char *ct_change_name(enum ct_change change); /* "came" */

/*
 * The document owns the diff and borrows the views. ignore_current: what was there before, and
 * what went, is left out.
 */
CT_WARN_UNUSED enum ct_status ct_diff_views(const struct ct_view *old, const struct ct_view *new,
	const struct ct_policy *policy, bool ignore_current, struct ct_document **ret,
	struct ct_error *err);

#endif
