/* SPDX-License-Identifier: Apache-2.0 */
/* What killed the process, while it is being found out. Only the files observe/crash*.c include it.
 */
#ifndef CT_OBSERVE_CRASH_H
#define CT_OBSERVE_CRASH_H

#include "decode/operand.h"
#include "observe/internal.h"
#include "target/unwind.h"

#define CT_CRASH_FRAMES   256 /* whose registers are kept */
#define CT_CRASH_EVIDENCE 12
#define CT_CRASH_PAGE     4096

struct ct_crash_scene {
	struct ct_observation *o;
	struct ct_target *target;
	const struct ct_arch *arch;
	struct ct_signal signal; /* that is explained: what a handler was called for, or the last */
	struct ct_regs regs;     /* where it happened; those of frame */
	struct ct_regs first_regs; /* of the innermost frame, where the stack begins */
	struct ct_unwound stack;   /* empty: not asked for */
	struct ct_regs *frame_regs;
	uint32_t n_regs; /* frames whose registers are in frame_regs */
	uint32_t frame;  /* where it happened */
	uint8_t code[CT_MAX_INSTRUCTION];
	size_t n_code; /* 0: no code at pc, or not readable */
	bool decoded;  /* insn is what stands at pc */
	struct ct_instruction insn;
	struct ct_crash_operand operands[CT_MAX_OPERANDS];
	const char *evidence[CT_CRASH_EVIDENCE];
	uint64_t used; /* bit i: register i matters */
	struct ct_crash crash;
};

/* The class and what is said of it; the first call counts. (crash.c) */
CT_PRINTF(4, 5)
void ct_crash_is(struct ct_crash_scene *s, enum ct_crash_class class, enum ct_trust trust,
	const char *cause, ...);
/* One more sentence of evidence. (crash.c) */
CT_PRINTF(2, 3) void ct_crash_say(struct ct_crash_scene *s, const char *fmt, ...);
/* Is anything said yet? */
static inline bool ct_crash_known(const struct ct_crash_scene *s)
{
	return s->crash.cause != NULL;
}
/* The name of the code symbol of a frame, as in its file; NULL: none is known. (crash.c) */
const char *ct_crash_symbol(struct ct_crash_scene *s, uint32_t frame);
/* "g_banner of orders", "anonymous memory": where an address is; NULL: nowhere. (crash.c) */
const char *ct_crash_where(struct ct_crash_scene *s, uint64_t addr);

/* Sees each memory operand's address and value. (crash_operands.c) */
void ct_crash_operands(struct ct_crash_scene *s);
/* The operand whose bytes addr is among, or NULL. (crash_operands.c) */
const struct ct_operand *ct_crash_operand_at(struct ct_crash_scene *s, uint64_t addr);
/* The value of the pointer that the operand goes through; false: it goes through none.
 * (crash_operands.c) */
bool ct_crash_pointer_of(
	struct ct_crash_scene *s, const struct ct_operand *op, uint64_t *ret, unsigned *reg);

/* What kind of number a bad pointer is. */
struct ct_bad_pointer {
	enum ct_crash_class class;
	enum ct_trust trust;
	const char *words; /* "a null pointer plus 0x18" */
	bool is_pointer;   /* words are of the pointer; else of the address that it led to */
};

/* pointer led to addr; both are the same where only that is known. (crash_pointer.c) */
struct ct_bad_pointer ct_crash_judge_pointer(
	struct ct_crash_scene *s, uint64_t pointer, uint64_t addr);
/* Is pointer what malloc writes into a chunk that it takes back? words say of which. CT_NOT_FOUND:
 * nothing shows that. (crash_freed.c) */
enum ct_status ct_crash_freed(struct ct_crash_scene *s, uint64_t pointer, const char **words);

static inline bool ct_is_canonical(uint64_t addr)
{
	return addr + (UINT64_C(1) << 47) < UINT64_C(1) << 48;
}

/* The causes, each of which says nothing when it is not that one. */
void ct_crash_memory(struct ct_crash_scene *s);    /* crash_memory.c: SIGSEGV, SIGBUS */
void ct_crash_jump(struct ct_crash_scene *s);      /* crash_jump.c: no code at pc, or behind it */
void ct_crash_overflow(struct ct_crash_scene *s);  /* crash_stack.c: of the stack */
void ct_crash_recursion(struct ct_crash_scene *s); /* crash_stack.c: what the frames repeat */
void ct_crash_trap(struct ct_crash_scene *s);      /* crash_trap.c: SIGFPE, SIGILL, SIGTRAP … */
void ct_crash_message(struct ct_crash_scene *s);   /* crash_abort.c: the C library's last words */
void ct_crash_stop(struct ct_crash_scene *s);      /* crash_musl.c: musl's a_crash() */
void ct_crash_assertion(struct ct_crash_scene *s); /* crash_musl.c: its assert() */
void ct_crash_panic(struct ct_crash_scene *s);     /* crash_rust.c: of Rust */
void ct_crash_exception(struct ct_crash_scene *s); /* crash_cxx.c: C++ without a handler */

#endif
