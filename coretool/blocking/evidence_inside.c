/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a stack shows without a look at code. A function that calls an initialiser has its object as
 * long as the call lasts, and keeps the object's address in its own frame, or in a register that
 * calls preserve, for what it does to it afterwards. A thread that belongs to a scope or a team has
 * that at hand.
 */
#include "blocking/evidence.h"
#include "target/symbols.h"

#define FRAME_WORDS 512 /* of a frame that are looked at */

const char *ct_evidence_function(const struct ct_blocking *ctx, const struct ct_evidence_from *from,
	size_t frame, struct ct_arena *arena)
{
	const struct ct_unwound_frame *f = &from->frames[frame];
	struct ct_symbol symbol;

	if (ct_symbol_at(ctx->target, f->pc - f->is_call, CT_SYMBOL_CODE, &symbol))
		return NULL;
	return ct_symbol_demangle(arena, symbol.name);
}

void ct_evidence_words(const struct ct_blocking *ctx, const struct ct_evidence_from *from,
	size_t frame, uint64_t *low, uint64_t *high)
{
	uint64_t sp = ct_reg(&from->regs[frame], ct_target_arch(ctx->target)->sp);
	uint64_t end = from->frames[frame].cfa;

	*low = *high = sp;
	if (sp % 8 == 0 && end > sp)
		*high = CT_MIN(end, sp + FRAME_WORDS * 8);
}

static bool frame_has(const struct ct_blocking *ctx, const struct ct_evidence_from *from,
	size_t frame, uint64_t addr)
{
	const struct ct_arch *arch = ct_target_arch(ctx->target);
	const struct ct_regs *regs = &from->regs[frame];
	uint64_t at, high, word;

	for (unsigned i = 0; i < arch->n_regs; i++)
		if ((arch->preserved & regs->known) >> i & 1 && regs->value[i] == addr)
			return true;
	ct_evidence_words(ctx, from, frame, &at, &high);
	for (; at < high && !ct_read_u64(ctx->target, at, &word); at += 8)
		if (word == addr)
			return true;
	return false;
}

void ct_evidence_runs(const struct ct_blocking *ctx, struct ct_code *code,
	const struct ct_wanted *wanted, uint32_t n_wanted, const struct ct_evidence_from *from,
	size_t frame, struct ct_evidence *ret)
{
	const struct ct_unwound_frame *f = &from->frames[frame];
	struct ct_arena scratch = {0};
	const char *name = NULL;

	for (uint32_t i = 0; frame && f->is_call && i < n_wanted; i++) {
		const struct ct_possession *possession = wanted[i].primitive->possession;
		const struct ct_unwound_frame *callee = f - 1;

		if (!possession->runs || ret[i].inside)
			continue;
		if (!name)
			name = ct_evidence_function(ctx, from, frame, &scratch);
		if (!name || callee->is_signal ||
			!ct_code_is_own(code, callee->pc - callee->is_call))
			break;
		if (!possession->runs(name, ct_evidence_function(ctx, from, frame - 1, &scratch)) ||
			!frame_has(ctx, from, frame, wanted[i].addr - possession->runs_offset))
			continue;
		ret[i].inside = true;
		ret[i].of_inside = (struct ct_proof){.frame = (uint32_t)frame};
	}
	ct_arena_free(&scratch);
}

void ct_evidence_belongs(const struct ct_blocking *ctx, const struct ct_wanted *wanted,
	uint32_t n_wanted, const struct ct_evidence_from *from, struct ct_evidence *ret)
{
	for (uint32_t i = 0; i < n_wanted; i++) {
		const struct ct_possession *possession = wanted[i].primitive->possession;

		if (!possession->belongs || from->waits_for == wanted[i].addr)
			continue;
		uint32_t frame = possession->belongs(ctx, wanted[i].addr, from);
		ret[i].inside = frame != CT_NONE;
		ret[i].of_inside = (struct ct_proof){.frame = frame};
	}
}

struct references { /* looked for */
	struct ct_code *code;
	const struct ct_wanted *wanted;
	uint64_t waits_for;
	struct ct_evidence *evidence;
};

static void note_reference(struct references *r, uint64_t word, size_t frame)
{
	uint32_t i = word == r->waits_for ? CT_NONE : ct_code_wanted(r->code, word);

	if (i == CT_NONE || r->evidence[i].refers || !r->wanted[i].primitive->possession->refers)
		return;
	r->evidence[i].refers = true;
	r->evidence[i].of_refers = (struct ct_proof){.frame = (uint32_t)frame};
}

void ct_evidence_refers(const struct ct_blocking *ctx, struct ct_code *code,
	const struct ct_wanted *wanted, uint32_t n_wanted, const struct ct_evidence_from *from,
	struct ct_evidence *ret)
{
	const struct ct_arch *arch = ct_target_arch(ctx->target);
	struct references r = {code, wanted, from->waits_for, ret};
	uint64_t at, high, word;
	bool any = false;

	for (uint32_t i = 0; i < n_wanted && !any; i++)
		any = wanted[i].primitive->possession->refers;
	for (size_t f = 0; any && f < from->n; f++) {
		const struct ct_regs *regs = &from->regs[f];

		for (unsigned i = 0; i < arch->n_regs; i++)
			if ((arch->preserved & regs->known) >> i & 1)
				note_reference(&r, regs->value[i], f);
		ct_evidence_words(ctx, from, f, &at, &high);
		for (; at < high && !ct_read_u64(ctx->target, at, &word); at += 8)
			note_reference(&r, word, f);
	}
}
