/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that a frame has deferred and that are still to be called: the records of g._defer, and
 * open-coded ones, which leave nothing but a bit and a closure in the frame (FUNCDATA of
 * internal/abi/symtab.go; runtime/panic.go: nextFrame, addOneOpenDeferFrame).
 */
#ifndef CT_RUNTIME_GO_DEFERS_H
#define CT_RUNTIME_GO_DEFERS_H

#include "decode/evaluate.h"
#include "runtime/go/goroutine.h"

#define CT_GO_MAX_OPEN_DEFERS 8 /* bits of a byte */
#define CT_GO_MAX_DEFER_ARGS  CT_MAX_ARGS

struct ct_go_open_defers { /* of one function; offsets are downwards from where its locals end */
	uint32_t bits;
	uint32_t n;
	uint32_t closures[CT_GO_MAX_OPEN_DEFERS]; /* the last to be deferred first, as its bit is */
	uint8_t bit[CT_GO_MAX_OPEN_DEFERS];
	/* Up to 1.16: do they have arguments, and where the first words of them are, a method's
	 * receiver in front; 0: that one is not a whole word, or there is none. */
	bool takes[CT_GO_MAX_OPEN_DEFERS];
	uint32_t args[CT_GO_MAX_OPEN_DEFERS][CT_GO_MAX_DEFER_ARGS];
};

/* Decodes the bytes of the table in the format of Go 1.minor; false: they are none. */
bool ct_go_open_defers_decode(
	const uint8_t *bytes, size_t len, unsigned minor, struct ct_go_open_defers *ret);

struct ct_go_defer {               /* a call that is pending */
	uint64_t sp;               /* of the frame that deferred it */
	uint64_t closure;          /* 0: its function is not to be told */
	bool takes;                /* arguments: since 1.17 none do */
	struct ct_stack_args args; /* then: their first words */
};

/* What is pending in a frame with these stack pointers; how many there are. */
size_t ct_go_open_defers(const struct ct_go *go, const struct ct_go_function *function, uint64_t sp,
	uint64_t cfa, struct ct_go_defer ret[CT_GO_MAX_OPEN_DEFERS]);

/* May it be that a frame, which has called the function that begins at callee, runs what it has
 * deferred? One of its closures is of that function, pending or not. */
bool ct_go_may_defer(const struct ct_go *go, const struct ct_go_function *function, uint64_t sp,
	uint64_t cfa, uint64_t callee);

#define CT_GO_MAX_DEFERS 64
/* All records of the goroutine, the newest first; how many there are. */
size_t ct_go_defers(
	const struct ct_go *go, const struct ct_go_g *g, struct ct_go_defer ret[CT_GO_MAX_DEFERS]);

#endif
