/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program's Go code as the evaluator wants it: which functions lock, unlock, send, receive …,
 * by their names in pclntab; which can come to such a call at all; which never return.
 */
#ifndef CT_RUNTIME_GO_CODE_H
#define CT_RUNTIME_GO_CODE_H

#include "decode/evaluate.h"
#include "runtime/go/go.h"

enum ct_go_claim {           /* what is asked about an object: who … */
	CT_GO_CLAIM_MUTEX,   /* will unlock it */
	CT_GO_CLAIM_WRITER,  /* will unlock an RWMutex, */
	CT_GO_CLAIM_READER,  /* or RUnlock it */
	CT_GO_CLAIM_SEND,    /* will send to a channel, or close it */
	CT_GO_CLAIM_RECEIVE, /* will receive from a channel */
	CT_GO_CLAIM_DONE,    /* will call Done of a WaitGroup */
	CT_GO_CLAIM_SIGNAL,  /* will wake those at a Cond */
	CT_GO_CLAIM_CLOSE,   /* will close a channel; and what else it does to it */
	CT_GO_CLAIM_RESET,   /* will have a timer run again */
};

static inline bool ct_go_claims_hold(uint8_t claim)
{
	return claim <= CT_GO_CLAIM_READER;
}

struct ct_go_wanted { /* a question */
	uint64_t addr;
	uint32_t resource;
	uint32_t count; /* of holders; CT_NONE: any number */
	uint8_t claim;  /* enum ct_go_claim */
	bool alias;     /* addr is the reader count of the RWMutex: for atomic instructions */
	uint32_t of;    /* alias: the question itself */
	bool panicked;  /* of a closed channel: somebody panicked at it */
};

struct ct_go_code;

/* wanted is sorted by address, and lives as long. NULL: no memory, or not this machine's code. */
struct ct_go_code *ct_go_code_new(
	const struct ct_go *go, const struct ct_go_wanted *wanted, uint32_t n);
void ct_go_code_free(struct ct_go_code *code);

struct ct_evaluator *ct_go_code_evaluator(struct ct_go_code *code);
const struct ct_code_abi *ct_go_code_abi(const struct ct_go *go);
/* The first question about what is at addr, or CT_NONE; the others follow it. */
uint32_t ct_go_code_first(const struct ct_go_code *code, uint64_t addr);
/*
 * What an event means for question i: 1 what is asked for will be done, -1 it is acquired first,
 * 0 neither.
 */
int ct_go_code_means(const struct ct_go_code *code, uint32_t i, const struct ct_code_event *event);
/* What a call of the function that begins there does to its first argument, if that is known by its
 * name alone. */
bool ct_go_code_call(
	struct ct_go_code *code, uint64_t entry, uint64_t arg, struct ct_code_event *ret);
/* Is a frame in this function worth asking? */
bool ct_go_code_is_asked(struct ct_go_code *code, const struct ct_go_function *function);
/* Is it the runtime's own, or inside of an operation that it is about? */
bool ct_go_code_is_inner(const char *function);
/* Does it clear or copy memory? Such are entered anywhere in the middle, and keep all registers
 * that they do not need (runtime/duff_amd64.s). */
bool ct_go_code_is_duff(const char *function);

#endif
