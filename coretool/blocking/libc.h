/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the C library keeps what it knows of a thread. The offsets are those of struct pthread, to
 * which the thread pointer points; they were read from the debug information of
 * glibc 2.31, 2.36, 2.41 and 2.43 (Debian, x86-64) and from src/internal/pthread_impl.h of
 * musl 1.1.24 to 1.2.6 (seen: 1.1.24, 1.2.0, 1.2.2, 1.2.3, 1.2.5, 1.2.6), and are checked against
 * the image before they are used. musl's differ in two ways: up to 1.2.1 all from the id on is 8
 * bytes farther down, behind a second canary, and a joinable thread has the state 1, not 2.
 */
#ifndef CT_BLOCKING_LIBC_H
#define CT_BLOCKING_LIBC_H

#include "target/target.h"

enum ct_libc_kind {
	CT_LIBC_GLIBC, /* or one that we do not know */
	CT_LIBC_MUSL,
};

struct ct_libc_layout {
	enum ct_libc_kind kind;
	uint16_t e_machine;
	uint16_t self;             /* glibc: of a second pointer to itself (tcbhead_t.self) */
	uint16_t previous, next;   /* musl: of the neighbours in the ring of live threads */
	uint16_t list;             /* glibc: of its links among all threads; 2.31 … 2.43 */
	uint16_t tid;              /* same in 2.31 … 2.43 */
	uint16_t robust;           /* of the head of its robust locks; musl: of all with owners */
	uint16_t stackblock;       /* glibc: where its stack begins, and behind that its size */
	uint16_t cleanup;          /* of the innermost cleanup handler; same in 2.31 … 2.43 */
	uint16_t cancelhandling;   /* glibc: u32 of flags; same in 2.31 … 2.43 */
	uint16_t cleanup_previous; /* in that handler's record: of the next outer one */
	uint16_t joinstate;        /* u32; glibc up to 2.41: a pointer */
	uint8_t joinable;          /* what it is while the thread lives and is not detached */
	uint16_t start_routine[2]; /* glibc: 2.36 and 2.41; 2.31 and 2.43 */
	uint16_t stdio_locks;      /* musl: of the first FILE that the thread has by flockfile */
	uint16_t stack_top; /* musl: of the pointer to the end of the stack, right below which
			       the start function stands */
};

#define CT_LIBC_FILES 8

struct ct_module;

struct ct_libc {
	const struct ct_module *files[CT_LIBC_FILES + 1]; /* that have its code */
	size_t n_files;
	enum ct_libc_kind kind;
	bool in_program;                     /* it is part of the program's own file */
	const struct ct_libc_layout *layout; /* NULL: not a libc that we know */
	const char *version; /* "glibc 2.36", "musl" when the number is not known; NULL */
	bool ids_complete;   /* every thread's id was read from its struct pthread */
	bool ids_are_lwps;   /* some were, and each is the number that the kernel gave */
	bool ids_differ;     /* some is not: another PID namespace */
	/* Another process has the same memory, or may have; who of its threads owns what is not
	 * known. */
	bool memory_shared;
};

/* One thread's descriptor. CT_NOT_FOUND: its memory has no such thing (another libc, raw clone, no
 * bytes). */
struct ct_libc_thread {
	uint64_t object;        /* address of struct pthread */
	uint32_t tid;           /* 0: the thread has exited, or is about to begin */
	uint64_t start_routine; /* 0: none or not known */
	uint64_t result;        /* where its result will be; 0: not known */
};

void ct_libc_detect(struct ct_target *target, struct ct_libc *ret);
enum ct_status ct_libc_thread(struct ct_target *target, const struct ct_libc *libc,
	const struct ct_regs *regs, struct ct_libc_thread *ret);
/* The descriptor at object, whose thread may have exited. */
enum ct_status ct_libc_descriptor(struct ct_target *target, const struct ct_libc *libc,
	uint64_t object, struct ct_libc_thread *ret);
/* Is pc in the C library, or may it be, as in a static program? */
bool ct_libc_owns(struct ct_target *target, const struct ct_libc *libc, uint64_t pc);

/* Where a variable of the C library's is, by its exact name; 0: not known. */
uint64_t ct_libc_variable(struct ct_target *target, const struct ct_libc *libc, const char *name);

#endif
