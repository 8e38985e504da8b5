/* SPDX-License-Identifier: Apache-2.0 */
/* What lives in the heap of a Go program, and one object of it. Part of the facts. */
#ifndef CT_FACTS_GO_HEAP_H
#define CT_FACTS_GO_HEAP_H

#include "facts/facts.h"

/* Objects of one type and size that were allocated by one stack, of those that were sampled for the
 * heap profile when they were allocated. */
struct ct_go_allocation {
	uint32_t stack;
	uint64_t sampled, size; /* objects; bytes of each */
};

struct ct_go_heap_type {
	const char *name; /* "main.order", "[]string", "64-byte objects" */
	bool known;       /* false: the name is but the size */
	uint64_t objects, bytes;
	uint64_t sampled;                           /* objects of them that were */
	double expected;                            /* so many, at the rate of now */
	const struct ct_go_allocation *allocations; /* that these came from; others are not known */
	uint32_t n_allocations;
};

/* Bytes are those of slots, as runtime.MemStats counts them. */
struct ct_fact_go_heap {
	uint64_t objects, bytes;                 /* that roots reach */
	uint64_t garbage_objects, garbage_bytes; /* allocated slots that none reaches */
	uint64_t span_bytes;                     /* of all spans with objects */
	uint64_t guessed_objects;                /* of which every word counted as a pointer */
	uint32_t guessed_stacks;                 /* that were not followed to their end */
	const struct ct_go_heap_type *types;     /* the most bytes first */
	uint32_t n_types;
	bool samples_missing; /* part of what was sampled could not be read */
};

struct ct_go_link {       /* of the way from a root to an object */
	uint64_t address; /* of the object that it leads to */
	const char *text; /* "variable main.shop", "goroutine 7, main.serve()", "main.order + 16" */
};

struct ct_fact_go_object {
	uint64_t address; /* that was asked for */
	uint64_t start, size;
	const char *type;
	bool allocated, reachable;
	bool guessed;                   /* the root may be no pointer that is used */
	const struct ct_go_link *links; /* the root first; none when it is not reachable */
	uint32_t n_links;
	uint32_t n_left_out;    /* in the middle of a long way */
	bool partial;           /* not all that may lead to it could be read */
	uint32_t allocation;    /* the stack that allocated it; CT_NONE: it was not sampled */
	const char *const *has; /* "a finalizer: os.(*file).close()" */
	uint32_t n_has;
};

/* Pointers that are used into memory of the heap in which no object is. */
struct ct_go_freed_use {
	uint64_t at, to;  /* where the pointer is, and its value */
	uint64_t object;  /* that has it; 0: the root itself has */
	const char *type; /* of the object; NULL: there is none */
	const char *part; /* of the object, that is the pointer: "main.order.next" */
	const char *root; /* that keeps it: "variable main.cache" */
};

struct ct_fact_go_freed {
	const struct ct_go_freed_use *uses;
	uint32_t n;
	bool more; /* than were looked at */
};

/* What memory the address asked for is, where it lies in an arena of the heap, but in no object. */
struct ct_fact_go_place {
	uint64_t address;
	uint32_t stack_of; /* the goroutine's actor; CT_NONE: it is on no stack of one */
	uint64_t sp;       /* its stack pointer; 0: not known */
};

/* ---- where something was allocated ---- */

/* How likely it is that an object of size bytes is sampled, when one is in so many bytes of them:
 * rate. Not above 0: none is. */
double ct_go_sample_chance(int64_t rate, double size);

struct ct_go_place {
	const struct ct_line *at;     /* that asked the runtime for memory; NULL: not known */
	const struct ct_line *caller; /* the first one that is of another package; NULL: none */
};

/* Functions of the runtime's own are no places, unless there is nothing else, and those that the
 * compiler made are none. */
struct ct_go_place ct_go_place_of(const struct ct_facts *facts, uint32_t stack);
/* "main.load() main.go:17", "strings.Repeat() strings.go:551 for main.fill() main.go:30" */
const char *ct_go_say_place(struct ct_arena *arena, const struct ct_go_place *place);

#endif
