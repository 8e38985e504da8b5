/* SPDX-License-Identifier: Apache-2.0 */
/* What there is once in a Go program: its scheduler and garbage collector. One of the facts. */
#ifndef CT_FACTS_GO_H
#define CT_FACTS_GO_H

#include "facts/facts.h"

#define CT_GO_RATE_UNKNOWN (-1)

struct ct_go_processor { /* a P: the right to run Go code */
	uint32_t id;
	const char *status;  /* "idle", "running", "syscall", "stopped for GC", "dead" */
	uint32_t thread;     /* that has it; CT_NONE */
	uint32_t n_runnable; /* goroutines in its queue; CT_NONE: not known */
	uint32_t next;       /* the goroutine that it runs next; CT_NONE */
};

struct ct_go_thread { /* an M: an OS thread of the runtime */
	int64_t id;
	uint32_t actor;    /* CT_NONE: it has no thread, as one kept for calls from C */
	uint32_t runs;     /* the goroutine that it runs; CT_NONE */
	uint32_t locked;   /* the goroutine that it is bound to; CT_NONE */
	int64_t processor; /* id of the P that it has; -1 */
	bool spinning, blocked, in_cgo, throwing, dying;
};

/* What the code of a goroutine will do to a channel that somebody will close, or has panicked at.
 */
struct ct_channel_use {
	uint32_t actor, resource;
	uint32_t sends; /* the most on a path, up to a few */
	bool receives, closes;
	bool sure;       /* it closes it on all paths */
	bool over;       /* it is closed, and somebody has panicked at it */
	bool endless;    /* it sends for ever, and never returns */
	const char *why; /* of who closes or sends: "frame #1 main.f() at f.go:7 will call …" */
	struct ct_deed deed; /* the same */
};

/* A goroutine that can run, in a loop in which nothing is done but what is ready at once. */
struct ct_go_spin {
	uint32_t actor;
	uint32_t frame;  /* in its stack, that has the loop */
	const char *why; /* "chan 0x… is closed and empty, so that each receive is ready" */
};

/* A goroutine that waits, and that nothing which can run reaches what would wake it. */
struct ct_go_leak {
	uint32_t actor;
	/* Of objects that only leaked goroutines reach, and none of those before it in the list. */
	uint64_t bytes;
	uint64_t stack; /* bytes of its stack */
};

struct ct_fact_go {
	const char *version;  /* "go1.24.4" */
	const char *layout;   /* where its layouts are from: "the tables of this version" … */
	const char *gc_phase; /* "off", "mark", "mark termination"; NULL: not known */
	const struct ct_go_processor *processors;
	const struct ct_go_thread *threads;
	const struct ct_channel_use *uses; /* by the channel's address; who closes it first */
	const struct ct_go_spin *spins;
	const struct ct_go_leak *leaks; /* by actor */
	const char *leaks_doubt;        /* why they are not proven; NULL: they are */
	/* Why it is not known who is leaked, though that was asked; NULL: it is. */
	const char *leaks_unknown;
	uint32_t n_processors, n_threads, n_uses, n_spins, n_leaks;
	uint32_t n_runnable; /* in the queue of all; CT_NONE: not known, as of those below */
	uint32_t n_timers;   /* pending ones; CT_NONE: not known */
	/* Those of them that run code of the program's (time.AfterFunc); CT_NONE: not known. */
	uint32_t n_functions;
	uint32_t n_idle_processors, n_idle_threads, n_spinning;
	/* How often the program samples for its profiles: bytes of the heap, cycles of waiting, one
	 * in so many waits for locks. 0: never; CT_GO_RATE_UNKNOWN. */
	int64_t heap_rate, block_rate, mutex_rate;
	bool guessed;  /* the layouts are of another version: nothing is proven by them */
	bool stopping; /* the world is being stopped */
};

#endif
