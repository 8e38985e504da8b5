/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CFA programs of a CIE and an FDE (DWARF 5, 6.4.2) run up to one address. Whatever a table
 * holds, this takes the memory of a few saved states and time in proportion to the table's entry.
 */
#include <dwarf.h>

#include "target/cfi.h"

#define MAX_STATES 8 /* of DW_CFA_remember_state; compilers nest one or two */

struct state {
	struct ct_cfi_rule cfa; /* without its offset */
	int32_t cfa_offset;
	struct ct_cfi_rule rules[CT_MAX_REGS];
};

struct program {
	const struct ct_frame_section *section;
	const struct ct_arch *arch;
	const struct ct_cie *cie;
	uint64_t loc, addr; /* where the program is, and the address that is asked for */
	struct state now, initial;
	struct state saved[MAX_STATES];
	unsigned n_saved;
};

/* DWARF's number as the machine's index; CT_MAX_REGS: a register that we do not follow. */
static unsigned machine_reg(const struct ct_arch *arch, uint64_t dwarf)
{
	unsigned reg = dwarf < arch->n_dwarf ? arch->dwarf_to_reg[dwarf] : CT_MAX_REGS;

	return reg < arch->n_regs ? reg : CT_MAX_REGS;
}

/* Reads the number of a register and gives the place of its rule; one that we do not follow: scrap.
 */
static struct ct_cfi_rule *read_rule(
	struct program *p, struct ct_bytes *b, struct ct_cfi_rule *scrap)
{
	unsigned reg = machine_reg(p->arch, ct_bytes_uleb(b));

	return reg < CT_MAX_REGS ? &p->now.rules[reg] : scrap;
}

static bool set_offset(
	struct ct_cfi_rule *rule, enum ct_cfi_how how, int64_t offset, int64_t factor)
{
	int64_t value;

	if (!ct_mul(offset, factor, &value) || value != (int32_t)value)
		return false;
	rule->how = (uint8_t)how;
	rule->offset = (int32_t)value;
	return true;
}

/* A block: its length and the bytes of an expression. */
static bool set_expression(
	struct program *p, struct ct_bytes *b, struct ct_cfi_rule *rule, enum ct_cfi_how how)
{
	uint64_t len = ct_bytes_uleb(b);
	const uint8_t *bytes = ct_bytes_take(b, len);

	if (!bytes || len > UINT16_MAX || bytes - p->section->data > INT32_MAX)
		return false;
	rule->how = (uint8_t)how;
	rule->len = (uint16_t)len;
	rule->offset = (int32_t)(bytes - p->section->data);
	return true;
}

static bool set_register(struct program *p, struct ct_bytes *b, struct ct_cfi_rule *rule)
{
	unsigned from = machine_reg(p->arch, ct_bytes_uleb(b));

	/* What a register that we do not follow holds is not known. */
	rule->how = from < CT_MAX_REGS ? CT_CFI_REGISTER : CT_CFI_UNDEFINED;
	rule->offset = (int32_t)from;
	return true;
}

static bool set_cfa_register(struct program *p, struct ct_bytes *b)
{
	unsigned reg = machine_reg(p->arch, ct_bytes_uleb(b));

	p->now.cfa.how = CT_CFI_REGISTER;
	p->now.cfa.reg = (uint8_t)reg;
	return reg < CT_MAX_REGS;
}

/* A number without a sign, that must not become negative when we take it with one. */
static int64_t read_offset(struct ct_bytes *b)
{
	uint64_t value = ct_bytes_uleb(b);

	b->failed |= value > INT64_MAX;
	return (int64_t)value;
}

static bool push_state(struct program *p)
{
	if (p->n_saved == MAX_STATES)
		return false;
	p->saved[p->n_saved++] = p->now;
	return true;
}

static bool pop_state(struct program *p)
{
	if (!p->n_saved)
		return false;
	p->now = p->saved[--p->n_saved];
	return true;
}

static bool restore(struct program *p, uint64_t dwarf)
{
	unsigned reg = machine_reg(p->arch, dwarf);

	if (reg < CT_MAX_REGS)
		p->now.rules[reg] = p->initial.rules[reg];
	return true;
}

/* The operations whose operand is in the opcode's low six bits. */
static bool run_packed(struct program *p, uint8_t op, struct ct_bytes *b)
{
	uint8_t operand = op & 0x3f;
	struct ct_cfi_rule scrap;

	switch (op & 0xc0) {
	case DW_CFA_advance_loc:
		p->loc += operand * p->cie->code_factor;
		return true;
	case DW_CFA_offset: {
		unsigned reg = machine_reg(p->arch, operand);

		return set_offset(reg < CT_MAX_REGS ? &p->now.rules[reg] : &scrap, CT_CFI_AT_CFA,
			read_offset(b), p->cie->data_factor);
	}
	default:
		return restore(p, operand);
	}
}

static bool set_cfa_offset(struct program *p, int64_t offset, int64_t factor)
{
	struct ct_cfi_rule rule = {0};
	bool fits = set_offset(&rule, CT_CFI_REGISTER, offset, factor);

	p->now.cfa_offset = rule.offset;
	return fits;
}

/*
 * The operations on the CFA itself. DWARF forbids to change a register or an offset after an
 * expression, but assembly of libgcrypt and OpenSSL does: the C++ runtime, which it was written
 * for, then goes on with the last offset.
 */
static bool run_cfa(struct program *p, uint8_t op, struct ct_bytes *b)
{
	int64_t factor = p->cie->data_factor;

	switch (op) {
	case DW_CFA_def_cfa:
		return set_cfa_register(p, b) && set_cfa_offset(p, read_offset(b), 1);
	case DW_CFA_def_cfa_sf:
		return set_cfa_register(p, b) && set_cfa_offset(p, ct_bytes_sleb(b), factor);
	case DW_CFA_def_cfa_register:
		return p->now.cfa.how != CT_CFI_UNSET && set_cfa_register(p, b);
	case DW_CFA_def_cfa_offset:
		return set_cfa_offset(p, read_offset(b), 1);
	case DW_CFA_def_cfa_offset_sf:
		return set_cfa_offset(p, ct_bytes_sleb(b), factor);
	default:
		return set_expression(p, b, &p->now.cfa, CT_CFI_VAL_EXPR);
	}
}

/* The operations that name a register and say how it is found. */
static bool run_rule(struct program *p, uint8_t op, struct ct_bytes *b)
{
	int64_t factor = p->cie->data_factor;
	struct ct_cfi_rule scrap;
	struct ct_cfi_rule *rule = read_rule(p, b, &scrap);

	switch (op) {
	case DW_CFA_undefined:
		rule->how = CT_CFI_UNDEFINED;
		return true;
	case DW_CFA_same_value:
		rule->how = CT_CFI_SAME;
		return true;
	case DW_CFA_offset_extended:
		return set_offset(rule, CT_CFI_AT_CFA, read_offset(b), factor);
	case DW_CFA_offset_extended_sf:
		return set_offset(rule, CT_CFI_AT_CFA, ct_bytes_sleb(b), factor);
	case DW_CFA_GNU_negative_offset_extended:
		return set_offset(rule, CT_CFI_AT_CFA, -read_offset(b), factor);
	case DW_CFA_val_offset:
		return set_offset(rule, CT_CFI_VAL_OFFSET, read_offset(b), factor);
	case DW_CFA_val_offset_sf:
		return set_offset(rule, CT_CFI_VAL_OFFSET, ct_bytes_sleb(b), factor);
	case DW_CFA_register:
		return set_register(p, b, rule);
	case DW_CFA_expression:
		return set_expression(p, b, rule, CT_CFI_AT_EXPR);
	default:
		return set_expression(p, b, rule, CT_CFI_VAL_EXPR);
	}
}

static bool run_one(struct program *p, uint8_t op, struct ct_bytes *b)
{
	if (op & 0xc0)
		return run_packed(p, op, b);
	switch (op) {
	case DW_CFA_nop:
		return true;
	case DW_CFA_set_loc:
		p->loc = ct_bytes_encoded(b, p->cie->encoding,
			p->section->addr + (uint64_t)(b->at - p->section->data), 0);
		return true;
	case DW_CFA_advance_loc1:
		p->loc += ct_bytes_fixed(b, 1) * p->cie->code_factor;
		return true;
	case DW_CFA_advance_loc2:
		p->loc += ct_bytes_fixed(b, 2) * p->cie->code_factor;
		return true;
	case DW_CFA_advance_loc4:
		p->loc += ct_bytes_fixed(b, 4) * p->cie->code_factor;
		return true;
	case DW_CFA_remember_state:
		return push_state(p);
	case DW_CFA_restore_state:
		return pop_state(p);
	case DW_CFA_restore_extended:
		return restore(p, ct_bytes_uleb(b));
	case DW_CFA_GNU_args_size: /* for who lands in the frame; we only pass through */
		(void)ct_bytes_uleb(b);
		return true;
	case DW_CFA_GNU_window_save:
		/* aarch64: from here on the return address is signed. We strip it in any case. */
		return p->arch->link_register;
	case DW_CFA_def_cfa:
	case DW_CFA_def_cfa_sf:
	case DW_CFA_def_cfa_register:
	case DW_CFA_def_cfa_offset:
	case DW_CFA_def_cfa_offset_sf:
	case DW_CFA_def_cfa_expression:
		return run_cfa(p, op, b);
	case DW_CFA_undefined:
	case DW_CFA_same_value:
	case DW_CFA_offset_extended:
	case DW_CFA_offset_extended_sf:
	case DW_CFA_GNU_negative_offset_extended:
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
	case DW_CFA_register:
	case DW_CFA_expression:
	case DW_CFA_val_expression:
		return run_rule(p, op, b);
	default:
		return false;
	}
}

/* Until the program's end or until it speaks of addresses behind ours. */
static bool run(struct program *p, struct ct_bytes b)
{
	while (b.at < b.end && p->loc <= p->addr)
		if (!run_one(p, ct_bytes_u8(&b), &b) || b.failed)
			return false;
	return true;
}

/* Of what has no rule, the ABI says whether the caller still has it. */
static void write_row(const struct program *p, struct ct_cfi_row *row)
{
	const struct ct_arch *arch = p->arch;

	row->table = p->section->data;
	row->cfa = p->now.cfa;
	if (row->cfa.how == CT_CFI_REGISTER)
		row->cfa.offset = p->now.cfa_offset;
	row->signal = p->cie->signal;
	row->root = p->now.rules[row->ret].how == CT_CFI_UNDEFINED;
	for (unsigned reg = 0; reg < arch->n_regs; reg++) {
		struct ct_cfi_rule rule = p->now.rules[reg];

		if (rule.how == CT_CFI_UNSET && reg == arch->sp)
			rule = (struct ct_cfi_rule){.how = CT_CFI_VAL_OFFSET};
		if (rule.how == CT_CFI_SAME ||
			(rule.how == CT_CFI_UNSET && (arch->preserved >> reg & 1))) {
			row->keep |= UINT64_C(1) << reg;
		} else if (rule.how > CT_CFI_SAME) {
			rule.reg = (uint8_t)reg;
			row->rules[row->n_rules++] = rule;
		}
	}
}

enum ct_status ct_cfi_compile(struct ct_frame_table *table, const struct ct_arch *arch,
	uint64_t addr, uint64_t *work, struct ct_cfi_row *ret)
{
	struct ct_cie cie;
	struct ct_fde fde;
	enum ct_status status = ct_frame_table_find(table, addr, &cie, &fde);

	if (status)
		return status;
	*work += ct_bytes_left(&cie.program) + ct_bytes_left(&fde.program);
	unsigned column = machine_reg(arch, cie.return_column);
	struct program p = {.section = &table->section, .arch = arch, .cie = &cie};

	if (column == CT_MAX_REGS || !run(&p, cie.program))
		return CT_BAD_INPUT;
	p.initial = p.now;
	p.loc = fde.start;
	p.addr = addr;
	if (!run(&p, fde.program) || p.now.cfa.how == CT_CFI_UNSET)
		return CT_BAD_INPUT;
	*ret = (struct ct_cfi_row){.ret = (uint8_t)column};
	write_row(&p, ret);
	return CT_OK;
}
