/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/arguments.h"

#define WORD 8u

/*
 * The first byte says at which offset those begin that are not saved at once; behind it are sets of
 * those that have been, one bit each, and the column says which set holds at pc: -1 is that of all.
 * Of code that has not come to its first call the column says nothing: it is -1 before it begins.
 */
static bool is_saved(const struct ct_go *go, const struct ct_go_function *function,
	const struct ct_unwound_frame *frame, unsigned index)
{
	uint64_t info = ct_go_funcdata(go->target, function, CT_GO_ARGUMENTS_SAVED);
	uint8_t first, bits;
	int32_t set;

	if (ct_read(go->target, info, &first, sizeof(first)) || first % WORD ||
		!ct_go_pc_value(function, CT_GO_ARGUMENT_INDEX, frame->pc - frame->is_call, &set))
		return false;
	if (set < 0 || index < first / WORD)
		return frame->is_call;
	unsigned bit = index - first / WORD;
	return set > 0 &&
	       !ct_read(go->target, info + (uint32_t)set + bit / 8, &bits, sizeof(bits)) &&
	       bits >> bit % 8 & 1;
}

bool ct_go_argument(
	const struct ct_go *go, const struct ct_unwound_frame *frame, unsigned index, uint64_t *ret)
{
	struct ct_go_function function;

	if (ct_target_arch(go->target) != &ct_arch_x86_64 || frame->trust == CT_FRAME_FP ||
		frame->trust == CT_FRAME_SCAN ||
		!ct_go_function_at(&go->tables, frame->pc - frame->is_call, &function))
		return false;
	if (ct_go_since(go, 17) && !is_saved(go, &function, frame, index))
		return false;
	return !ct_read_u64(go->target, frame->cfa + (uint64_t)WORD * index, ret);
}
