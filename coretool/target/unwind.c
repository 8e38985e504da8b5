/* SPDX-License-Identifier: Apache-2.0 */
#include "target/unwind.h"

#include <elf.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/vec.h"
#include "target/cfi.h"
#include "target/dwarf_expr.h"
#include "target/frame_guess.h"
#include "target/stack_words.h"
#include "target/ways.h"

#define DEFAULT_FRAMES 256
#define TAIL           16 /* frames of the base that are kept of any stack */

#define MAX_FRAMES  10000000 /* walked, of one stack */
#define MAX_SIGNALS 64       /* of them, signal frames */

/*
 * All that is done for all stacks: frames, and expressions and guesses in proportion to what they
 * cost. Rubbish keeps us for some ten seconds.
 */
#define MAX_WORK        200000000
#define EXPRESSION_WORK 16

/* The most bytes from the program's entry to behind the call that it makes (musl: 22). */
#define ENTRY_CODE 64

struct ct_unwinder {
	struct ct_target *target;
	const struct ct_arch *arch;
	struct ct_cfi *cfi;
	struct ct_ways *ways;
	struct ct_stack_words stack;
	/* The innermost frames; at the end those of the base behind them. */
	CT_VEC(struct ct_unwound_frame) frames;
	struct ct_unwound_frame tail[TAIL]; /* the last ones walked, in a ring */
	uint32_t head, n_tail;              /* how many of both are kept */
	uint64_t entry;                     /* of the program: its first instruction */
	uint64_t work;
	char why[160];
};

/* One stack, at one frame. */
struct walk {
	struct ct_unwinder *u;
	struct ct_regs regs; /* as the frame has them */
	struct ct_unwound_frame frame;
	struct ct_guesser guesser;
	uint64_t floor; /* the CFA of the frame before: the stack goes up from there */
	uint64_t asked; /* where on the stack the caller is looked for */
	size_t n;       /* frames before this one */
	unsigned signals;
	uint8_t trust; /* of the caller, when there is one */
	bool exact;    /* pc was interrupted; else it is a return address */
	bool doubt_fp; /* the frame pointer comes from a guess and may be another frame's */
};

enum step { STEP_NEXT, STEP_ROOT, STEP_END, STEP_GUESS, STEP_NO_MEMORY };

struct ct_unwinder *ct_unwinder_new(struct ct_target *target, uint32_t max_frames)
{
	struct ct_unwinder *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->target = target;
	u->arch = ct_target_arch(target);
	u->cfi = ct_cfi_new(target);
	u->ways = ct_ways_new(target);
	ct_stack_words_init(&u->stack, target);
	if (ct_target_auxv(target, AT_ENTRY, &u->entry))
		u->entry = UINT64_MAX - ENTRY_CODE;
	max_frames = CT_MAX(max_frames ? max_frames : DEFAULT_FRAMES, 2);
	u->n_tail = CT_MIN(TAIL, max_frames / 2);
	u->head = max_frames - u->n_tail;
	if (!u->cfi || !u->ways) {
		ct_unwinder_free(u);
		return NULL;
	}
	return u;
}

void ct_unwinder_free(struct ct_unwinder *unwinder)
{
	if (!unwinder)
		return;
	ct_cfi_free(unwinder->cfi);
	ct_ways_free(unwinder->ways);
	ct_vec_free(&unwinder->frames);
	free(unwinder);
}

void ct_unwinder_shape(struct ct_unwinder *unwinder, ct_frame_shaper *shaper, void *arg)
{
	ct_cfi_shape(unwinder->cfi, shaper, arg);
}

CT_PRINTF(2, 3)
static enum step end(struct walk *w, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(w->u->why, sizeof(w->u->why), fmt, args);
	va_end(args);
	return STEP_END;
}

static bool known(const struct ct_regs *regs, unsigned reg)
{
	return regs->known >> reg & 1;
}

/*
 * A return address may be the first byte behind its function, so the call before it is asked for.
 * What a signal handler returns to was not called: libc's CFI covers the byte before it too; other
 * code's need not.
 */
static const struct ct_cfi_row *find_row(struct walk *w)
{
	struct ct_cfi *cfi = w->u->cfi;
	uint64_t pc = w->frame.pc;

	if (w->exact)
		return ct_cfi_row(cfi, pc);
	const struct ct_cfi_row *row = ct_cfi_row(cfi, pc - 1);
	if (!row || row->cfa.how != CT_CFI_UNSET)
		return row;
	row = ct_cfi_row(cfi, pc);
	return row && row->signal ? row : ct_cfi_row(cfi, pc - 1);
}

static enum ct_status evaluate(struct walk *w, const struct ct_cfi_row *row,
	const struct ct_cfi_rule *rule, const uint64_t *cfa, uint64_t *ret)
{
	struct ct_expr_input in = {
		.arch = w->u->arch, .regs = &w->regs, .stack = &w->u->stack, .bias = row->bias};

	w->u->work += EXPRESSION_WORK;
	return ct_dwarf_expr(&in, row->table + rule->offset, rule->len, cfa, ret);
}

/* What rule says of a register of the caller, for this frame's CFA. */
static enum ct_status apply(struct walk *w, const struct ct_cfi_row *row,
	const struct ct_cfi_rule *rule, uint64_t cfa, uint64_t *ret)
{
	enum ct_status status;
	uint64_t at = cfa + (uint64_t)(int64_t)rule->offset;

	switch (rule->how) {
	case CT_CFI_AT_CFA:
		return ct_stack_word(&w->u->stack, at, ret);
	case CT_CFI_VAL_OFFSET:
		*ret = at;
		return CT_OK;
	case CT_CFI_REGISTER:
		*ret = ct_reg(&w->regs, (unsigned)rule->offset);
		return known(&w->regs, (unsigned)rule->offset) ? CT_OK : CT_NOT_FOUND;
	case CT_CFI_AT_EXPR:
		status = evaluate(w, row, rule, &cfa, &at);
		return status ? status : ct_stack_word(&w->u->stack, at, ret);
	default:
		return evaluate(w, row, rule, &cfa, ret);
	}
}

static bool by_fp(const struct walk *w, const struct ct_cfi_row *row)
{
	return row->cfa.how == CT_CFI_REGISTER && row->cfa.reg == w->u->arch->fp;
}

static bool find_cfa(struct walk *w, const struct ct_cfi_row *row, uint64_t *ret)
{
	if (row->cfa.how == CT_CFI_VAL_EXPR)
		return !evaluate(w, row, &row->cfa, NULL, ret);
	*ret = ct_reg(&w->regs, row->cfa.reg) + (uint64_t)(int64_t)row->cfa.offset;
	return known(&w->regs, row->cfa.reg);
}

/* The caller's registers; one that cannot be read is not known. */
static void restore(
	struct walk *w, const struct ct_cfi_row *row, uint64_t cfa, struct ct_regs *next)
{
	*next = w->regs;
	next->known &= row->keep;
	for (unsigned i = 0; i < row->n_rules; i++) {
		const struct ct_cfi_rule *rule = &row->rules[i];
		uint64_t value;

		if (!apply(w, row, rule, cfa, &value))
			ct_reg_set(next, rule->reg, value);
	}
}

/* Is there memory on either side of addr? */
static bool on_stack(struct walk *w, uint64_t addr)
{
	uint64_t word;

	return addr % CT_WORD == 0 && (!ct_stack_word(&w->u->stack, addr - CT_WORD, &word) ||
					      !ct_stack_word(&w->u->stack, addr, &word));
}

/*
 * Frames go up the stack, so that every walk ends. A signal handler may have a stack of its own,
 * and may have been called because the other one is no good.
 */
static enum step check_cfa(struct walk *w, const struct ct_cfi_row *row, uint64_t cfa)
{
	if (row->signal)
		return ++w->signals <= MAX_SIGNALS ? STEP_NEXT : end(w, "too many signal frames");
	w->asked = cfa - CT_WORD;
	if (cfa <= w->floor)
		return end(w,
			"the stack does not go up: frame at 0x%" PRIx64 " after one at 0x%" PRIx64,
			cfa, w->floor);
	return on_stack(w, cfa) ? STEP_NEXT : end(w, "no stack for a frame at 0x%" PRIx64, cfa);
}

static enum step step_by_cfi(struct walk *w, const struct ct_cfi_row *row, struct ct_regs *next)
{
	const struct ct_arch *arch = w->u->arch;
	bool doubt = w->doubt_fp && by_fp(w, row);
	uint64_t cfa;

	if (!find_cfa(w, row, &cfa))
		return STEP_GUESS;
	if (row->root) {
		w->frame.cfa = cfa;
		return STEP_ROOT;
	}
	if (check_cfa(w, row, cfa) != STEP_NEXT)
		return doubt ? STEP_GUESS : STEP_END;
	w->frame.cfa = cfa;
	restore(w, row, cfa, next);
	if (!known(next, row->ret))
		return doubt ? STEP_GUESS
			     : end(w, "no memory for the return address of the frame at 0x%" PRIx64,
				       cfa);
	uint64_t pc = arch->strip(ct_reg(next, row->ret), w->guesser.pac_mask);
	/*
	 * Behind a signal it is a call through null that was interrupted. Right away it is memory
	 * that was not saved: gdb 13 writes zeros for stacks that it fails to read (glibc 2.43's).
	 */
	if (!pc && !row->signal)
		return w->n ? STEP_ROOT
			    : end(w, "the return address of the frame at 0x%" PRIx64 " is zero",
				      cfa);
	ct_reg_set(next, arch->pc, pc);
	w->trust = doubt ? CT_FRAME_FP : CT_FRAME_CFI;
	if (row->shaped)
		w->trust = CT_FRAME_PCLNTAB;
	w->doubt_fp &= row->keep >> arch->fp & 1;
	w->floor = row->signal ? ct_reg(next, arch->sp) - 1 : cfa;
	return STEP_NEXT;
}

/* Does a signal handler return to this code, though no CFI says so? */
static bool is_sigreturn(const struct walk *w)
{
	const struct ct_arch *arch = w->u->arch;
	uint8_t code[CT_ARCH_CODE_BEFORE];

	if (w->exact || !arch->sigreturn ||
		ct_read(w->u->target, w->frame.pc, code, arch->n_sigreturn))
		return false;
	for (const uint8_t *const *known = arch->sigreturn; *known; known++)
		if (!memcmp(code, *known, arch->n_sigreturn))
			return true;
	return false;
}

/* What the kernel saved when it called the handler. */
static enum step step_by_sigframe(struct walk *w, struct ct_regs *next)
{
	const struct ct_arch *arch = w->u->arch;
	uint64_t sp = ct_reg(&w->regs, arch->sp), value;

	if (++w->signals > MAX_SIGNALS)
		return end(w, "too many signal frames");
	*next = w->regs;
	next->known = w->regs.known & arch->preserved;
	for (unsigned reg = 0; reg < arch->n_regs; reg++) {
		if (!arch->sigframe[reg])
			continue;
		next->known &= ~(UINT64_C(1) << reg);
		if (!ct_stack_word(&w->u->stack, sp + arch->sigframe[reg], &value))
			ct_reg_set(next, reg, value);
	}
	if (!known(next, arch->pc) || !known(next, arch->sp))
		return end(w, "no memory for the registers that a signal interrupted");
	w->frame.is_signal = true;
	w->frame.is_call = false;
	w->trust = w->frame.trust;
	w->floor = ct_reg(next, arch->sp) - 1;
	return STEP_NEXT;
}

/* Without CFI: by the code itself. */
static enum step step_by_code(struct walk *w, struct ct_regs *next)
{
	const struct ct_way_frame frame = {&w->regs, w->floor, w->frame.is_call, w->doubt_fp};
	uint64_t cfa;

	switch (ct_way_follow(w->u->ways, &w->guesser, &frame, next, &cfa)) {
	case CT_WAY_CALLER:
		w->frame.cfa = cfa;
		w->floor = cfa;
		w->trust = CT_FRAME_CODE;
		w->doubt_fp &= next->known >> w->u->arch->fp & 1;
		return STEP_NEXT;
	case CT_WAY_BASE:
		return STEP_ROOT;
	case CT_WAY_NO_MEMORY:
		return STEP_NO_MEMORY;
	default:
		return STEP_GUESS;
	}
}

static enum step step_by_guess(struct walk *w, const struct ct_cfi_row *row, struct ct_regs *next)
{
	const struct ct_arch *arch = w->u->arch;
	struct ct_guess_from from = {.regs = &w->regs,
		.exact = w->exact,
		.no_code = !row->code,
		.framed = by_fp(w, row)};
	const char *lack = !row->code                     ? "no code at"
			   : row->cfa.how == CT_CFI_UNSET ? "no unwind information for"
							  : "a register or memory is missing for";
	struct ct_guess guess;

	if (w->frame.pc - w->u->entry < ENTRY_CODE)
		return STEP_ROOT;
	if (ct_frame_guess(&w->guesser, &from, &guess)) {
		/* The end of a chain of frame pointers, as the ABI has it. */
		if (w->frame.trust == CT_FRAME_FP && !ct_reg(&w->regs, arch->fp))
			return STEP_ROOT;
		return end(w,
			"%s 0x%" PRIx64 ", and nothing on the stack looks like a return address",
			lack, w->frame.pc);
	}
	*next = guess.regs;
	w->frame.cfa = guess.cfa;
	w->trust = guess.trust;
	w->doubt_fp = guess.doubt_fp;
	w->floor = ct_reg(next, arch->sp);
	return STEP_NEXT;
}

static enum ct_status keep_frame(struct walk *w)
{
	struct ct_unwinder *u = w->u;
	struct ct_unwound_frame *slot;

	if (w->n >= u->head) {
		slot = &u->tail[(w->n - u->head) % u->n_tail];
	} else {
		slot = ct_vec_push(&u->frames);
		if (!slot)
			return CT_NO_MEMORY;
	}
	*slot = w->frame;
	w->n++;
	u->work++;
	return CT_OK;
}

/* Puts the frames of the ring behind the innermost ones. */
static enum ct_status finish(struct walk *w, struct ct_unwound *ret)
{
	struct ct_unwinder *u = w->u;
	size_t in_ring = w->n - u->frames.n;
	size_t kept = CT_MIN(in_ring, u->n_tail);

	ret->skipped_at = in_ring > kept ? u->frames.n : 0;
	for (size_t i = in_ring - kept; i < in_ring; i++) {
		struct ct_unwound_frame *slot = ct_vec_push(&u->frames);

		if (!slot)
			return CT_NO_MEMORY;
		*slot = u->tail[i % u->n_tail];
	}
	ret->frames = u->frames.items;
	ret->n = u->frames.n;
	ret->n_total = w->n;
	ret->why = ret->root ? NULL : u->why;
	return CT_OK;
}

/* One frame: looks at it, keeps it, and moves to its caller. */
static enum ct_status walk_frame(struct walk *w, enum step *ret)
{
	const struct ct_cfi_row *row = find_row(w);
	struct ct_regs next;

	w->asked = ct_reg(&w->regs, w->u->arch->sp);
	if (!row)
		return CT_NO_MEMORY;
	if (!row->code && !w->exact) {
		*ret = end(w, "the return address 0x%" PRIx64 " is not in code", w->frame.pc);
		return CT_OK;
	}
	if (w->n >= MAX_FRAMES || w->u->work >= MAX_WORK) {
		*ret = end(w, "the limit for frames is reached, after %zu of this stack", w->n);
		return CT_OK;
	}
	w->frame.is_signal = row->signal;
	w->frame.is_call = !w->exact && !row->signal;
	if (row->cfa.how != CT_CFI_UNSET)
		*ret = step_by_cfi(w, row, &next);
	else if (!row->code || w->frame.pc - w->u->entry < ENTRY_CODE)
		*ret = STEP_GUESS;
	else if (is_sigreturn(w))
		*ret = step_by_sigframe(w, &next);
	else
		*ret = step_by_code(w, &next);
	if (*ret == STEP_NO_MEMORY)
		return CT_NO_MEMORY;
	if (*ret == STEP_GUESS)
		*ret = step_by_guess(w, row, &next);
	enum ct_status status = keep_frame(w);
	if (status || *ret != STEP_NEXT)
		return status;
	w->exact = w->frame.is_signal || row->exact_caller;
	w->regs = next;
	w->frame =
		(struct ct_unwound_frame){.pc = ct_reg(&next, w->u->arch->pc), .trust = w->trust};
	return CT_OK;
}

/* Is it memory that the process had and could write, and that was not saved? */
static bool is_left_out(const struct ct_target *target, uint64_t at)
{
	const struct ct_map *map = ct_target_map_at(target, at);

	return map && map->prot > 0 && map->prot & 2 && at - map->start >= map->present;
}

enum ct_status ct_unwind_regs(struct ct_unwinder *unwinder, const struct ct_regs *regs,
	struct ct_regs *frame_regs, size_t n_regs, struct ct_unwound *ret)
{
	struct ct_unwinder *u = unwinder;
	const struct ct_arch *arch = u->arch;
	struct walk w = {.u = u, .regs = *regs, .exact = true};
	struct ct_unwound unwound = {0};
	enum step step = STEP_NEXT;
	enum ct_status status = CT_OK;

	w.frame.pc = ct_reg(regs, arch->pc);
	w.floor = ct_reg(regs, arch->sp) - 1;
	w.guesser = (struct ct_guesser){
		u->target, arch, u->cfi, &u->stack, arch->pac_mask(regs), &u->work};
	u->frames.n = 0;
	if (!known(regs, arch->pc) || !known(regs, arch->sp))
		step = end(&w, "the registers of the thread are not known");
	while (step == STEP_NEXT && !status) {
		if (w.n < n_regs)
			frame_regs[w.n] = w.regs;
		status = walk_frame(&w, &step);
	}
	for (size_t i = w.n; i < n_regs; i++)
		frame_regs[i] = (struct ct_regs){0};
	unwound.root = step == STEP_ROOT;
	unwound.left_out = !unwound.root && w.n && is_left_out(u->target, w.asked);
	if (!status)
		status = finish(&w, &unwound);
	if (!status)
		*ret = unwound;
	return status;
}

enum ct_status ct_unwind(
	struct ct_unwinder *unwinder, const struct ct_regs *regs, struct ct_unwound *ret)
{
	return ct_unwind_regs(unwinder, regs, NULL, 0, ret);
}
