/* SPDX-License-Identifier: Apache-2.0 */
#include "target/frame_guess.h"

#include "target/unwind.h"

#define SCAN_WORDS 1024       /* how far up the stack a return address is looked for */
#define MAX_FRAME  (1u << 20) /* from sp to where fp points; farther away it is no frame pointer */

struct scan {
	const struct ct_guesser *g;
	const struct ct_guess_from *from;
	uint64_t sp;
	uint64_t fp;            /* points to a saved one and a return address, when fp_frame */
	uint64_t saved_fp, ret; /* these two */
	enum ct_call_site site; /* of ret */
	bool fp_frame;
};

/* The code that was called; 0: there is none. */
static uint64_t callee(const struct scan *s)
{
	return s->from->no_code ? 0 : ct_reg(s->from->regs, s->g->arch->pc);
}

static bool has_cfi(const struct scan *s, uint64_t ret)
{
	const struct ct_cfi_row *row = ct_cfi_row(s->g->cfi, ret - 1);

	return row && row->cfa.how != CT_CFI_UNSET;
}

static void look_at_fp(struct scan *s)
{
	const struct ct_regs *regs = s->from->regs;
	unsigned fp = s->g->arch->fp;

	s->fp = ct_reg(regs, fp);
	if (!(regs->known >> fp & 1) || s->fp % CT_WORD || s->fp < s->sp ||
		s->fp - s->sp > MAX_FRAME || ct_stack_word(s->g->stack, s->fp, &s->saved_fp) ||
		ct_return_read(s->g, s->fp + CT_WORD, &s->ret))
		return;
	s->site = ct_call_site_at(s->g, s->ret, callee(s));
	/* A caller with CFI need not have a frame pointer; what is saved is then any number. */
	bool chained = !s->saved_fp || s->saved_fp > s->fp;
	s->fp_frame = s->site != CT_CALL_NO && (chained || has_cfi(s, s->ret));
}

static enum ct_follow follow(const struct scan *s, uint64_t ret, uint64_t sp)
{
	struct ct_trail trail = {.ret = ret, .sp = sp, .fp = s->fp, .fp_known = s->fp_frame};

	trail.fp_ret_at = s->fp_frame ? s->fp + CT_WORD : 0;
	return ct_return_follow(s->g, trail);
}

/*
 * Of a frame that had a frame pointer: the caller's stands below the return address. Does it not
 * look like one, the caller may have none: second best.
 */
static enum ct_follow follow_framed(const struct scan *s, uint64_t ret, uint64_t at)
{
	struct ct_trail trail = {.ret = ret, .sp = at + CT_WORD};

	if (ct_stack_word(s->g->stack, at - CT_WORD, &trail.fp))
		return CT_FOLLOW_BROKEN;
	trail.fp_known = trail.fp > at && trail.fp - at <= MAX_FRAME && trail.fp % CT_WORD == 0;
	enum ct_follow how = ct_return_follow(s->g, trail);
	return how == CT_FOLLOW_SOUND && !trail.fp_known ? CT_FOLLOW_NO_CFI : how;
}

static enum ct_follow try_place(const struct scan *s, uint64_t at)
{
	uint64_t ret;

	++*s->g->work;
	if (ct_return_read(s->g, at, &ret) || ct_call_site_at(s->g, ret, callee(s)) != CT_CALL_YES)
		return CT_FOLLOW_BROKEN;
	return s->from->framed ? follow_framed(s, ret, at) : follow(s, ret, at + CT_WORD);
}

/*
 * The place of the best return address from sp up: the first one from where CFI leads on, or the
 * last one into the function that fp is of (those below it are of its earlier calls). *weak: the
 * first of those that cannot be tested so well; 0: none.
 */
static enum ct_status scan_stack(const struct scan *s, uint64_t *ret, uint64_t *weak)
{
	/* From a frame pointer on the stack is that of the function that it is of. */
	uint64_t room = s->fp_frame ? s->fp - s->sp : SCAN_WORDS * CT_WORD;
	uint64_t owner = 0;

	*weak = 0;
	for (uint64_t i = 0; i < CT_MIN(room, SCAN_WORDS * CT_WORD); i += CT_WORD) {
		uint64_t at = s->sp + i;

		switch (try_place(s, at)) {
		case CT_FOLLOW_BROKEN:
			break;
		case CT_FOLLOW_NO_CFI:
			*weak = *weak ? *weak : at;
			break;
		case CT_FOLLOW_OWNS_FP:
			owner = at;
			break;
		case CT_FOLLOW_SOUND:
			*ret = at;
			return CT_OK;
		}
	}
	*ret = owner;
	return owner ? CT_OK : CT_NOT_FOUND;
}

static void returned_to(
	const struct scan *s, uint64_t pc, uint64_t sp, uint64_t keep, struct ct_guess *ret)
{
	ret->regs = *s->from->regs;
	ret->regs.known &= keep;
	ct_reg_set(&ret->regs, s->g->arch->sp, sp);
	ct_reg_set(&ret->regs, s->g->arch->pc, pc);
	ret->trust = CT_FRAME_SCAN;
}

/* The return address is where the call put it: nothing was pushed since, or nothing even ran. */
static enum ct_status return_of_call(const struct scan *s, struct ct_guess *ret)
{
	const struct ct_guesser *g = s->g;
	const struct ct_regs *regs = s->from->regs;
	const struct ct_arch *arch = g->arch;
	bool no_code = s->from->no_code;
	uint64_t sp = s->sp, pc;

	if (arch->link_register) {
		if (!(regs->known >> arch->ret & 1))
			return CT_NOT_FOUND;
		pc = arch->strip(ct_reg(regs, arch->ret), g->pac_mask);
	} else {
		if (ct_return_read(g, sp, &pc))
			return CT_NOT_FOUND;
		sp += CT_WORD;
	}
	enum ct_call_site site = ct_call_site_at(g, pc, callee(s));
	if (site == CT_CALL_NO || (site == CT_CALL_UNSEEN && !no_code))
		return CT_NOT_FOUND;
	if (!no_code && follow(s, pc, sp) == CT_FOLLOW_BROKEN)
		return CT_NOT_FOUND;
	returned_to(s, pc, sp, no_code ? ~UINT64_C(0) : arch->preserved, ret);
	ret->cfa = sp;
	return CT_OK;
}

/* A return address at a place on the stack. What the frames below it saved is not known. */
static enum ct_status return_at(const struct scan *s, uint64_t at, struct ct_guess *ret)
{
	bool framed = s->from->framed;
	uint64_t pc, fp = s->fp;

	if (ct_return_read(s->g, at, &pc) ||
		(framed && ct_stack_word(s->g->stack, at - CT_WORD, &fp)))
		return CT_NOT_FOUND;
	returned_to(s, pc, at + CT_WORD, 0, ret);
	if ((framed || s->fp_frame) && fp > at) {
		ct_reg_set(&ret->regs, s->g->arch->fp, fp);
		ret->doubt_fp = true;
	}
	return CT_OK;
}

static void return_by_fp(const struct scan *s, struct ct_guess *ret)
{
	ret->cfa = s->fp + 2 * CT_WORD;
	returned_to(s, s->ret, ret->cfa, 0, ret);
	ct_reg_set(&ret->regs, s->g->arch->fp, s->saved_fp);
	if (s->site == CT_CALL_YES)
		ret->trust = CT_FRAME_FP;
}

enum ct_status ct_frame_guess(
	const struct ct_guesser *g, const struct ct_guess_from *from, struct ct_guess *ret)
{
	struct scan s = {.g = g, .from = from, .sp = ct_reg(from->regs, g->arch->sp)};
	struct ct_guess guess = {0};
	uint64_t at, weak;

	if (!(from->regs->known >> g->arch->sp & 1))
		return CT_NOT_FOUND;
	if (!from->framed)
		look_at_fp(&s);
	enum ct_status status = from->exact ? return_of_call(&s, &guess) : CT_NOT_FOUND;
	if (status) {
		status = CT_OK;
		if (!scan_stack(&s, &at, &weak))
			status = return_at(&s, at, &guess);
		else if (s.fp_frame)
			return_by_fp(&s, &guess);
		else
			status = weak ? return_at(&s, weak, &guess) : CT_NOT_FOUND;
	}
	if (!status)
		*ret = guess;
	return status;
}
