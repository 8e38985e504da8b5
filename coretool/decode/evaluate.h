/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The evaluator of machine code: what will this code do with the objects that its caller asks
 * about, or what has it done? It runs x86-64 code on a target's own memory with concrete values
 * where they are known and named unknowns where not. Stores go to an overlay, never to the target.
 * A branch on known values is resolved, on others both sides are taken; calls are entered only
 * where the caller says that something of interest can happen. Everything is bounded: by steps,
 * visits of one place, depth of calls.
 *
 * It knows nothing of locks or symbols. What a call means tells struct ct_code_view; what comes out
 * are paths, each with the events on it. Machine code is an attacker's: whatever its bytes are, an
 * evaluation ends within its budget.
 */
#ifndef CT_DECODE_EVALUATE_H
#define CT_DECODE_EVALUATE_H

#include "arch/arch.h"

/* A value: number itself, or a named unknown plus number. */
struct ct_term {
	uint32_t symbol; /* 0: none */
	uint64_t number;
};

enum ct_event_kind {
	CT_EVENT_ACQUIRE,
	CT_EVENT_RELEASE,
	CT_EVENT_SIGNAL, /* wakes who waits for the object: a condition variable's */
	CT_EVENT_UP,     /* an atomic instruction counted up or down by one: */
	CT_EVENT_DOWN,   /* what that means hangs on the object */
	CT_EVENT_OPAQUE, /* a call, after events, that may have done anything; only in the past */
};

/* What a function does to an object that is one of its arguments. */
enum ct_call_effect {
	CT_CALL_ACQUIRES,
	CT_CALL_TRIES,  /* acquires and gives 0, or gives an error */
	CT_CALL_GUARDS, /* acquires and gives 1, or gives 0 (__cxa_guard_acquire) */
	CT_CALL_RELEASES,
	CT_CALL_SIGNALS,
	CT_CALL_WAITS,    /* releases the lock that is argument 1, and takes it again */
	CT_CALL_WAITS_BY, /* the same; argument 1 points to a pointer to the lock */
	CT_CALL_COUNTS,   /* adds argument 1, with its sign */
	CT_CALL_DOWN,     /* takes one away */
	/* Channels of Go: an element goes in (UP) or comes out (DOWN). */
	CT_CALL_SENDS,
	CT_CALL_RECEIVES,        /* to where the argument next to the channel points */
	CT_CALL_TRIES_SEND,      /* they do not wait, and give whether */
	CT_CALL_TRIES_RECEIVE,   /* it went */
	CT_CALL_SELECTS,         /* one of the cases that argument 0 points to: runtime.selectgo */
	CT_CALL_SELECTS_BY_KIND, /* the same up to Go 1.15: each case says what it is */
};

struct ct_event_row {
	const char *function; /* as a symbol; leading underscores before "pthread" do not matter */
	uint8_t effect;       /* enum ct_call_effect */
	uint8_t arg;          /* which argument the object is, from 0 */
};

enum ct_callee_kind {
	CT_CALLEE_FOREIGN,   /* not known, or not to be looked into: it returns something */
	CT_CALLEE_QUIET,     /* nothing of interest can happen there */
	CT_CALLEE_ENTER,     /* look into it */
	CT_CALLEE_NO_RETURN, /* exit(), abort(), throw */
	CT_CALLEE_EVENT,     /* row says what it does */
	CT_CALLEE_DEFERS,    /* Go: its caller will call the closure before it returns, */
	CT_CALLEE_DEFERRED,  /* and does so here, the last one first */
};

/* The closure that is deferred is argument 0 itself, not in a record that this points to. */
#define CT_NO_RECORD UINT32_MAX

struct ct_callee {
	uint8_t kind;   /* enum ct_callee_kind */
	uint64_t entry; /* its first instruction, to be entered */
	const struct ct_event_row *row;
	bool opaque;      /* not to be looked into, and what it calls in the end is not all known */
	bool spares;      /* to be entered: of all registers it changes but what its code does */
	bool ignored;     /* nobody asks for objects of that kind: only what it returns matters */
	uint32_t args;    /* bytes of its arguments and results on the stack, where the ABI has them
			     there */
	uint32_t closure; /* of CT_CALLEE_DEFERS: where in the record; CT_NO_RECORD */
};

/* How functions are called. Registers by their DWARF numbers. */
struct ct_code_abi {
	uint8_t arguments[9];
	uint8_t n_arguments; /* in registers; 0: all are on the stack, at the call from its stack
				pointer on */
	uint8_t result;
	uint8_t context;    /* points to the closure whose function is called */
	uint32_t results;   /* bit i: register i may be one */
	uint32_t preserved; /* bit i: calls preserve register i */
};

extern const struct ct_code_abi ct_code_abi_c;        /* System V */
extern const struct ct_code_abi ct_code_abi_go;       /* ABIInternal, since 1.17 */
extern const struct ct_code_abi ct_code_abi_go_stack; /* ABI0: before, and assembly */

enum ct_channel_goes {
	CT_CHANNEL_UNKNOWN, /* or it does something: an element comes or goes, it panics */
	CT_CHANNEL_WAITS,   /* or a default case is taken */
	CT_CHANNEL_AT_ONCE, /* a receive from one that is closed and empty */
};

/* What the evaluator asks of its caller. */
struct ct_code_view {
	void *arg;
	enum ct_status (*read)(void *arg, uint64_t addr, void *buf, size_t len);
	/*
	 * What is called or jumped to at target, or through the pointer at slot (0: not through
	 * one)? For a jump (is_call false) QUIET and ENTER both mean that it is followed.
	 */
	struct ct_callee (*callee)(void *arg, uint64_t target, uint64_t slot, bool is_call);
	bool (*wanted)(void *arg, uint64_t object); /* are events on it of interest? */
	/* Is the word there what it stays, though events are? NULL: no such word is. */
	bool (*steady)(void *arg, uint64_t object);
	bool (*writable)(void *arg, uint64_t addr); /* may the value there have been another? */
	const struct ct_code_abi *abi;              /* NULL: System V */
	/*
	 * Each atomic instruction is an operation of its own, never a turn of a loop; and setting
	 * the lowest bit of a word acquires it.
	 */
	bool counted;
	/* Bytes of an element of the channel; only for CT_CALL_RECEIVES. */
	uint32_t (*element)(void *arg, uint64_t channel);
	/* How an operation on the channel goes now, as it is; NULL: what channels give is not
	 * known. */
	enum ct_channel_goes (*goes)(void *arg, uint64_t channel, bool sends);
};

#define CT_MAX_ARGS 4

struct ct_stack_args { /* of a function that has its arguments on the stack: their first words */
	uint64_t value[CT_MAX_ARGS];
	uint8_t known; /* bit i: word i is */
};

struct ct_evaluation {
	struct ct_regs regs; /* those that are not known become named unknowns; in the past all but
				the stack pointer do */
	uint64_t pc;
	/*
	 * False: from pc on into the future, with memory as it is. True: the past, from a
	 * function's entry at pc until stop; then writable memory outside of the stack may have
	 * been other than it is.
	 */
	bool past;
	uint64_t stop;                  /* where the past ends: at the call that returns there, */
	bool stop_exact;                /* or right there */
	uint64_t dead_low, dead_high;   /* of the stack, what other calls have left behind */
	uint64_t stack_low, stack_high; /* the thread's own stack */
	/* Memory that the call which is returned from may have written: [lost, lost + lost_size).
	 */
	uint64_t lost;
	uint32_t lost_size;
	struct ct_stack_args args; /* what it finds behind its return address, whatever is there */
	uint32_t max_steps; /* of the function itself; with all callees eight times as many */
	/*
	 * The paths with the fewest turns first, instead of each to its end. Of those that come to
	 * one place only a few go on, and where loops lead there they may not be the same ones.
	 */
	bool broad;
};

enum ct_path_end {
	CT_PATH_RETURNS,
	CT_PATH_ARRIVES,   /* at stop */
	CT_PATH_NO_RETURN, /* exits, throws or traps */
	CT_PATH_MERGES,    /* into another path, or a place visited often enough */
	CT_PATH_UNKNOWN,   /* a jump to nobody knows where, code that cannot be read */
};

struct ct_code_event {
	uint8_t kind;                   /* enum ct_event_kind */
	bool inlined;                   /* by an instruction, not a call */
	const struct ct_event_row *row; /* of the call */
	struct ct_term object;
	uint64_t pc;   /* of the instruction */
	uint32_t prev; /* the event before on this path, or CT_NONE */
	uint32_t n;    /* events up to this one */
};

struct ct_evaluator;
struct ct_path;

/* NULL: no memory, or not a machine whose code we know. */
struct ct_evaluator *ct_evaluator_new(const struct ct_arch *arch, const struct ct_code_view *view);
void ct_evaluator_free(struct ct_evaluator *ev);

/*
 * CT_NO_MEMORY, or CT_OK: then the paths are there until the next call. In the past an object has
 * only its last event on a path, in the future its first two.
 */
CT_WARN_UNUSED enum ct_status ct_evaluate(struct ct_evaluator *ev, const struct ct_evaluation *in);

uint32_t ct_evaluate_n_paths(const struct ct_evaluator *ev);
enum ct_path_end ct_path_end(const struct ct_evaluator *ev, uint32_t path);
uint32_t ct_path_last_event(const struct ct_evaluator *ev, uint32_t path); /* or CT_NONE */
const struct ct_code_event *ct_code_event(const struct ct_evaluator *ev, uint32_t event);
bool ct_evaluate_cut(const struct ct_evaluator *ev); /* the budget ended it */
/* Something was done to nobody knows which object, in the future. */
bool ct_evaluate_unclear(const struct ct_evaluator *ev);
/*
 * Did nothing come of it? All stores went to the thread's own stack, at most two numbers by turns
 * to one place (it may be cleared first), one of them what is there now; what channels and atomic
 * instructions leave behind does not count.
 */
bool ct_evaluate_is_idle(const struct ct_evaluator *ev);
/*
 * What all evaluations have cost so far, in steps: a fraction of a microsecond each. Instructions
 * that were met for the first time and long lists count for several.
 */
uint64_t ct_evaluator_steps(const struct ct_evaluator *ev);

/*
 * Gives the unknowns of a path that has arrived at stop the values that the frame shows now: in its
 * registers that calls preserve, and in its memory [low, high). False: the path contradicts the
 * frame, so it was not taken. When the budget is spent nothing contradicts (ct_evaluate_cut).
 */
bool ct_path_bind(struct ct_evaluator *ev, uint32_t path, const struct ct_regs *regs, uint64_t low,
	uint64_t high);
/* The number behind word on the path that was bound last; false: it is not known. */
bool ct_path_resolve(struct ct_evaluator *ev, struct ct_term word, uint64_t *ret);
/* Argument 0 … 5 of the call at which path has arrived. */
struct ct_term ct_path_argument(const struct ct_evaluator *ev, uint32_t path, unsigned i);

/*
 * What the bytes of a function could call, wherever in them an instruction may begin: a superset,
 * found without decoding. The i-th answer from *cur on; false: there are no more.
 */
struct ct_code_reference {
	uint64_t target, slot; /* as for ct_code_view's callee */
	bool atomic;           /* or an atomic instruction, */
	bool exchanges;        /* that is a cmpxchg or xadd, */
	bool indirect;         /* or a call of nobody knows what */
};
bool ct_code_next_reference(
	const uint8_t *code, size_t len, uint64_t addr, size_t *cur, struct ct_code_reference *ret);
/* The same for the variables that atomic instructions on fixed addresses could change. */
bool ct_code_next_change(
	const uint8_t *code, size_t len, uint64_t addr, size_t *cur, uint64_t *object);
/* Does the function at [start, end) return or jump away at all? True where that is not known. */
bool ct_code_may_return(struct ct_evaluator *ev, uint64_t start, uint64_t end);

#endif
