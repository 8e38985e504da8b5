/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From pools to facts: all values in pools are taken down first, then each pool is told by itself.
 */
#ifndef CT_RUNTIME_GO_POOLS_OBSERVE_H
#define CT_RUNTIME_GO_POOLS_OBSERVE_H

#include "runtime/go/heap_world.h"
#include "runtime/go/pools.h"

struct ct_go_pool_item {
	uint64_t address; /* of the object that the value leads to */
	uint64_t array;   /* of the elements of a slice, in the heap; 0 */
	uint64_t bytes;
	uint32_t type; /* in types */
	uint32_t pool;
	uint32_t processor;
	uint8_t place;
	bool object;     /* it is an object of the heap, which can be had twice */
	bool referenced; /* something other than the pool leads to it */
};

struct ct_go_pool_items {
	struct ct_go_observation *o;
	struct ct_go_world *world; /* NULL: the heap is not known */
	struct ct_go_pools pools;
	CT_VEC(struct ct_go_pool_item) list; /* by pool */
	CT_VEC(struct ct_go_pool_type) types;
	struct ct_hash type_keys;
	uint32_t n_unread; /* objects of which it is not known how much they lead to */
	bool deep;         /* bytes are all that only the pools keep alive */
};

/* Adds all pools; deep: also what keeps what alive, by a mark of the heap. After all goroutines. */
CT_WARN_UNUSED enum ct_status ct_go_observe_pools(struct ct_go_observation *o, bool deep);

/* Fills in bytes by what objects are and point to. (pools_size.c) */
CT_WARN_UNUSED enum ct_status ct_go_pools_size(struct ct_go_pool_items *items);
/*
 * Fills in bytes by all that nothing but pools keeps alive, and which objects something else leads
 * to: the heap is marked as if the pools were empty. (pools_deep.c)
 */
CT_WARN_UNUSED enum ct_status ct_go_pools_look_deep(struct ct_go_pool_items *items);
/*
 * Variables of goroutines that still point to objects in pools: those of a pool are
 * [first[pool], first[pool + 1]); first has two numbers more than there are pools, all 0.
 * (pools_use.c)
 */
typedef CT_VEC(struct ct_go_pool_use) ct_go_pool_uses;
CT_WARN_UNUSED enum ct_status ct_go_pools_uses(
	const struct ct_go_pool_items *items, ct_go_pool_uses *ret, uint32_t *first);
/* Objects that are in one pool twice; in the sink's arena. (pools_double.c) */
CT_WARN_UNUSED enum ct_status ct_go_pools_doubles(
	const struct ct_go_pool_items *items, uint32_t first, uint32_t n, struct ct_go_pool *ret);

#endif
