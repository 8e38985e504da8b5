/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the Go runtime to facts: goroutines as actors, their stacks, what they wait for. One file
 * per subject; each adds to the sink and reads nothing but the target.
 */
#ifndef CT_RUNTIME_GO_OBSERVE_H
#define CT_RUNTIME_GO_OBSERVE_H

#include "base/hash.h"
#include "base/vec.h"
#include "facts/go.h"
#include "facts/sink.h"
#include "runtime/go/goroutine.h"
#include "target/unwind.h"

struct ct_go_machine {                     /* an OS thread as the runtime knows it: struct m */
	uint64_t at, g0, gsignal, current; /* current: the goroutine that it runs; 0: none */
	uint64_t procid;
	uint32_t thread; /* index of its actor; CT_NONE: none has that number */
};

/* Where the runtime ended the process for a signal in C code. */
struct ct_go_in_c {
	uint32_t thread; /* CT_NONE: it did not */
	uint32_t frame;  /* of C */
	/* The signal, where sigpanic() has been called for it: the registers are lost; 0: else. */
	int number, code;
	uint64_t address;
};

/* What could not be read of the goroutines. */
struct ct_go_missing {
	bool list;
	uint64_t variables; /* the start of a segment of the program's; 0: all are there */
	uint32_t n_listed, n_goroutines; /* of n_listed, with those that have ended */
	uint32_t n_stacks;
	uint64_t stacks[4]; /* the first ones of n_stacks: goid */
	uint32_t n_spans;   /* spans and arenas of the heap, where it was looked into */
};

typedef CT_VEC(struct ct_unwound_frame) ct_go_frames;

struct ct_go_kept_ticker { /* that nothing but leaked goroutines has */
	uint64_t timer;
	uint32_t actor; /* the first of these */
	bool known;     /* it is among the timers already */
};

struct ct_go_birth { /* where a goroutine was made, and what it began with: sites */
	uint64_t gopc, startpc;
	uint32_t created_at, start_site;
	enum ct_go_system system;
	bool known;
};

struct ct_go_observation {
	const struct ct_go *go;
	struct ct_target *target;
	struct ct_sink *sink;
	struct ct_unwinder *unwinder; /* shaped; NULL: stacks are not wanted */
	/* A site with its names, of code that is not Go's too; arg is given to it. */
	uint32_t (*site)(void *arg, uint64_t pc, bool is_call);
	/* A goroutine that goes on with these registers, between two instructions. */
	enum ct_status (*preempted)(void *arg, uint32_t actor, const struct ct_regs *regs);
	void *arg;
	struct ct_go_machine *machines;
	uint32_t n_machines;
	uint32_t first, n;       /* actors that are goroutines: [first, first + n) */
	struct ct_frame *frames; /* scratch for one stack */
	size_t n_frames;
	ct_go_frames own, joined;         /* likewise (cgo.c) */
	struct ct_go_known_stacks *known; /* (known_stacks.h) */
	struct ct_go_birth births[256];   /* the last ones, by both addresses */
	uint8_t reasons[UINT8_MAX + 1]; /* by the runtime's number: the sink's; 0: not yet known */
	bool names;                     /* of objects are wanted */
	bool leaks;                     /* who waits for what nobody reaches is wanted, */
	bool all_leaks;                 /* however large the heap is */
	bool heap;                      /* what lives in it is wanted */
	bool timers;                    /* are wanted, */
	bool pools;                     /* what is in them is, */
	bool profiles;                  /* what the process has kept of itself is wanted */
	bool retained;                  /* and what each of these keeps alive */
	bool contexts;                  /* contexts that are over are wanted */
	bool all_contexts;              /* and all that live */
	bool services;                  /* what database/sql has is wanted */
	const struct ct_strings *context_values; /* keys whose values are wanted; NULL: none */
	uint64_t address;                        /* of an object that is wanted; 0 */
	uint64_t goroutine;                      /* number of the only one that is asked about; 0 */
	bool references; /* what leads to that object, and to what that one waits for, is wanted */
	struct ct_go_in_c in_c; /* filled in */
	uint32_t dying;         /* filled in: the thread on which the runtime ended the process, for
				   neither a panic nor an error of its own: a signal; CT_NONE */
	struct ct_go_missing missing; /* filled in */
	struct ct_go_waits *waits;    /* what is known already of what is waited for (waits.h) */
	struct ct_go_world *world;    /* the heap, once somebody has asked for it (heap_world.h) */
	CT_VEC(struct ct_channel_use) uses;            /* owners.c finds them */
	CT_VEC(struct ct_go_spin) spins;               /* and spin.c these */
	CT_VEC(struct ct_go_kept_ticker) kept_tickers; /* and leaks_tickers.c these */
};

/*
 * Adds all goroutines with their stacks and waits; every thread of the target is an actor with the
 * same index already, with its stack.
 */
CT_WARN_UNUSED enum ct_status ct_go_observe(struct ct_go_observation *o);

/* A sentence about what is missing, in the sink's arena; NULL: nothing is. (missing.c) */
const char *ct_go_say_missing(struct ct_go_observation *o);
/* Takes down whether the program's variables are in memory. (missing.c) */
void ct_go_check_variables(struct ct_go_observation *o);
/* Takes down whether the list of goroutines, of missing.n_listed, is as long as it must be.
 * (missing.c) */
void ct_go_check_list(struct ct_go_observation *o);
/* Takes down whether the stack of a goroutine is in memory. (missing.c) */
void ct_go_check_stack(struct ct_go_observation *o, const struct ct_go_g *g);
/* Is there a goroutine, or a stack of one, that nothing is known of? */
static inline bool ct_go_misses(const struct ct_go_observation *o)
{
	return o->go->layout_trust == CT_GO_LAYOUT_NEAREST || o->missing.list ||
	       o->missing.variables || o->missing.n_goroutines || o->missing.n_stacks ||
	       o->missing.n_spans;
}

/* Names and lines of a site in Go code; false: it is in none. (sites.c) */
bool ct_go_name_site(const struct ct_go *go, struct ct_sink *sink, struct ct_site *site);
/* Fills in machines. (machines.c) */
CT_WARN_UNUSED enum ct_status ct_go_read_machines(struct ct_go_observation *o);
/* The machine at this address, or NULL. (machines.c) */
const struct ct_go_machine *ct_go_machine_at(const struct ct_go_observation *o, uint64_t at);
/* Its OS thread, whose registers are known; NULL: it is missing, or m is NULL. (machines.c) */
const struct ct_thread *ct_go_machine_thread(
	const struct ct_go_observation *o, const struct ct_go_machine *m);
/* The machine of a thread, or NULL. (machines.c) */
const struct ct_go_machine *ct_go_machine_of(const struct ct_go_observation *o, uint32_t thread);
/*
 * The registers that a goroutine goes on with. CT_NOT_FOUND: it runs, and its thread's registers
 * are not its own. (stacks.c)
 */
CT_WARN_UNUSED enum ct_status ct_go_registers(
	const struct ct_go_observation *o, const struct ct_go_g *g, struct ct_regs *ret);
/*
 * Its frames from where it is to its base: through C, where it is called from there or is in it.
 * regs: as ct_go_registers() has them. What is in *ret is valid until the next call. CT_NOT_FOUND
 * as above. (cgo.c)
 */
CT_WARN_UNUSED enum ct_status ct_go_unwind(struct ct_go_observation *o, const struct ct_go_g *g,
	struct ct_regs *regs, struct ct_unwound *ret);
/* The function of a frame, "" where it is none of Go's. (cgo.c) */
const char *ct_go_frame_name(const struct ct_go *go, const struct ct_unwound_frame *frame);
/*
 * The frame of a thread that a handler of the runtime's own for signals has interrupted: it asks
 * goroutines to make way so, and has all threads stop when the process is to die. 0: there is none.
 * (cgo.c)
 */
size_t ct_go_behind_handlers(const struct ct_go *go, const struct ct_unwound *stack);
/* Is the frame one of code that is not Go's? (cgo.c) */
bool ct_go_is_c(const struct ct_go *go, const struct ct_unwound *stack, size_t frame);
/* Adds the goroutine's stack to its actor. (stacks.c) */
CT_WARN_UNUSED enum ct_status ct_go_observe_stack(
	struct ct_go_observation *o, const struct ct_go_g *g, uint32_t actor);
/* The frame of an actor's stack that goes on at pc; CT_NONE: it is not kept. (stacks.c) */
uint32_t ct_go_frame_of(const struct ct_go_observation *o, uint32_t actor, uint64_t pc);
/* Has what all goroutines are read for fetched, so that it is not read a page at a time.
 * (goroutine_fetch.c) */
void ct_go_fetch_goroutines(const struct ct_go *go);
/* Adds who has, or will end the wait for, what they wait for, when all waits are there. (owners.c)
 */
CT_WARN_UNUSED enum ct_status ct_go_observe_owners(struct ct_go_observation *o);
/* Marks the threads of the runtime that do nothing of their own. (resting.c) */
void ct_go_mark_resting(struct ct_go_observation *o);
/* Timers that start code of the program's when they fire; CT_NONE: not known. (timer.c) */
uint32_t ct_go_count_functions(const struct ct_go *go);
/* Adds to spins those that go round and round. (spin.c) */
CT_WARN_UNUSED enum ct_status ct_go_observe_spins(struct ct_go_observation *o);
/* Adds who stands in an operation on a map. (map_uses.c) */
CT_WARN_UNUSED enum ct_status ct_go_observe_map_uses(struct ct_go_observation *o);
/* Adds all timers, when all goroutines are there. (timers.c) */
CT_WARN_UNUSED enum ct_status ct_go_observe_timers(struct ct_go_observation *o);
/* Adds the scheduler, when all goroutines are there. (sched.c) */
CT_WARN_UNUSED enum ct_status ct_go_observe_sched(struct ct_go_observation *o);
/* Adds to ret the goroutines that wait for what nobody who can run reaches; when all waits are
 * there, and what the rest of *ret says. (leaks.c) */
CT_WARN_UNUSED enum ct_status ct_go_observe_leaks(
	struct ct_go_observation *o, struct ct_fact_go *ret);

#endif
