/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Machine code of rubbish: each instruction decoded, written out, with the addresses of its
 *operands; then evaluated into the future and into the past, as functions of locks. The input:
 *
 *	2 bytes         pc, and where the past ends: offsets into the code
 *	64 bytes        eight registers
 *	64 bytes        the frame
 *	…               the code
 */
#include "decode/evaluate.h"
#include "decode/instruction.h"

#define CODE       UINT64_C(0x400000)
#define CODE_SIZE  UINT64_C(0x1000)
#define STACK      UINT64_C(0x7ffffffd0000)
#define STACK_SIZE UINT64_C(0x1000)
#define FRAME      (STACK + STACK_SIZE / 2)
#define LOCKS      UINT64_C(0x600000)
#define N_REGS     8
#define MAX_STEPS  2000
#define MAX_PATHS  64

struct input {
	uint8_t code[CODE_SIZE], stack[STACK_SIZE], locks[256];
};

static const struct ct_event_row rows[] = {
	{"take", CT_CALL_ACQUIRES, 0},
	{"try_take", CT_CALL_TRIES, 0},
	{"guard", CT_CALL_GUARDS, 0},
	{"give", CT_CALL_RELEASES, 0},
	{"wake", CT_CALL_SIGNALS, 0},
	{"wait_for", CT_CALL_WAITS, 0},
	{"wait_by", CT_CALL_WAITS_BY, 0},
};

static enum ct_status read_memory(void *arg, uint64_t addr, void *buf, size_t len)
{
	const struct input *input = arg;

	if (addr >= CODE && ct_within(addr - CODE, len, CODE_SIZE))
		memcpy(buf, input->code + (addr - CODE), len);
	else if (addr >= STACK && ct_within(addr - STACK, len, STACK_SIZE))
		memcpy(buf, input->stack + (addr - STACK), len);
	else if (addr >= LOCKS && ct_within(addr - LOCKS, len, sizeof(input->locks)))
		memcpy(buf, input->locks + (addr - LOCKS), len);
	else
		return CT_FAULT;
	return CT_OK;
}

/* Every function is something else, by the low bits of its address. */
static struct ct_callee callee(void *arg, uint64_t target, uint64_t slot, bool is_call)
{
	uint64_t kind = (target ^ slot) & 15;

	(void)arg, (void)is_call;
	if (kind < CT_COUNT(rows))
		return (struct ct_callee){.kind = CT_CALLEE_EVENT,
			.entry = target,
			.row = &rows[kind],
			.opaque = target & 16,
			.ignored = target & 32};
	if (kind == 15)
		return (struct ct_callee){.kind = CT_CALLEE_NO_RETURN};
	if (kind == 14 || slot)
		return (struct ct_callee){.kind = CT_CALLEE_FOREIGN};
	return (struct ct_callee){
		.kind = kind == 13 ? CT_CALLEE_QUIET : CT_CALLEE_ENTER, .entry = target};
}

static bool wanted(void *arg, uint64_t object)
{
	(void)arg;
	return object - LOCKS < sizeof(((struct input *)0)->locks);
}

static void decode_all(const uint8_t *code, size_t n, const struct ct_regs *regs)
{
	struct ct_instruction insn;
	struct ct_arena arena;
	uint64_t addr;

	ct_arena_init(&arena);
	for (size_t at = 0; at < n; at++) {
		if (!ct_instruction_text(&arena, code + at, n - at, CODE + at))
			abort();
		if (ct_decode(code + at, n - at, &insn))
			continue;
		if (!insn.length || insn.length > CT_MAX_INSTRUCTION || insn.length > n - at ||
			insn.n_operands > CT_MAX_OPERANDS)
			abort();
		for (size_t i = 0; i < insn.n_operands; i++) {
			if (!ct_operand_text(&arena, &insn.operands[i]))
				abort();
			(void)!ct_operand_address(&insn, &insn.operands[i], regs, &addr);
		}
	}
	ct_arena_free(&arena);
}

static void look_at_paths(struct ct_evaluator *ev, const struct ct_evaluation *in)
{
	uint32_t n = ct_evaluate_n_paths(ev);
	uint64_t value;

	for (uint32_t path = 0; path < n && path < MAX_PATHS; path++) {
		enum ct_path_end end = ct_path_end(ev, path);
		uint32_t event = ct_path_last_event(ev, path), length = 0;

		for (; event != CT_NONE; event = ct_code_event(ev, event)->prev)
			if (++length > MAX_STEPS)
				abort();
		if (end != CT_PATH_ARRIVES)
			continue;
		bool bound = ct_path_bind(ev, path, &in->regs, FRAME, FRAME + 64);
		for (unsigned i = 0; bound && i < 6; i++)
			(void)ct_path_resolve(ev, ct_path_argument(ev, path, i), &value);
	}
}

static void evaluate(struct input *input, struct ct_evaluation *in)
{
	const struct ct_code_view view = {.arg = input,
		.read = read_memory,
		.callee = callee,
		.wanted = wanted,
		.writable = wanted};
	struct ct_evaluator *ev = ct_evaluator_new(&ct_arch_x86_64, &view);

	if (!ev)
		abort();
	for (int past = 0; past < 2; past++) {
		in->past = past;
		if (ct_evaluate(ev, in))
			abort();
		look_at_paths(ev, in);
	}
	(void)ct_code_may_return(ev, in->pc, in->pc + 64);
	/* Two evaluations with all that callees do, and each instruction decoded once. */
	if (ct_evaluator_steps(ev) > 2 * 8 * MAX_STEPS + 4 * CODE_SIZE + 2 * MAX_STEPS)
		abort();
	ct_evaluator_free(ev);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct input input;
	struct ct_evaluation in = {.dead_low = STACK,
		.dead_high = FRAME,
		.stack_low = STACK,
		.stack_high = STACK + STACK_SIZE,
		.max_steps = MAX_STEPS};
	struct ct_code_reference reference;
	size_t cur = 0, head = 2 + N_REGS * 8 + 64;

	if (size < head)
		return 0;
	memset(&input, 0, sizeof(input));
	in.pc = CODE + data[0];
	in.stop = CODE + data[1];
	in.stop_exact = data[1] & 1;
	for (unsigned i = 0; i < N_REGS; i++) {
		uint64_t value;

		memcpy(&value, data + 2 + 8 * i, sizeof(value));
		ct_reg_set(&in.regs, i, value);
	}
	ct_reg_set(&in.regs, ct_arch_x86_64.sp, FRAME);
	memcpy(input.stack + (FRAME - STACK), data + 2 + 8 * N_REGS, 64);
	size_t n = CT_MIN(size - head, CODE_SIZE);
	memcpy(input.code, data + head, n);
	decode_all(input.code, CT_MIN(n, 512), &in.regs);
	evaluate(&input, &in);
	while (ct_code_next_reference(input.code, n, CODE, &cur, &reference))
		if (cur > n)
			abort();
	return 0;
}
