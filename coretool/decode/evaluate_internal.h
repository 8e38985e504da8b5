/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the evaluator share. Only decode/ includes it. */
#ifndef CT_DECODE_EVALUATE_INTERNAL_H
#define CT_DECODE_EVALUATE_INTERNAL_H

#include <capstone/capstone.h>

#include "base/hash.h"
#include "base/vec.h"
#include "decode/evaluate.h"

/* As in arch/x86_64.c: the DWARF numbers. */
enum { RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP, R8, R9, R10, R11, R12, R13, R14, R15, N_GPR };
#define FS_BASE      19
#define NO_REG       0xff
#define N_VEC        16
#define CALLEE_SAVED (1u << RBX | 1u << RBP | 0xfu << R12)

/* ---- decoded instructions (evaluate_decode.c) ---- */

enum operand_type {
	OPERAND_NONE,
	OPERAND_REG,
	OPERAND_HIGH,
	OPERAND_VEC,
	OPERAND_IMM,
	OPERAND_MEM
};

enum segment { SEGMENT_NONE, SEGMENT_THREAD, SEGMENT_OTHER };

struct operand {
	uint8_t type, size;  /* size in bytes */
	uint8_t reg;         /* of REG, HIGH (ah …), VEC */
	uint8_t base, index; /* of MEM; or NO_REG */
	uint8_t scale;
	uint8_t segment; /* enum segment */
	int64_t number;  /* the immediate, or displacement (with a base of rip: the address) */
};

struct instruction {
	uint64_t pc, next;
	uint16_t id; /* capstone's; 0: no instruction */
	uint8_t n;
	bool lock, rep;
	bool diverts;    /* from the next instruction: every loop has one that does */
	int8_t cc;       /* its condition; -1: it has none */
	uint32_t writes; /* bit i: register i, in ways that only capstone knows */
	struct operand op[3];
};

/* The instruction at pc; NULL: its bytes cannot be read, or out of memory. id 0: it is none. */
const struct instruction *ct_decode_at(struct ct_evaluator *ev, uint64_t pc);

/* ---- values, memory (evaluate_state.c) ---- */

enum symbol_kind {
	SYMBOL_FRESH,    /* nothing is known */
	SYMBOL_NON_ZERO, /* but that */
	SYMBOL_DEAD,     /* what was at address a, in size bytes, of dead stack */
	SYMBOL_LOAD,     /* what is at a, in size bytes */
	SYMBOL_LOW,      /* the lowest size bytes of a */
	SYMBOL_SIGNED,   /* the lowest size bytes of a with their sign */
	SYMBOL_ADD,
	SYMBOL_SUB,
	SYMBOL_MUL,
	SYMBOL_AND,
	SYMBOL_OR,
	SYMBOL_XOR,
	SYMBOL_SHL,
	SYMBOL_SHR,
	SYMBOL_SAR,
};

struct symbol {
	uint8_t kind, size;
	struct ct_term a, b;
	uint64_t bound; /* valid when bound_in is the current binding */
	uint32_t bound_in;
};

struct store {
	struct ct_term at;
	uint32_t size;
	bool unknown; /* what is there is not known */
	bool forget;  /* what is there is what memory says now */
	struct ct_term value;
	uint32_t prev;
};

enum flags_kind {
	FLAGS_UNKNOWN,
	FLAGS_COMPARE, /* of a with b */
	FLAGS_RESULT,  /* a, of a logical operation: no carry, no overflow */
	FLAGS_SUM,     /* a: of carry and overflow nothing is known */
	FLAGS_ZERO,    /* or not: all that is known */
};

struct flags {
	uint8_t kind, size;
	bool zero;           /* of FLAGS_ZERO */
	struct ct_term a, b; /* compared; RESULT: a */
};

struct assumption { /* of a path: this condition holds, or does not */
	struct flags flags;
	uint8_t cc;
	bool holds;
	uint32_t prev, n;
};

#define MAX_DEFERRED 4

struct state {
	struct ct_term reg[N_GPR];
	struct ct_term vec[N_VEC][2];
	struct flags flags;
	uint64_t pc;
	uint32_t stores, events, assumptions;  /* the last one, or CT_NONE */
	struct ct_term deferred[MAX_DEFERRED]; /* closures that the function will call at its end */
	uint32_t n_deferred;
};

struct ct_path {
	uint8_t end;
	struct state state;
};

struct visit {
	uint64_t key;
	uint32_t evaluation, count;
};

#define VISITS (1u << 12)

struct ct_evaluator {
	struct ct_code_view view;
	csh capstone;
	cs_insn *insn;
	struct ct_hash by_pc;
	CT_VEC(struct instruction) instructions;

	struct ct_evaluation in;
	CT_VEC(struct symbol) symbols;
	struct ct_hash symbol_keys;
	CT_VEC(struct store) stores;
	CT_VEC(struct ct_code_event) events;
	struct ct_hash event_keys;
	CT_VEC(struct assumption) assumptions;
	CT_VEC(struct ct_path) paths;
	struct visit *visits;
	uint32_t n_visits;
	uint32_t evaluation;  /* the number of this one */
	uint32_t exploration; /* and of the function that is explored */
	uint32_t binding;
	uint64_t steps;           /* of this evaluation, and */
	uint64_t links;           /* of lists gone along, that are not yet counted among them */
	uint64_t all_steps;       /* of the others, and of decoding */
	CT_VEC(uint64_t) covered; /* scratch of ct_path_bind */
	bool cut, failed;
	bool unclear; /* an event on nobody knows what, in the future */
};

/* An evaluation takes at most so many times its budget, with all that callees did. */
#define CT_TOTAL 8

/* So many links of a list cost as much as the step of an instruction. */
#define CT_LINKS_PER_STEP 32

/* Is that spent? What comes out then is not all. */
static inline bool ct_is_spent(const struct ct_evaluator *ev)
{
	return ev->steps >= (uint64_t)CT_TOTAL * ev->in.max_steps;
}

/* Code can be written so that lists become long: to go along them is paid for. */
static inline void ct_charge_links(struct ct_evaluator *ev, uint64_t n)
{
	ev->links += n;
	ev->steps += ev->links / CT_LINKS_PER_STEP;
	ev->links %= CT_LINKS_PER_STEP;
}

static inline struct ct_term ct_number(uint64_t number)
{
	return (struct ct_term){0, number};
}

static inline bool ct_is_number(struct ct_term w)
{
	return !w.symbol;
}

static inline bool ct_same_word(struct ct_term a, struct ct_term b)
{
	return a.symbol == b.symbol && a.number == b.number;
}

static inline uint64_t ct_low_bits(uint64_t value, unsigned size)
{
	return size >= 8 ? value : value & ((UINT64_C(1) << 8 * size) - 1);
}

static inline uint64_t ct_signed_bits(uint64_t value, unsigned size)
{
	unsigned unused = size >= 8 ? 0 : 64 - 8 * size;

	return (uint64_t)((int64_t)(value << unused) >> unused);
}

struct ct_term ct_word_fresh(struct ct_evaluator *ev);
struct ct_term ct_word_symbol(struct ct_evaluator *ev, enum symbol_kind kind, unsigned size,
	struct ct_term a, struct ct_term b);
struct ct_term ct_word_low(struct ct_evaluator *ev, struct ct_term w, unsigned size);
struct ct_term ct_word_signed(struct ct_evaluator *ev, struct ct_term w, unsigned size);
/* a OP b in size bytes. */
struct ct_term ct_word_op(struct ct_evaluator *ev, enum symbol_kind op, struct ct_term a,
	struct ct_term b, unsigned size);
uint64_t ct_number_op(enum symbol_kind op, uint64_t a, uint64_t b, unsigned size);

struct ct_term ct_state_load(
	struct ct_evaluator *ev, const struct state *st, struct ct_term at, unsigned size);
void ct_state_store(struct ct_evaluator *ev, struct state *st, struct ct_term at, unsigned size,
	struct ct_term value);
void ct_state_lose(
	struct ct_evaluator *ev, struct state *st, struct ct_term at, uint32_t size, bool forget);
struct ct_term ct_state_address(
	struct ct_evaluator *ev, struct state *st, const struct operand *op);
struct ct_term ct_state_get(struct ct_evaluator *ev, struct state *st, const struct operand *op);
void ct_state_put(
	struct ct_evaluator *ev, struct state *st, const struct operand *op, struct ct_term value);
void ct_state_set_low(struct ct_evaluator *ev, struct state *st, unsigned reg, unsigned size,
	struct ct_term value);
/* All that no call preserves. */
void ct_state_forget_vectors(struct ct_evaluator *ev, struct state *st);
void ct_state_forget_registers(struct ct_evaluator *ev, struct state *st, uint32_t mask);
void ct_state_event(struct ct_evaluator *ev, struct state *st, const struct ct_code_event *event);

/* ---- conditions (evaluate_flags.c) ---- */

/* 1: holds, 0: does not, -1: not known. cc: the four low bits of the opcode of jcc. */
int ct_flags_test(const struct ct_evaluator *ev, const struct flags *flags, unsigned cc);
int ct_condition_of(unsigned id); /* cc of a jcc, setcc or cmovcc; -1: it is none */

/* ---- calls that are not looked into (evaluate_call.c) ---- */

/* Returns from the call with this result. */
void ct_call_result(struct ct_evaluator *ev, struct state *st, struct ct_term result);
/* The same, from one that nothing is known of; args: bytes of its arguments and results on the
 * stack. */
void ct_call_unseen(struct ct_evaluator *ev, struct state *st, uint32_t args);
/* What was acquired may have been released out of our sight. */
void ct_call_opaque(struct ct_evaluator *ev, struct state *st);
/* Is one of the arguments a function in which something of interest can happen? */
bool ct_call_passes_function(struct ct_evaluator *ev, const struct state *st);
/* Notes a closure that the function will call at its end; of more than some nothing is known. */
void ct_call_defers(struct ct_evaluator *ev, struct state *st, uint32_t closure);
/* A call that does something to an object; where it may fail, that is another path: *other. */
void ct_call_event(struct ct_evaluator *ev, struct state *st, const struct instruction *in,
	const struct ct_callee *callee, struct state *other, bool *forks);

/* ---- instructions (evaluate_step.c, evaluate_atomic.c, evaluate_vector.c) ---- */

/*
 * Carries out one instruction that is no jump, call or return. Where it can come out in two ways,
 * *other is the second one, and the answer is true.
 */
bool ct_step(struct ct_evaluator *ev, struct state *st, const struct instruction *in,
	struct state *other);
/* The same for instructions on shared memory; false: it is none. *forks: *other is set. */
bool ct_step_atomic(struct ct_evaluator *ev, struct state *st, const struct instruction *in,
	struct state *other, bool *forks);
/* False: it is no move between vector registers and others. */
bool ct_step_vector(struct ct_evaluator *ev, struct state *st, const struct instruction *in);

#endif
