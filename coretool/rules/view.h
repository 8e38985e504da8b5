/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What two reports are compared by: without addresses, and with threads as many as stand in one
 * place. A view is made from a document, or from a JSON report that may come from anybody; both go
 * through the same builder, so that a core and its own report do not differ.
 */
#ifndef CT_RULES_VIEW_H
#define CT_RULES_VIEW_H

#include "base/hash.h"
#include "base/vec.h"
#include "rules/document.h"

struct ct_view_finding {
	const char *rule, *name, *title, *fingerprint; /* fingerprint, title: or NULL */
	enum ct_level level;
	const char *confidence;
	const char *ignored_by; /* or NULL */
	uint32_t n_actors;
};

struct ct_view_stack {
	const char *key;   /* its functions, innermost first, one a line */
	const char *place; /* the first that is the program's own, else the innermost */
	const char *waits; /* what the first thread there waits for: a kind of wait, or NULL */
	uint32_t n;        /* threads */
};

struct ct_view_lock {
	const char *key; /* NULL: nothing but its address tells it from others */
	const char *kind;
	const char *name;  /* NULL: it has none … */
	const char *place; /* … and this is where the first one waits, or NULL */
	const char *waits; /* the kind of the first one's wait, or NULL */
	uint64_t address;
	uint32_t waiters;
	const char *holder;       /* in words, or NULL */
	const char *holder_label; /* what the holder is called in every run, or NULL */
	uint64_t holder_id;       /* 0: none is known */
};

struct ct_view_group {         /* goroutines in one place */
	uint32_t stack;        /* that is known by their functions */
	const char *functions; /* inlined ones too, innermost first, one a line */
	const char *waits;     /* the runtime's word for it, or their state */
	const char *kind;      /* of wait, or NULL */
	const char *creator;   /* the function that made them, or NULL */
	uint32_t n;
};

struct ct_view_goroutine {
	uint64_t id;
	uint32_t group;
};

struct ct_view_amount { /* a pool, or the objects of one type */
	const char *name;
	uint64_t objects, bytes;
};

struct ct_view {
	const char *path, *exe; /* NULL: not known */
	const char *verdict, *headline;
	int64_t pid;
	uint32_t n_threads, n_goroutines;
	bool has_stacks, has_locks, has_pools, has_types; /* they were asked for */
	bool has_pool_bytes;                              /* not only how many objects */
	bool partial;
	const struct ct_view_finding *findings;
	const struct ct_view_stack *stacks;
	const struct ct_view_lock *locks;
	const struct ct_view_group *groups;
	/* Each of the goroutines that are not the runtime's; none when only their groups are known.
	 */
	const struct ct_view_goroutine *ids;
	const struct ct_view_amount *pools, *types; /* each name once */
	uint32_t n_findings, n_stacks, n_locks, n_groups, n_ids, n_pools, n_types;
};

struct ct_view_frame {
	const char *function; /* NULL: not known */
	const char *module;   /* NULL: none */
	uint64_t offset;
};

struct ct_view_amounts { /* each name once */
	struct ct_view_amount *items;
	uint32_t n, cap;
	struct ct_hash names;
};

struct ct_view_builder {
	struct ct_view view;
	struct ct_arena *arena;
	bool is_static; /* the C library is in the program's own file */
	bool failed;    /* no memory */
	CT_VEC(struct ct_view_finding) findings;
	CT_VEC(struct ct_view_stack) stacks;
	CT_VEC(struct ct_view_lock) locks;
	CT_VEC(struct ct_view_group) groups;
	CT_VEC(struct ct_view_goroutine) ids;
	struct ct_view_amounts pools, types;
	struct ct_hash stack_keys, lock_keys, group_keys;
};

/* Strings are copied into arena, clean and cut; NULL stays NULL. */
const char *ct_view_text(struct ct_view_builder *b, const char *text);
/* The index of the stack of these frames, innermost first; inlined ones must not be among them. */
uint32_t ct_view_add_stack(
	struct ct_view_builder *b, const struct ct_view_frame *frames, uint32_t n);
/* One more thread has it. waits: the kind of its wait, or NULL. */
void ct_view_add_thread(struct ct_view_builder *b, uint32_t stack, const char *waits);
/* A lock with waiters; others that cannot be told from it are added to it. */
void ct_view_add_lock(struct ct_view_builder *b, const struct ct_view_lock *lock);
/* The functions of these frames, as a group of goroutines has them. (view_go.c) */
const char *ct_view_functions(
	struct ct_view_builder *b, const struct ct_view_frame *frames, uint32_t n);
/*
 * Goroutines in one place, n of them; group->functions is what the above gave. id: of the only one,
 * or 0. Those in which there is nothing but the runtime's code do not count. (view_go.c)
 */
void ct_view_add_goroutines(
	struct ct_view_builder *b, const struct ct_view_group *group, uint64_t id);
/* Of equal names the numbers are added up. (view_go.c) */
void ct_view_add_pool(struct ct_view_builder *b, const struct ct_view_amount *pool);
void ct_view_add_type(struct ct_view_builder *b, const struct ct_view_amount *type);
void ct_view_add_finding(struct ct_view_builder *b, const struct ct_view_finding *finding);
/* Takes all that the builder holds, also when it fails. */
CT_WARN_UNUSED enum ct_status ct_view_finish(struct ct_view_builder *b, struct ct_view *ret);

/* The view of a report whose fingerprints are known; it outlives document and facts. */
CT_WARN_UNUSED enum ct_status ct_view_of_document(
	const struct ct_document *document, struct ct_arena *arena, struct ct_view *ret);

#endif
