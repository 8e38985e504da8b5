/* SPDX-License-Identifier: Apache-2.0 */
/* Goroutines as the runtime keeps them: struct g of runtime2.go, in the slice allgs. */
#ifndef CT_RUNTIME_GO_GOROUTINE_H
#define CT_RUNTIME_GO_GOROUTINE_H

#include "runtime/go/go.h"

enum ct_go_status { /* runtime2.go; the numbers have not changed since 1.14 */
	CT_GO_IDLE,
	CT_GO_RUNNABLE,
	CT_GO_RUNNING,
	CT_GO_SYSCALL,
	CT_GO_WAITING,
	CT_GO_MORIBUND,
	CT_GO_DEAD,
	CT_GO_ENQUEUE,
	CT_GO_COPYSTACK,
	CT_GO_PREEMPTED,
	CT_GO_LEAKED,    /* waiting; 1.26 on, when its leak profile found it */
	CT_GO_DEADEXTRA, /* for a C thread to come; 1.26 on */
};

#define CT_GO_SCAN_BIT                                                                             \
	0x1000u /* added to the status while the garbage collector has the goroutine */

struct ct_go_g {
	uint64_t at, goid;
	uint64_t stack_low, stack_high;
	uint64_t m;          /* that it runs on; 0: none */
	uint64_t pc, sp, fp; /* where it goes on, unless it runs */
	uint64_t syscall_pc,
		syscall_sp; /* where it went into a system call or cgo; 0: it did not */
	uint64_t gopc, startpc;
	uint64_t parent;  /* goid of its creator; 0: not recorded (before 1.21) */
	uint64_t waiting; /* the first sudog; 0: none */
	uint64_t locked;  /* the m that it is locked to; 0: none */
	uint64_t labels;
	int64_t since; /* nanotime() since when it waits at least; 0: not recorded */
	uint8_t status, reason;
	bool scanning; /* the garbage collector has it */
};

/* How many the slice has, those that are dead too; at most 2^31. */
uint32_t ct_go_n_goroutines(const struct ct_go *go);
/* Where the i-th is. */
CT_WARN_UNUSED enum ct_status ct_go_goroutine_address(
	const struct ct_go *go, uint32_t i, uint64_t *ret);
/* The goroutine there. CT_NOT_FOUND: it is none that lives (dead, idle, for a thread to come);
 * CT_FAULT: it cannot be read, or is none. */
CT_WARN_UNUSED enum ct_status ct_go_goroutine_at(
	const struct ct_go *go, uint64_t at, struct ct_go_g *ret);

/* The runtime's words for its wait; NULL: it does not wait, or they are not known. */
const char *ct_go_wait_reason(const struct ct_go *go, const struct ct_go_g *g);
enum ct_go_system { /* a goroutine of the runtime's own, by the function that it began with */
	CT_GO_SYSTEM_NO,
	CT_GO_SYSTEM_YES,
	CT_GO_SYSTEM_FINALIZERS, /* but when it runs code of the program */
	CT_GO_SYSTEM_CLEANUPS,   /* the same */
};
enum ct_go_system ct_go_system_of(const struct ct_go *go, uint64_t startpc);
/* Is it one of the runtime's own now? kind: that of its startpc. */
bool ct_go_is_system(const struct ct_go *go, const struct ct_go_g *g, enum ct_go_system kind);

#endif
