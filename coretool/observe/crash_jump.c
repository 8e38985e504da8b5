/* SPDX-License-Identifier: Apache-2.0 */
/* A jump to where no code is: which pointer or return address led there, and who followed it. */
#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>

#include "decode/instruction.h"
#include "observe/crash.h"
#include "target/cfi.h"

#define LONGEST_CALL 8

/* "a null pointer"; of memory that is there, what it is. */
static const char *destination(struct ct_crash_scene *s, uint64_t to, enum ct_trust *trust)
{
	const char *where = ct_target_map_at(s->target, to) ? ct_crash_where(s, to) : NULL;
	struct ct_bad_pointer bad;

	if (where)
		return ct_sink_printf(s->o->sink, "which is no code: %s", where);
	bad = ct_crash_judge_pointer(s, to, to);
	*trust = CT_MAX(*trust, bad.trust);
	return bad.words;
}

/* The call that ends at ret, when it goes through a register or memory. */
static bool find_call(struct ct_crash_scene *s, uint64_t ret, struct ct_instruction *insn)
{
	uint8_t code[LONGEST_CALL];

	if (ct_read(s->target, ret - sizeof(code), code, sizeof(code)))
		return false;
	for (size_t len = 2; len <= sizeof(code); len++)
		if (!ct_decode(code + sizeof(code) - len, len, insn) && insn->length == len &&
			insn->kind == CT_INSN_CALL)
			return true;
	return false;
}

/*
 * What the call went through. Nothing has run since: all registers but sp and pc are as they were.
 * NULL: it is not that call.
 */
static const char *called_through(
	struct ct_crash_scene *s, const struct ct_instruction *insn, uint64_t ret, uint64_t pc)
{
	struct ct_regs regs = s->regs;
	uint64_t at, value;

	ct_reg_set(&regs, s->arch->sp, ct_reg(&regs, s->arch->sp) + 8);
	ct_reg_set(&regs, s->arch->pc, ret - insn->length);
	if (insn->reg != CT_NO_REG) {
		s->used |= UINT64_C(1) << insn->reg;
		return ct_reg(&regs, insn->reg) == pc ? ct_register_name(insn->reg) : NULL;
	}
	if (ct_operand_address(insn, &insn->operands[0], &regs, &at) ||
		ct_read_u64(s->target, at, &value) || value != pc)
		return NULL;
	const char *text = ct_operand_text(ct_sink_arena(s->o->sink), &insn->operands[0]);
	const char *where = ct_crash_where(s, at);
	return ct_sink_printf(s->o->sink, "the pointer at 0x%" PRIx64 " (%s%s%s)", at, text,
		where ? ", " : "", where ? where : "");
}

/* pc is where no code is. */
static void at_no_code(struct ct_crash_scene *s, uint64_t pc)
{
	const struct ct_map *map = ct_target_map_at(s->target, pc);
	uint64_t sp = ct_reg(&s->regs, s->arch->sp), top, popped = 0;
	enum ct_trust trust = CT_TRUST_EXACT;
	const char *to = destination(s, pc, &trust), *through = NULL;
	struct ct_instruction insn;
	bool called = !ct_read_u64(s->target, sp, &top) && find_call(s, top, &insn);
	enum ct_crash_class class = map ? CT_CRASH_NO_EXEC : CT_CRASH_BAD_JUMP;

	if (called)
		through = called_through(s, &insn, top, pc);
	if (!through && !ct_read_u64(s->target, sp - 8, &popped) && popped == pc) {
		ct_crash_say(s,
			"the word that a return has just taken from the stack, at 0x%" PRIx64
			", is this address: the return address was overwritten",
			sp - 8);
		ct_crash_is(s, CT_CRASH_BAD_RETURN, CT_MAX(trust, CT_TRUST_INFERRED),
			"returned to 0x%" PRIx64 ", %s", pc, to);
		return;
	}
	if (through)
		ct_crash_say(s, "it was called through %s", through);
	else
		ct_crash_say(s, "what led there is not known");
	ct_crash_is(
		s, class, trust, "%s 0x%" PRIx64 ", %s", called ? "called" : "jumped to", pc, to);
}

/* The CPU refuses what is no address before it goes there. */
static void before_the_jump(struct ct_crash_scene *s)
{
	uint64_t sp = ct_reg(&s->regs, s->arch->sp), to;
	bool back = s->insn.kind == CT_INSN_RETURN;
	enum ct_trust trust = CT_TRUST_EXACT;

	if (back ? ct_read_u64(s->target, sp, &to) != CT_OK
		 : s->insn.kind != CT_INSN_CALL && s->insn.kind != CT_INSN_JUMP)
		return;
	if (!back && s->insn.reg != CT_NO_REG)
		to = ct_reg(&s->regs, s->insn.reg);
	else if (!back && s->operands[0].has_value)
		to = s->operands[0].value;
	else if (!back)
		return;
	if (ct_is_canonical(to))
		return;
	const char *words = destination(s, to, &trust);
	s->crash.address = to;
	s->crash.has_address = true;
	if (back)
		ct_crash_say(s,
			"the return address on the stack, at 0x%" PRIx64 ", was overwritten", sp);
	ct_crash_is(s, back ? CT_CRASH_BAD_RETURN : CT_CRASH_BAD_JUMP, trust,
		"%s 0x%" PRIx64 ", %s",
		back                           ? "returned to"
		: s->insn.kind == CT_INSN_CALL ? "called"
					       : "jumped to",
		to, words);
}

void ct_crash_jump(struct ct_crash_scene *s)
{
	uint64_t pc = ct_reg(&s->regs, s->arch->pc);

	if (ct_crash_known(s) || s->signal.number != SIGSEGV)
		return;
	if (!ct_cfi_is_code(s->target, pc)) {
		s->crash.address = pc;
		s->crash.has_address = true;
		at_no_code(s, pc);
	} else if (s->decoded && s->signal.code == SI_KERNEL) {
		before_the_jump(s);
	}
}
