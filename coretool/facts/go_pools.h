/* SPDX-License-Identifier: Apache-2.0 */
/* The pools of a Go program (sync.Pool). Part of the facts. */
#ifndef CT_FACTS_GO_POOLS_H
#define CT_FACTS_GO_POOLS_H

#include "facts/facts.h"

enum ct_go_pool_place {
	CT_GO_POOL_PRIVATE, /* of a P */
	CT_GO_POOL_SHARED,  /* in its chain, where others take from too */
	/* The same, from before the last collection; the next one drops it. */
	CT_GO_POOL_VICTIM_PRIVATE,
	CT_GO_POOL_VICTIM_SHARED,
	CT_GO_N_POOL_PLACES,
};

struct ct_go_pooled { /* an object in a pool that there is something to say of */
	uint64_t address;
	uint64_t array; /* of the elements of a slice; 0: it is none */
	uint64_t bytes; /* that only the pool keeps alive, as far as that was looked at */
	const char *type;
	uint32_t processor;
	uint8_t place;   /* enum ct_go_pool_place */
	uint32_t copies; /* how often it is in the pool */
	/* Of a copy other than the first. */
	uint32_t other_processor;
	uint8_t other_place;
};

/* A live variable that points to an object in a pool. */
struct ct_go_pool_use {
	uint32_t actor;
	uint32_t frame;   /* of its stack; CT_NONE */
	uint64_t address; /* of the object */
	const char *type;
	const char *why;
	bool will; /* its code will use it, before it returns and before any Get */
};

struct ct_go_pool_part { /* of one P */
	uint32_t processor;
	uint32_t n[CT_GO_N_POOL_PLACES];
};

struct ct_go_pool_type_count {
	const char *name;
	uint32_t n;
};

struct ct_go_pool {
	uint64_t address;
	const char *name;                    /* "main.buffers", "in main.server"; NULL: not known */
	const char *make;                    /* its New function; NULL: it has none */
	const struct ct_go_pool_part *parts; /* of Ps that have something */
	const struct ct_go_pool_type_count *types; /* the most numerous first */
	const struct ct_go_pooled *doubles;        /* each once */
	const struct ct_go_pooled *large;          /* the largest first */
	const struct ct_go_pool_use *uses;
	uint32_t n_parts, n_types, n_doubles, n_large, n_uses;
	bool more_doubles, more_large; /* than are listed */
	uint32_t resource;             /* CT_NONE: there is nothing to say of it */
	uint32_t n_objects;
	uint64_t bytes;        /* that only the pool keeps alive */
	uint64_t median;       /* of its objects' bytes */
	uint32_t n_referenced; /* objects that something else leads to; CT_NONE: not looked at */
};

struct ct_fact_go_pools {
	const struct ct_go_pool *items; /* the most bytes first */
	uint32_t n;
	uint32_t n_objects;
	bool sized; /* the heap is known: bytes and medians are, too */
	bool deep;  /* all that objects lead to was looked at, not only what they point to */
};

#endif
