/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the collector begins with (markroot() of runtime/mgcmark.go): variables of packages,
 * finalizers and the like, stacks, and here, where nothing was stopped at a safe point, registers.
 * Each set is given by itself: who looks for leaks leaves out some stacks.
 */
#ifndef CT_RUNTIME_GO_HEAP_ROOTS_H
#define CT_RUNTIME_GO_HEAP_ROOTS_H

#include "base/vec.h"
#include "runtime/go/heap_pointers.h"
#include "runtime/go/observe.h"

enum ct_go_root_kind {
	CT_GO_ROOT_VARIABLE,  /* of a package */
	CT_GO_ROOT_FINALIZER, /* set with runtime.SetFinalizer: its function, and what the object
				 refers to, but not the object itself */
	CT_GO_ROOT_CLEANUP,   /* set with runtime.AddCleanup */
	CT_GO_ROOT_WEAK,      /* the handle of a weak pointer, not what it points to */
	CT_GO_ROOT_QUEUED,    /* a finalizer or cleanup that is about to run */
	CT_GO_ROOT_STACK,
	CT_GO_ROOT_DEFERRED, /* a function that a goroutine has deferred */
	CT_GO_ROOT_REGISTER,
};

struct ct_go_root {
	uint8_t kind;      /* enum ct_go_root_kind */
	bool guessed;      /* it is not known whether it is a pointer that is used at all */
	uint64_t at;       /* of the word; 0: a register */
	uint64_t value;    /* of the word: not 0 */
	uint64_t goid;     /* of the stack or register; 0 */
	uint64_t object;   /* WEAK: that is pointed to; 0 */
	const char *frame; /* the stack's function; NULL */
	uint64_t pc;       /* of that frame */
	uint64_t cfa;      /* likewise: where the caller's frame begins; 0: not known */
	uint64_t sp; /* likewise; 0: it is in a variable whose address is taken, or not known */
};

/* Is it a pointer for sure that somebody goes on to use: a variable's, or a word of a stack that
 * the map of its frame has? */
static inline bool ct_go_root_is_used(const struct ct_go_root *root)
{
	return !root->guessed && (root->kind == CT_GO_ROOT_VARIABLE ||
					 (root->kind == CT_GO_ROOT_STACK && root->frame));
}

typedef void ct_go_root_visit(void *arg, const struct ct_go_root *root);

/* False: some could not be read. */
bool ct_go_roots_variables(const struct ct_go_heap *heap, ct_go_root_visit *visit, void *arg);
/* Finalizers, cleanups, weak pointers, and those that are queued. CT_FAULT: some are not in the
 * core; CT_NOT_FOUND: it is not known where some are. (heap_specials.c) */
CT_WARN_UNUSED enum ct_status ct_go_roots_specials(const struct ct_go_heap *heap,
	struct ct_go_masks *masks, ct_go_root_visit *visit, void *arg);

/* ---- stacks (heap_stacks.c) ---- */

/* A run of bits in the image, and where in the frame its last or first word is. */
struct ct_go_frame_map {
	const uint8_t *bits;
	uint32_t n;
};

struct ct_go_frame_info { /* of one pc */
	uint64_t pc;
	struct ct_go_function function;
	const char *name;
	uint32_t size; /* from the stack pointer to the caller's */
	int32_t args;  /* bytes of arguments; negative: not known */
	uint8_t way;   /* it was come to, of read_frame() */
	bool known, root, injected;
	bool exact; /* it has its maps */
	struct ct_go_frame_map locals, arguments;
	uint64_t objects; /* FUNCDATA of stack objects; 0: none */
	uint32_t n_objects;
};

#define CT_GO_FRAMES 4096 /* pcs kept */

struct ct_go_stack_object {
	uint64_t start, size, words, mask; /* words 0: all of it may be pointers */
	const char *frame;
	uint64_t pc, cfa;
	bool seen;
};

struct ct_go_stacks {
	const struct ct_go_observation *o;
	struct ct_go_frame_info *cache; /* by hash of the pc */
	uint32_t n_guessed;             /* stacks that were not followed to their end */
	bool partial;                   /* what a stack refers to could not all be found */
	/* Of the stack at hand: */
	uint64_t sp, cfa; /* of the frame; 0 */
	const struct ct_go_g *g;
	uint64_t low, high;   /* of what was read */
	uint64_t room;        /* bytes of it that no variable has yet */
	const uint8_t *words; /* [low, high) */
	uint8_t *copy;
	size_t copy_size;
	CT_VEC(struct ct_go_stack_object) objects;
	CT_VEC(uint64_t) inner[2]; /* pointers into the stack itself; those that may be none */
	ct_go_root_visit *visit;
	void *arg;
};

/* False: no memory. o lives as long; its machines are read. */
CT_WARN_UNUSED bool ct_go_stacks_init(
	struct ct_go_stacks *stacks, const struct ct_go_observation *o);
void ct_go_stacks_free(struct ct_go_stacks *stacks);
/* All that a goroutine's stack, deferred functions and registers refer to. */
CT_WARN_UNUSED enum ct_status ct_go_roots_goroutine(
	struct ct_go_stacks *stacks, const struct ct_go_g *g, ct_go_root_visit *visit, void *arg);
/* Registers and the own stack of a thread of the runtime's that is between goroutines. */
void ct_go_roots_machine(struct ct_go_stacks *stacks, const struct ct_go_machine *m,
	ct_go_root_visit *visit, void *arg);

#endif
