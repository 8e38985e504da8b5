/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heap with what is known of all of it: opened, marked and typed by the first who asks, and
 * shared by all that look into the heap of one observation. Nothing is done that nobody asks for.
 */
#ifndef CT_RUNTIME_GO_HEAP_WORLD_H
#define CT_RUNTIME_GO_HEAP_WORLD_H

#include "runtime/go/heap_types.h"

/* Bytes of heap that are marked though nobody has asked for what only a mark tells. */
#define CT_GO_UNASKED (UINT64_C(1) << 30)

struct ct_go_world {
	struct ct_go_observation *o;
	struct ct_go_heap *heap;
	struct ct_go_masks *masks;
	struct ct_go_stacks stacks;
	struct ct_go_mark *mark;    /* of all that roots reach; after ct_go_world_mark() */
	struct ct_go_typing typing; /* after ct_go_world_types() */
	uint32_t n_guessed;         /* stacks that were not followed to their end, in the mark */
	uint32_t n_bad;             /* stacks that could not be read, the last time */
	bool missed;                /* other roots that could not be read, the last time */
	enum ct_status status;      /* of opening it: whoever asks again is told the same */
	bool marked, typed;
};

/* The world of the observation, which owns it, with its heap, masks and stacks. After all
 * goroutines. CT_NOT_FOUND: there is no heap that can be read; notes of the target say why. */
CT_WARN_UNUSED enum ct_status ct_go_world(struct ct_go_observation *o, struct ct_go_world **ret);
void ct_go_world_free(struct ct_go_observation *o);

/* Marks all that lives. */
CT_WARN_UNUSED enum ct_status ct_go_world_mark(struct ct_go_world *world);
/* Finds out what the marked objects are; marks them first. */
CT_WARN_UNUSED enum ct_status ct_go_world_types(struct ct_go_world *world);

/* All roots, a ct_go_root_lister (heap_path.h): variables, then stacks in the order of the
 * goroutines, then what hangs on objects. */
CT_WARN_UNUSED enum ct_status ct_go_world_roots(
	void *world, ct_go_root_visit *visit, void *visit_arg);

/* Calls back for the address of each record by which the runtime has a goroutine that waits: its
 * g, and what it is queued by. */
void ct_go_each_record(const struct ct_go_observation *o, uint32_t actor,
	void (*visit)(void *arg, uint64_t address), void *arg);
/* Marks the object at an address, or all those records, without what they refer to. */
void ct_go_world_hide_at(
	const struct ct_go_world *world, struct ct_go_mark *mark, uint64_t address);
void ct_go_world_hide(const struct ct_go_world *world, struct ct_go_mark *mark, uint32_t actor);

/* Whether all that leads to objects was read for the mark, which began with these roots: else what
 * it does not have is not known to be unreachable. */
bool ct_go_world_saw_all(const struct ct_go_world *world, const struct ct_go_mark *mark);

#endif
