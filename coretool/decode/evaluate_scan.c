/* SPDX-License-Identifier: Apache-2.0 */
/* What code could call, and whether it comes back, without evaluating it. */
#include "decode/evaluate_internal.h"

#define MAX_SWEEP 400 /* instructions; a larger function is thought to return */

static uint64_t relative(const uint8_t *code, uint64_t next)
{
	int32_t offset;

	memcpy(&offset, code, sizeof(offset));
	return next + (uint64_t)(int64_t)offset;
}

/* The prefix of an instruction on 8 bytes, which are no lock. */
static bool is_wide(uint8_t prefix)
{
	return prefix >> 3 == 0x48 >> 3;
}

/* xchg with memory, or what has a lock prefix: xadd, cmpxchg and others. */
static bool is_atomic(const uint8_t *at, size_t left, bool first)
{
	if (left < 2)
		return false;
	if (at[0] == 0xf0)
		return !is_wide(at[1]);
	return (at[0] == 0x86 || at[0] == 0x87) && at[1] >> 6 != 3 && (first || !is_wide(at[-1]));
}

/* An operand in memory at a distance from the next instruction. */
static bool is_relative(uint8_t modrm)
{
	return (modrm & 0xc7) == 5;
}

/* lock cmpxchg or lock xadd of a word of 4 bytes or more */
static bool is_locked_exchange(const uint8_t *at, size_t left)
{
	size_t rex = left >= 5 && at[1] >> 4 == 4;

	return left >= 4 + rex && at[0] == 0xf0 && at[1 + rex] == 0x0f &&
	       (at[2 + rex] == 0xb1 || at[2 + rex] == 0xc1);
}

/* Through a register or what one points to; not the jump of a switch. */
static bool is_indirect(const uint8_t *at, size_t left)
{
	unsigned how = left >= 2 ? at[1] >> 3 & 7 : 0;
	bool table = left >= 2 && (at[1] >> 6 == 3 || at[1] == 0x24);

	return at[0] == 0xff && (how == 2 || (how == 4 && !table));
}

bool ct_code_next_reference(
	const uint8_t *code, size_t len, uint64_t addr, size_t *cur, struct ct_code_reference *ret)
{
	while (*cur < len) {
		const uint8_t *at = code + *cur;
		size_t left = len - *cur;
		uint64_t here = addr + *cur;

		++*cur;
		*ret = (struct ct_code_reference){0};
		if (left >= 5 && (at[0] == 0xe8 || at[0] == 0xe9))
			ret->target = relative(at + 1, here + 5);
		else if (left >= 6 && at[0] == 0xff && (at[1] == 0x15 || at[1] == 0x25))
			ret->slot = relative(at + 2, here + 6);
		else if (left >= 6 && at[0] == 0x0f && at[1] >> 4 == 8)
			ret->target = relative(at + 2, here + 6);
		else if (is_atomic(at, left, *cur == 1))
			*ret = (struct ct_code_reference){
				.atomic = true, .exchanges = is_locked_exchange(at, left)};
		else if (is_indirect(at, left))
			ret->indirect = true;
		else
			continue;
		return true;
	}
	return false;
}

/* Atomic instructions with and without a lock prefix: of 2.31 the prefix may be jumped over. */
static const struct {
	uint8_t opcode[2], n, immediate;
	int8_t reg; /* in the byte behind; -1: any */
} changes[] = {
	{{0x0f, 0xb1}, 2, 0, -1}, /* cmpxchg */
	{{0x0f, 0xc1}, 2, 0, -1}, /* xadd */
	{{0x87}, 1, 0, -1},       /* xchg */
	{{0xff}, 1, 0, 1},        /* dec */
	{{0x83}, 1, 1, 5},        /* sub, and with a small number */
	{{0x83}, 1, 1, 4},
};

bool ct_code_next_change(
	const uint8_t *code, size_t len, uint64_t addr, size_t *cur, uint64_t *object)
{
	while (*cur < len) {
		const uint8_t *at = code + *cur;
		size_t left = len - *cur;
		uint64_t here = addr + *cur;

		++*cur;
		for (size_t i = 0; i < CT_COUNT(changes); i++) {
			size_t n = changes[i].n, size = n + 1 + sizeof(int32_t);

			if (left < size || memcmp(at, changes[i].opcode, n) != 0 ||
				!is_relative(at[n]) ||
				(changes[i].reg >= 0 && (at[n] >> 3 & 7) != changes[i].reg))
				continue;
			*object = relative(at + n + 1, here + size + changes[i].immediate);
			return true;
		}
	}
	return false;
}

bool ct_code_may_return(struct ct_evaluator *ev, uint64_t start, uint64_t end)
{
	uint64_t pc = start;

	for (unsigned i = 0; i < MAX_SWEEP && pc < end; i++) {
		const struct instruction *in = ct_decode_at(ev, pc);

		if (!in || !in->id || in->id == X86_INS_RET)
			return true;
		bool jumps = in->id == X86_INS_JMP || in->cc >= 0;
		bool direct = in->n == 1 && in->op[0].type == OPERAND_IMM;
		uint64_t target = direct ? (uint64_t)in->op[0].number : 0;
		if (jumps && in->n == 1 && (!direct || target - start >= end - start))
			return true;
		pc = in->next;
	}
	return pc < end;
}
