/* SPDX-License-Identifier: Apache-2.0 */
/* The search for goroutines that nobody will wake (leaks.c), and who may be one. */
#ifndef CT_RUNTIME_GO_LEAKS_H
#define CT_RUNTIME_GO_LEAKS_H

#include "runtime/go/heap_mark.h"
#include "runtime/go/heap_world.h"

struct ct_go_blocked { /* a goroutine that waits for nothing but others */
	uint32_t actor;
	uint32_t first; /* of its needs; they may be none */
	bool never;     /* nothing ever ends its wait: CT211 tells */
	bool free;      /* something that can go on reaches one of the objects that it waits for */
};

struct ct_go_need {       /* one object that one of them waits for */
	uint32_t object;  /* its number; CT_NONE: it is not in the heap, so that all reach it */
	uint32_t blocked; /* index */
	uint32_t next;    /* of the same object; CT_NONE */
};

/* What keeps a leak, or that something alone keeps an object alive, from being proven. */
struct ct_go_leak_doubts {
	const char *gc_phase; /* as the runtime has it; NULL: not known */
	bool running;         /* a goroutine, or a thread between two of them */
	bool missed;          /* a finalizer, or the like, could not be read */
	bool to_free;         /* pointers lead to memory that is free */
	bool guessed;         /* of some stacks or objects it is not known where pointers are */
};

/* Words for the first of them; NULL: there is none. (leak_doubts.c) */
const char *ct_go_leak_doubt(const struct ct_go_leak_doubts *doubts);

struct ct_go_ticker_part { /* the object of a ticker, or that of its channel */
	uint32_t object;   /* its number */
	uint32_t ticker;   /* index */
};

struct ct_go_hunt {
	struct ct_go_observation *o;
	struct ct_go_world *world;
	struct ct_go_mark *mark;              /* of what can go on reaches */
	CT_VEC(struct ct_go_blocked) blocked; /* by actor */
	CT_VEC(struct ct_go_need) needs;      /* those of one goroutine together */
	struct ct_hash heads;                 /* of the lists of needs, by object */
	struct ct_go_watch watch;
	CT_VEC(uint32_t) todo; /* of blocked: they are free, and their stacks not marked */
	CT_VEC(struct ct_go_kept_ticker) tickers;
	struct ct_go_ticker_part *parts; /* of those that nothing which can go on has, by object */
	uint32_t n_parts;
	bool no_memory;   /* for tickers */
	bool *is_blocked; /* by actor - o->first */
	uint32_t n_left;  /* of blocked, that may be leaked */
	bool others;      /* some of the program's go on by themselves */
	bool running;     /* something runs right now */
	bool missed;      /* a finalizer, or the like */
	bool partial;     /* part of the memory that may lead to them was not read */
};

/* Fills in blocked, needs, heads, is_blocked and others. (leaks_blocked.c) */
CT_WARN_UNUSED enum ct_status ct_go_find_blocked(struct ct_go_hunt *h);

/* Gives what the lists of timers lead to as roots, but for tickers. (leaks_tickers.c) */
void ct_go_mark_timers(struct ct_go_hunt *h);
/* When all is marked that can go on reaches: from now on watches for tickers. (leaks_tickers.c) */
CT_WARN_UNUSED enum ct_status ct_go_watch_tickers(struct ct_go_hunt *h);
/* Those that were marked since are what this leaked goroutine has. (leaks_tickers.c) */
void ct_go_tell_tickers(struct ct_go_hunt *h, uint32_t actor);
/* Hands over those that leaked goroutines have. (leaks_tickers.c) */
CT_WARN_UNUSED enum ct_status ct_go_keep_tickers(struct ct_go_hunt *h);

#endif
