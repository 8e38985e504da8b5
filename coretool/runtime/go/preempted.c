/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/preempted.h"

#define WORD 8u

/* The general registers from the top of the stack on, but for those of stack and frame. */
static const uint8_t saved[] = {0, 2, 1, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};
#define FRAME_REG 6

static bool is_in(const struct ct_go *go, uint64_t pc, const char *name, uint64_t *entry)
{
	struct ct_go_function function;

	if (!ct_go_function_at(&go->tables, pc, &function) ||
		strcmp(ct_go_function_name(&function), name) != 0)
		return false;
	*entry = function.entry;
	return true;
}

/*
 * How much it takes of the stack below the frame pointer and the flags. It begins with push %rbp;
 * mov %rsp,%rbp; pushf; sub $…,%rsp; mov %rax,(%rsp). 0: it does not.
 */
static uint32_t size_of_frame(const struct ct_go *go, uint64_t entry)
{
	static const uint8_t begin[] = {0x55, 0x48, 0x89, 0xe5, 0x9c, 0x48},
			     store[] = {0x48, 0x89, 0x04, 0x24};
	uint8_t code[16];
	uint32_t size = 0;

	if (ct_read(go->target, entry, code, sizeof(code)) || memcmp(code, begin, sizeof(begin)) ||
		code[7] != 0xec)
		return 0;
	if (code[6] == 0x83 && !memcmp(code + 9, store, sizeof(store)))
		size = code[8];
	else if (code[6] == 0x81 && !memcmp(code + 12, store, sizeof(store)))
		memcpy(&size, code + 8, sizeof(size));
	return size >= sizeof(saved) * WORD && size < 4096 ? size : 0;
}

static bool on_stack(const struct ct_go_g *g, uint64_t at, uint64_t below)
{
	return at % WORD == 0 && at >= g->stack_low && at - g->stack_low >= below &&
	       at < g->stack_high && g->stack_high - at >= 2 * WORD;
}

enum ct_status ct_go_preempted(const struct ct_go *go, const struct ct_go_g *g, struct ct_regs *ret)
{
	const struct ct_arch *arch = ct_target_arch(go->target);
	uint64_t entry, frame[2], outer[2], values[CT_COUNT(saved)];

	if (arch != &ct_arch_x86_64 || !is_in(go, g->pc, "runtime.asyncPreempt2", &entry))
		return CT_NOT_FOUND;
	/* Its caller's frame pointer, and where it returns to. */
	if (!on_stack(g, g->fp, 0) || ct_read(go->target, g->fp, frame, sizeof(frame)) ||
		!is_in(go, frame[1], "runtime.asyncPreempt", &entry))
		return CT_FAULT;
	uint32_t size = size_of_frame(go, entry);
	if (!size || !on_stack(g, frame[0], WORD + size) ||
		ct_read(go->target, frame[0], outer, sizeof(outer)) ||
		ct_read(go->target, frame[0] - WORD - size, values, sizeof(values)))
		return CT_FAULT;
	*ret = (struct ct_regs){0};
	for (size_t i = 0; i < CT_COUNT(saved); i++)
		ct_reg_set(ret, saved[i], values[i]);
	ct_reg_set(ret, FRAME_REG, outer[0]);
	ct_reg_set(ret, arch->pc, outer[1]);
	ct_reg_set(ret, arch->sp, frame[0] + 2 * WORD);
	return CT_OK;
}
