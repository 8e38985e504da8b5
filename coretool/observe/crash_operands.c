/* SPDX-License-Identifier: Apache-2.0 */
/* The memory operands of the instruction that faulted: their addresses, what is there, and through
 * which pointer they go. */
#include "observe/crash.h"

#include "decode/instruction.h"

static void read_value(struct ct_crash_scene *s, struct ct_crash_operand *op)
{
	op->has_value = op->has_address && op->size && op->size <= sizeof(op->value) &&
			!ct_read(s->target, op->address, &op->value, op->size);
	if (!op->has_value)
		op->value = 0;
}

static void use(struct ct_crash_scene *s, uint8_t reg)
{
	if (reg != CT_NO_REG)
		s->used |= UINT64_C(1) << reg;
}

void ct_crash_operands(struct ct_crash_scene *s)
{
	struct ct_arena *arena = ct_sink_arena(s->o->sink);

	for (unsigned i = 0; s->decoded && i < s->insn.n_operands; i++) {
		const struct ct_operand *op = &s->insn.operands[i];
		struct ct_crash_operand *ret = &s->operands[s->crash.n_operands++];

		*ret = (struct ct_crash_operand){.text = ct_operand_text(arena, op),
			.size = op->size,
			.read = op->read,
			.write = op->write};
		ret->has_address = !ct_operand_address(&s->insn, op, &s->regs, &ret->address);
		read_value(s, ret);
		use(s, op->base);
		use(s, op->index);
	}
	if (s->decoded && s->insn.reg != CT_NO_REG && s->insn.kind != CT_INSN_OTHER)
		use(s, s->insn.reg);
}

/* How many bytes from its address on an operand may touch. */
static uint64_t extent_of(const struct ct_crash_scene *s, const struct ct_operand *op)
{
	uint64_t size = op->size ? op->size : CT_CRASH_PAGE, count = 1;

	if (op->repeated)
		count = CT_MIN(ct_reg(&s->regs, CT_REG_COUNT), UINT64_C(1) << 47);
	return CT_MAX(count, 1) * size;
}

const struct ct_operand *ct_crash_operand_at(struct ct_crash_scene *s, uint64_t addr)
{
	for (uint32_t i = 0; i < s->crash.n_operands; i++) {
		const struct ct_operand *op = &s->insn.operands[i];

		if (!s->operands[i].has_address || (!op->read && !op->write) ||
			addr - s->operands[i].address >= extent_of(s, op))
			continue;
		s->operands[i].faulted = true;
		return op;
	}
	return NULL;
}

bool ct_crash_pointer_of(
	struct ct_crash_scene *s, const struct ct_operand *op, uint64_t *ret, unsigned *reg)
{
	*reg = op->base != CT_NO_REG ? op->base : op->index;
	if (*reg == CT_NO_REG || *reg == s->arch->pc || op->segment != CT_NO_REG)
		return false;
	*ret = ct_reg(&s->regs, *reg);
	return true;
}
