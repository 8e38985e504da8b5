/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the Go runtime to facts: goroutines as actors, their stacks, what they wait for. One file
 * per subject; each adds to the sink and reads nothing but the target.
 */
#ifndef CT_RUNTIME_GO_OBSERVE_H
#define CT_RUNTIME_GO_OBSERVE_H

#include "base/hash.h"
#include "facts/sink.h"
#include "runtime/go/goroutine.h"
#include "target/unwind.h"

struct ct_go_machine {                     /* an OS thread as the runtime knows it: struct m */
	uint64_t at, g0, gsignal, current; /* current: the goroutine that it runs; 0: none */
	uint64_t procid;
	uint32_t thread; /* index of its actor; CT_NONE: none has that number */
};

struct ct_go_observation {
	const struct ct_go *go;
	struct ct_target *target;
	struct ct_sink *sink;
	struct ct_unwinder *unwinder; /* shaped; NULL: stacks are not wanted */
	/* A site with its names, of code that is not Go's too; arg is given to it. */
	uint32_t (*site)(void *arg, uint64_t pc, bool is_call);
	void *arg;
	struct ct_go_machine *machines;
	uint32_t n_machines;
	uint32_t first, n;       /* actors that are goroutines: [first, first + n) */
	struct ct_frame *frames; /* scratch for one stack */
	size_t n_frames;
	bool names;                /* of objects are wanted */
	struct ct_go_waits *waits; /* what is known already of what is waited for (waits.h) */
};

/*
 * Adds all goroutines with their stacks and waits; every thread of the target is an actor with the
 * same index already, with its stack.
 */
CT_WARN_UNUSED enum ct_status ct_go_observe(struct ct_go_observation *o);

/* Names and lines of a site in Go code; false: it is in none. (sites.c) */
bool ct_go_name_site(const struct ct_go *go, struct ct_sink *sink, struct ct_site *site);
/* Fills in machines. (machines.c) */
CT_WARN_UNUSED enum ct_status ct_go_read_machines(struct ct_go_observation *o);
/* The machine at this address, or NULL. (machines.c) */
const struct ct_go_machine *ct_go_machine_at(const struct ct_go_observation *o, uint64_t at);
/* The machine of a thread, or NULL. (machines.c) */
const struct ct_go_machine *ct_go_machine_of(const struct ct_go_observation *o, uint32_t thread);
/*
 * The registers that a goroutine goes on with. CT_NOT_FOUND: it runs, and its thread's registers
 * are not its own. (stacks.c)
 */
CT_WARN_UNUSED enum ct_status ct_go_registers(
	const struct ct_go_observation *o, const struct ct_go_g *g, struct ct_regs *ret);
/* Adds the goroutine's stack to its actor. (stacks.c) */
CT_WARN_UNUSED enum ct_status ct_go_observe_stack(
	struct ct_go_observation *o, const struct ct_go_g *g, uint32_t actor);
/* Adds who has, or will end the wait for, what they wait for, when all waits are there. (owners.c)
 */
CT_WARN_UNUSED enum ct_status ct_go_observe_owners(struct ct_go_observation *o);
/* Adds the scheduler, when all goroutines are there. (sched.c) */
void ct_go_observe_sched(struct ct_go_observation *o);

#endif
