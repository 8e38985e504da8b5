/* SPDX-License-Identifier: Apache-2.0 */
#include "target/return_address.h"

#define MAX_STEPS   16  /* frames that a trail is followed over */
#define FRAME_WORDS 512 /* in which the frame pointer of a frame is looked for */

enum ct_status ct_return_read(const struct ct_guesser *g, uint64_t addr, uint64_t *ret)
{
	enum ct_status status = ct_stack_word(g->stack, addr, ret);

	if (!status)
		*ret = g->arch->strip(*ret, g->pac_mask);
	return status;
}

/* Where the call goes whose code this is, through one stub at most; 0: that is not known. */
static uint64_t target_of(const struct ct_guesser *g, const uint8_t *code, uint64_t ret)
{
	const struct ct_arch *arch = g->arch;
	struct ct_call call = {0};
	uint8_t stub[CT_ARCH_CODE_BEFORE];

	if (arch->call_target)
		call = arch->call_target(code, ret);
	if (call.target && arch->stub_slot && !ct_read(g->target, call.target, stub, sizeof(stub)))
		call.slot = arch->stub_slot(stub, call.target);
	if (call.slot && ct_read_u64(g->target, call.slot, &call.target))
		return 0;
	return call.target;
}

enum ct_call_site ct_call_site_at(const struct ct_guesser *g, uint64_t ret, uint64_t callee)
{
	uint8_t code[CT_ARCH_CODE_BEFORE];

	if (ret < sizeof(code) || !ct_cfi_is_code(g->target, ret - 1))
		return CT_CALL_NO;
	if (!g->arch->after_call || ct_read(g->target, ret - sizeof(code), code, sizeof(code)))
		return CT_CALL_UNSEEN;
	if (!g->arch->after_call(code))
		return CT_CALL_NO;
	uint64_t target = target_of(g, code, ret);
	/* What was called may have jumped on, but mostly within its own module. */
	bool may_be = !target || !callee ||
		      ct_module_at(g->target, target) == ct_module_at(g->target, callee);
	return may_be ? CT_CALL_YES : CT_CALL_NO;
}

uint64_t ct_call_target(const struct ct_guesser *g, uint64_t ret)
{
	uint8_t code[CT_ARCH_CODE_BEFORE];

	if (ret < sizeof(code) || !ct_cfi_is_code(g->target, ret - 1) || !g->arch->after_call ||
		ct_read(g->target, ret - sizeof(code), code, sizeof(code)) ||
		!g->arch->after_call(code))
		return 0;
	return target_of(g, code, ret);
}

/*
 * A function is known to have a frame pointer, but not where it points: to the next pair of a frame
 * pointer that points farther up and a return address.
 */
static bool find_fp(const struct ct_guesser *g, struct ct_trail *trail)
{
	for (unsigned i = 0; i < FRAME_WORDS; i++) {
		uint64_t at = trail->sp + i * CT_WORD, saved, ret;

		++*g->work;
		if (ct_stack_word(g->stack, at, &saved) || ct_return_read(g, at + CT_WORD, &ret))
			return false;
		if (saved > at && saved % CT_WORD == 0 &&
			ct_call_site_at(g, ret, trail->ret) == CT_CALL_YES) {
			trail->fp = at;
			trail->fp_known = true;
			return true;
		}
	}
	return false;
}

static const struct ct_cfi_rule *saved_at_cfa(const struct ct_cfi_row *row, unsigned reg)
{
	for (unsigned i = 0; i < row->n_rules; i++)
		if (row->rules[i].reg == reg && row->rules[i].how == CT_CFI_AT_CFA)
			return &row->rules[i];
	return NULL;
}

/*
 * Where frame pointers are optional, a function that has one is described by it: who comes by at
 * sp's reckoning is not that function. Where there is a link register, functions are described by
 * either.
 */
static enum ct_follow at_fp_frame(const struct ct_guesser *g, bool by_fp)
{
	return by_fp || g->arch->link_register ? CT_FOLLOW_OWNS_FP : CT_FOLLOW_BROKEN;
}

/* One frame up. CT_FOLLOW_SOUND: so far; CT_FOLLOW_NO_CFI: no farther. *end: the base is reached.
 */
static enum ct_follow step(const struct ct_guesser *g, struct ct_trail *trail, bool *end)
{
	const struct ct_arch *arch = g->arch;
	const struct ct_cfi_row *row = ct_cfi_row(g->cfi, trail->ret - 1);
	const struct ct_cfi_rule *rule = row ? saved_at_cfa(row, row->ret) : NULL;

	++*g->work;
	*end = row && row->root;
	if (*end)
		return CT_FOLLOW_SOUND;
	if (!rule || row->cfa.how != CT_CFI_REGISTER)
		return CT_FOLLOW_NO_CFI;
	bool by_fp = row->cfa.reg == arch->fp;
	if (by_fp ? !trail->fp_known && !find_fp(g, trail) : row->cfa.reg != arch->sp)
		return CT_FOLLOW_NO_CFI;
	uint64_t cfa = (by_fp ? trail->fp : trail->sp) + (uint64_t)(int64_t)row->cfa.offset;
	uint64_t ret_at = cfa + (uint64_t)(int64_t)rule->offset;
	const struct ct_cfi_rule *fp_rule = saved_at_cfa(row, arch->fp);

	if (cfa <= trail->sp)
		return CT_FOLLOW_BROKEN;
	if (trail->fp_ret_at && ret_at == trail->fp_ret_at)
		return at_fp_frame(g, by_fp);
	if (fp_rule) {
		uint64_t fp_at = cfa + (uint64_t)(int64_t)fp_rule->offset;

		trail->fp_known = true;
		if (ct_stack_word(g->stack, fp_at, &trail->fp))
			return CT_FOLLOW_BROKEN;
	}
	uint64_t callee = trail->ret;
	trail->sp = cfa;
	if (ct_return_read(g, ret_at, &trail->ret) ||
		ct_call_site_at(g, trail->ret, callee) == CT_CALL_NO)
		return CT_FOLLOW_BROKEN;
	return CT_FOLLOW_SOUND;
}

enum ct_follow ct_return_follow(const struct ct_guesser *g, struct ct_trail trail)
{
	bool end = false;

	for (unsigned i = 0; i < MAX_STEPS && !end; i++) {
		enum ct_follow how = step(g, &trail, &end);

		if (how == CT_FOLLOW_BROKEN)
			return how;
		if (how != CT_FOLLOW_SOUND)
			return i ? CT_FOLLOW_SOUND : how;
	}
	return CT_FOLLOW_SOUND;
}
