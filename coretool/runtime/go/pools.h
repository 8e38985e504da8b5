/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in the pools of a Go program (sync/pool.go, poolqueue.go): for each P one private value
 * and a chain of rings, and the same again of what was there before the last collection, the
 * victims. The layouts have been the same since 1.13.
 */
#ifndef CT_RUNTIME_GO_POOLS_H
#define CT_RUNTIME_GO_POOLS_H

#include "base/vec.h"
#include "facts/go_pools.h"
#include "runtime/go/go.h"

#define CT_GO_POOL_SIZE 40 /* bytes, of which the last word is New */

struct ct_go_pools {
	CT_VEC(uint64_t) list; /* addresses of pools, each once */
	uint32_t n_bad;        /* of them, of Ps and rings: that could not be read, or are none */
	bool cut;              /* there is more than we look at */
	bool found;            /* the runtime's lists were */
};

struct ct_go_pool_value {
	uint64_t type, value; /* the words of the interface */
	uint32_t pool;        /* index in the list */
	uint32_t processor;
	uint8_t place; /* enum ct_go_pool_place */
};

struct ct_go_pool_visit {
	void *arg;
	/* False: no memory. */
	bool (*value)(void *arg, const struct ct_go_pool_value *value);
	/* Something that the pool itself has allocated begins here; NULL: not of interest. */
	void (*part)(void *arg, uint64_t at);
};

/* All pools that were used since the last collection but one; the others are empty. */
CT_WARN_UNUSED enum ct_status ct_go_pools_find(const struct ct_go *go, struct ct_go_pools *ret);
void ct_go_pools_free(struct ct_go_pools *pools);
/* Gives all that is in the pools. Only CT_OK and CT_NO_MEMORY. */
CT_WARN_UNUSED enum ct_status ct_go_pools_walk(
	const struct ct_go *go, struct ct_go_pools *pools, const struct ct_go_pool_visit *visit);

/* ---- what a value is (pool_values.c) ---- */

struct ct_go_pool_type { /* of values */
	uint64_t type;
	const char *name;   /* "*bytes.Buffer" */
	uint64_t elem_size; /* of a slice's elements */
	bool direct;        /* the value itself is the pointer, */
	bool empty;         /* to nothing */
	bool slice;         /* it is one, in a box, */
	bool to_slice;      /* or points to one */
	uint32_t known;     /* of the caller's */
};

struct ct_go_slice {
	uint64_t at, len, cap;
};

/* False: it is no type at all. name is cut to CT_GO_TYPE_NAME bytes, and is not kept. */
bool ct_go_pool_type_read(
	const struct ct_go *go, uint64_t type, struct ct_go_pool_type *ret, char *name);
/* The slice that a value is, or points to; false: there is none with anything in it. */
bool ct_go_pool_slice(const struct ct_go *go, const struct ct_go_pool_type *type, uint64_t value,
	struct ct_go_slice *ret);

#endif
