/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions by capstone, in the form in which the evaluator wants them, each decoded once. */
#include "decode/evaluate_internal.h"

#define MAX_LENGTH       15         /* of an instruction */
#define MAX_INSTRUCTIONS (1u << 18) /* that are kept */
#define COST             4          /* of one, in steps */

struct register_row {
	uint8_t reg, size;
	bool high;
};

#define FAMILY(full, r64, r32, r16, r8)                                                            \
	[X86_REG_##r64] = {full, 8, false}, [X86_REG_##r32] = {full, 4, false},                    \
	[X86_REG_##r16] = {full, 2, false}, [X86_REG_##r8] = {full, 1, false}
#define NUMBERED(full) FAMILY(full, full, full##D, full##W, full##B)

static const struct register_row registers[X86_REG_ENDING] = {
	FAMILY(RAX, RAX, EAX, AX, AL),
	FAMILY(RDX, RDX, EDX, DX, DL),
	FAMILY(RCX, RCX, ECX, CX, CL),
	FAMILY(RBX, RBX, EBX, BX, BL),
	FAMILY(RSI, RSI, ESI, SI, SIL),
	FAMILY(RDI, RDI, EDI, DI, DIL),
	FAMILY(RBP, RBP, EBP, BP, BPL),
	FAMILY(RSP, RSP, ESP, SP, SPL),
	NUMBERED(R8),
	NUMBERED(R9),
	NUMBERED(R10),
	NUMBERED(R11),
	NUMBERED(R12),
	NUMBERED(R13),
	NUMBERED(R14),
	NUMBERED(R15),
	[X86_REG_AH] = {RAX, 1, true},
	[X86_REG_BH] = {RBX, 1, true},
	[X86_REG_CH] = {RCX, 1, true},
	[X86_REG_DH] = {RDX, 1, true},
};

static uint8_t full_register(unsigned reg)
{
	return reg < X86_REG_ENDING && registers[reg].size ? registers[reg].reg : NO_REG;
}

static void decode_register(unsigned reg, struct operand *ret)
{
	if (reg < X86_REG_ENDING && registers[reg].size) {
		const struct register_row *row = &registers[reg];

		ret->type = row->high ? OPERAND_HIGH : OPERAND_REG;
		ret->reg = row->reg;
		ret->size = row->size;
	} else if (reg >= X86_REG_XMM0 && reg < X86_REG_XMM0 + N_VEC) {
		*ret = (struct operand){
			.type = OPERAND_VEC, .reg = (uint8_t)(reg - X86_REG_XMM0), .size = 16};
	} else if (reg >= X86_REG_YMM0 && reg < X86_REG_YMM0 + N_VEC) {
		*ret = (struct operand){
			.type = OPERAND_VEC, .reg = (uint8_t)(reg - X86_REG_YMM0), .size = 32};
	}
}

static uint8_t segment_of(unsigned reg)
{
	if (reg == X86_REG_FS)
		return SEGMENT_THREAD;
	return reg == X86_REG_GS ? SEGMENT_OTHER : SEGMENT_NONE;
}

static void decode_memory(const cs_x86_op *op, uint64_t next, struct operand *ret)
{
	*ret = (struct operand){.type = OPERAND_MEM,
		.size = op->size,
		.base = full_register(op->mem.base),
		.index = full_register(op->mem.index),
		.scale = (uint8_t)op->mem.scale,
		.segment = segment_of(op->mem.segment),
		.number = op->mem.disp};
	if (op->mem.base == X86_REG_RIP)
		ret->number += (int64_t)next;
}

static void decode_operand(const cs_x86_op *op, uint64_t next, struct operand *ret)
{
	switch (op->type) {
	case X86_OP_REG:
		decode_register(op->reg, ret);
		break;
	case X86_OP_IMM:
		*ret = (struct operand){.type = OPERAND_IMM, .size = op->size, .number = op->imm};
		break;
	case X86_OP_MEM:
		decode_memory(op, next, ret);
		break;
	default:
		break;
	}
}

static uint32_t written_registers(struct ct_evaluator *ev)
{
	cs_regs reads, writes;
	uint8_t n_reads, n_writes;
	uint32_t mask = 0;

	if (cs_regs_access(ev->capstone, ev->insn, reads, &n_reads, writes, &n_writes))
		return 0;
	for (uint8_t i = 0; i < n_writes; i++)
		if (full_register(writes[i]) != NO_REG)
			mask |= 1u << full_register(writes[i]);
	return mask;
}

static bool is_loop(unsigned id)
{
	return id == X86_INS_LOOP || id == X86_INS_LOOPE || id == X86_INS_LOOPNE ||
	       id == X86_INS_JRCXZ || id == X86_INS_JECXZ;
}

static bool decode(struct ct_evaluator *ev, uint64_t pc, struct instruction *ret)
{
	uint8_t bytes[MAX_LENGTH];
	const uint8_t *at = bytes;
	size_t len = sizeof(bytes);
	uint64_t addr = pc;

	while (len && ev->view.read(ev->view.arg, pc, bytes, len))
		len--;
	if (!len)
		return false;
	*ret = (struct instruction){.pc = pc, .cc = -1};
	if (!cs_disasm_iter(ev->capstone, &at, &len, &addr, ev->insn))
		return true;
	const cs_x86 *x86 = &ev->insn->detail->x86;
	ret->id = (uint16_t)ev->insn->id;
	ret->next = addr;
	ret->lock = x86->prefix[0] == X86_PREFIX_LOCK;
	ret->rep = x86->prefix[0] == X86_PREFIX_REP || x86->prefix[0] == X86_PREFIX_REPNE;
	ret->n = CT_MIN(x86->op_count, 3);
	for (uint8_t i = 0; i < ret->n; i++)
		decode_operand(&x86->operands[i], addr, &ret->op[i]);
	ret->writes = written_registers(ev);
	ret->cc = (int8_t)ct_condition_of(ret->id);
	ret->diverts = cs_insn_group(ev->capstone, ev->insn, X86_GRP_JUMP) ||
		       cs_insn_group(ev->capstone, ev->insn, X86_GRP_CALL) || is_loop(ret->id);
	return true;
}

const struct instruction *ct_decode_at(struct ct_evaluator *ev, uint64_t pc)
{
	uint64_t hash = ct_hash_u64(pc);
	struct ct_hash_it it = ct_hash_find(&ev->by_pc, hash);
	struct instruction made;
	uint32_t i;

	while (ct_hash_next(&ev->by_pc, &it, &i))
		if (ev->instructions.items[i].pc == pc)
			return &ev->instructions.items[i];
	if (ev->instructions.n >= MAX_INSTRUCTIONS || !decode(ev, pc, &made))
		return NULL;
	ev->all_steps += COST;
	struct instruction *slot = ct_vec_push(&ev->instructions);
	if (!slot || !ct_hash_insert(&ev->by_pc, hash, ev->instructions.n - 1)) {
		ev->failed = true;
		return NULL;
	}
	*slot = made;
	return slot;
}
