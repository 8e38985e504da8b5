/* SPDX-License-Identifier: Apache-2.0 */
/* What killed the process: a synchronous fault, or an abort of its own. One of the facts. */
#ifndef CT_FACTS_CRASH_H
#define CT_FACTS_CRASH_H

#include "facts/facts.h"

enum ct_crash_class {
	CT_CRASH_NULL,          /* a null pointer, plus an offset or an index */
	CT_CRASH_NON_CANONICAL, /* no address at all: bits 48 to 63 do not repeat bit 47 */
	CT_CRASH_POISONED,      /* a pattern that memory is filled with */
	CT_CRASH_FREED,         /* a word that malloc left in a freed chunk */
	CT_CRASH_TEXT,          /* text where a pointer should be */
	CT_CRASH_UNMAPPED,      /* any other address at which nothing is */
	CT_CRASH_READ_ONLY,     /* a write to memory that may only be read */
	CT_CRASH_NO_ACCESS,     /* memory that nobody may access */
	CT_CRASH_NO_EXEC,       /* a jump into memory that is no code */
	CT_CRASH_BAD_JUMP,      /* a call or jump through a bad pointer */
	CT_CRASH_BAD_RETURN,    /* a return to where no code is */
	CT_CRASH_STACK_OVERFLOW,
	CT_CRASH_DIVIDE_ZERO,
	CT_CRASH_DIVIDE_OVERFLOW,
	CT_CRASH_FLOAT,   /* a floating-point exception that was asked for */
	CT_CRASH_ILLEGAL, /* bytes that are no instruction of this CPU */
	CT_CRASH_TRAP,    /* ud2: __builtin_trap(), code that cannot be reached */
	CT_CRASH_BREAKPOINT,
	CT_CRASH_PRIVILEGED,
	CT_CRASH_UNALIGNED,
	CT_CRASH_FILE_TRUNCATED, /* behind the end of a mapped file */
	CT_CRASH_HARDWARE,       /* memory with an error */
	CT_CRASH_BAD_SYSCALL,    /* seccomp */
	CT_CRASH_FAULT,          /* a fault of no known cause */
	CT_CRASH_ASSERT,
	CT_CRASH_HEAP, /* glibc's malloc found its data damaged */
	CT_CRASH_STACK_SMASH,
	CT_CRASH_BUFFER_OVERFLOW, /* found by fortified functions */
	CT_CRASH_FATAL,           /* another message of the C library */
	CT_CRASH_EXCEPTION,       /* of C++, that nobody caught */
	CT_CRASH_TERMINATE,       /* std::terminate() without one */
	CT_CRASH_PANIC,           /* of Rust */
	CT_CRASH_ABORT,           /* abort() without a message */
	CT_CRASH_GO,              /* a panic or fatal error of Go; kind tells which */
	CT_CRASH_GO_ASLEEP,       /* Go's runtime found that no goroutine can run */
	CT_CRASH_RAISED,          /* a fault's signal that the process sent to itself */
	CT_N_CRASH_CLASSES,
};

struct ct_crash_operand {
	const char *text; /* "0x18(%rax)" */
	uint64_t address, value;
	bool has_address, has_value;
	uint32_t size; /* 0: not known */
	bool read, write;
	bool faulted; /* this one */
};

struct ct_crash_register {
	const char *name;
	uint64_t value;
	bool used; /* by the instruction, or by what is said of it */
};

/* A recursion that used up the stack, or is at least on it. */
struct ct_recursion {
	uint32_t depth;   /* how often it went around; 0: there is none */
	const char *more; /* why it may be more often; NULL: all frames were counted */
	uint32_t n_sites; /* its period */
	const uint32_t *sites;
};

struct ct_crash {
	uint32_t actor;
	enum ct_crash_class class;
	const char *kind;    /* of Go's: "send-on-closed" …, a constant; NULL: not Go's */
	enum ct_trust trust; /* of the class: exact when all facts agree */
	/* What it did: "wrote 4 bytes to 0x18, a null pointer plus 0x18". The thread is the
	 * subject. */
	const char *cause;
	const char *message;     /* what the library or runtime said; NULL: nothing */
	const char *type, *what; /* of an exception; NULL: none, or not known */
	const char *instruction; /* its text; NULL: not readable, or it does not matter */
	bool says_place;         /* cause names the line in the source */
	uint32_t frame;          /* in the actor's stack, where it happened; CT_NONE: no stack */
	uint64_t address;
	bool has_address; /* the one that the fault was at */
	const struct ct_crash_operand *operands;
	const struct ct_crash_register *registers;
	const char *const *evidence; /* sentences: how that is known, and what speaks against it */
	uint32_t n_operands, n_registers, n_evidence;
	struct ct_recursion recursion;
};

const char *ct_crash_class_name(enum ct_crash_class class); /* "null-pointer" … */
/* Was it the library or the runtime that stopped the process, with a message or for a known cause?
 * Any other abort may be a watchdog's. */
bool ct_crash_is_sure(enum ct_crash_class class);

#endif
