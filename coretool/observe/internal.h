/* SPDX-License-Identifier: Apache-2.0 */
/* One observation under way. Only observe/ includes it. */
#ifndef CT_OBSERVE_INTERNAL_H
#define CT_OBSERVE_INTERNAL_H

#include "blocking/inlined.h"
#include "blocking/libc_exited.h"
#include "facts/races.h"
#include "observe/observe.h"
#include "runtime/go/observe.h"

#define CODE_SLOTS 64 /* a power of two */

/* si_code of SIGSYS (asm-generic/siginfo.h); older headers have no names for them. */
#define CT_SYS_SECCOMP       1
#define CT_SYS_USER_DISPATCH 2

struct ct_access_seen { /* by a thread's next instruction, which is at pc */
	struct ct_access fact;
	uint64_t pc;
};

typedef CT_VEC(struct ct_access_seen) ct_accesses;

struct ct_observation {
	struct ct_target *target;
	const struct ct_plan *plan;
	struct ct_sink *sink;
	struct ct_libc libc;
	struct ct_go *go;             /* NULL: it is no Go program, or one that cannot be read */
	struct ct_libc_census census; /* what libc's own lists tell of threads */
	struct ct_blocking blocking;
	struct ct_inlined_memo inlined;
	struct ct_runner runners[CT_RUNNERS_KEPT];
	unsigned looked_ahead;
	struct ct_unwinder *unwinder; /* NULL: stacks are not wanted */
	struct ct_regs interrupted;   /* of the thread that is looked at (stacks.c) */
	ct_accesses accesses;         /* of those that run (races.c) */
	struct ct_frame *frames;      /* scratch for one stack */
	size_t n_frames;
	struct ct_go_in_c in_c; /* where Go's runtime ended the process for a signal in C code */
	uint32_t go_dying;      /* the thread on which it did so for another signal, or CT_NONE */
	bool sent; /* the signal, by another process; maybe raised again by a handler of ours */
	bool sender_unknown; /* the stack that would tell is missing or cut */
	int64_t sender_pid;
	uint32_t n_cut;            /* threads whose stacks go on in memory that was not saved */
	uint32_t cut;              /* the first of them: an actor */
	const char *contradiction; /* between what notes and memory say of threads, or NULL */
	const char *goroutines;    /* what is missing of them, or NULL */
	const char *sharing;       /* why another process may have this memory, or NULL */
	/* Most threads sleep at a few addresses: the code around the last ones seen. */
	struct code_slot {
		uint64_t pc;
		bool used, readable;
		uint8_t code[CT_ARCH_CODE];
	} codes[CODE_SLOTS];
};

/* Adds every thread as an actor, without waits. (threads.c) */
enum ct_status ct_observe_threads(struct ct_observation *o);
/* Adds those that have exited and were not joined, behind the others. (exited.c) */
enum ct_status ct_observe_exited(struct ct_observation *o);
/* The system call that a thread with these registers sleeps in; false: it does not. (threads.c) */
bool ct_observe_call(struct ct_observation *o, const struct ct_regs *regs, struct ct_syscall *ret);
/* Is it in vfork()? Fills in the call and the child. (vfork.c) */
bool ct_observe_vfork(struct ct_observation *o, struct ct_blocked *blocked);
/*
 * Is the thread, when its signal handler is done, back in the call that it slept in? regs: where it
 * was interrupted; then as they were in the call, or in none. (threads.c)
 */
bool ct_observe_back_in_call(
	struct ct_observation *o, const struct ct_thread *thread, struct ct_regs *regs);
/*
 * Adds the stack of an actor; fills in what primitives want to know of it. What a handler of Go's
 * runtime has interrupted is what it does: regs and runs tell of that, then. (stacks.c)
 */
enum ct_status ct_observe_stack(struct ct_observation *o, const struct ct_thread *thread,
	uint32_t actor, struct ct_blocked *blocked);
/* The site of pc with its names. (stacks.c) */
uint32_t ct_observe_site(struct ct_observation *o, uint64_t pc, bool is_call);
/* Adds what a sleeping actor waits for; may find out the number of its call. (waits.c) */
enum ct_status ct_observe_wait(struct ct_observation *o, struct ct_blocked *blocked);
/* Adds what a running actor spins for, if anything. (waits.c) */
enum ct_status ct_observe_spin(struct ct_observation *o, const struct ct_blocked *blocked);
/* Adds goroutines behind all threads, with their stacks and waits. (goroutines.c) */
enum ct_status ct_observe_goroutines(struct ct_observation *o);
/* Holders and peers that no object records, out of the threads' code. (holders.c) */
enum ct_status ct_observe_holders(struct ct_observation *o);
/* Adds the locks that are held, also those that nobody waits for; when all waits are known.
 * (held.c)
 */
enum ct_status ct_observe_held(struct ct_observation *o);
/* Frames that probably took what is held. (took.c) */
enum ct_status ct_observe_took(struct ct_observation *o);
/* Names and places of all resources; frames that took them. (resources.c) */
enum ct_status ct_observe_resources(struct ct_observation *o);
/* Of what is in no module's variable: on which stack, in whose thread-local memory, in which block
 * of the heap. (places.c) */
enum ct_status ct_observe_places(struct ct_observation *o);
/* Is the file the program's own, not one that comes with the system? (held_typed.c) */
bool ct_observe_is_own(const struct ct_module *module);
/* Remembers what a running thread is about to do to memory. (races.c) */
enum ct_status ct_observe_access(struct ct_observation *o, const struct ct_blocked *blocked);
/* Those of them that are about to access the same memory. (races.c) */
enum ct_status ct_observe_races(struct ct_observation *o);
/* Fills in sent and sender_pid. (sender.c) */
enum ct_status ct_observe_sender(struct ct_observation *o);
/* What killed the process, if it was its own doing. (crash.c) */
enum ct_status ct_observe_crash(struct ct_observation *o);
/* The arguments and the environment of the program, when they are asked for. (start_strings.c) */
void ct_observe_start_strings(struct ct_observation *o);
/* Target, modules and notes; last, when all that can be found was. (target_facts.c) */
void ct_observe_target(struct ct_observation *o);

#endif
