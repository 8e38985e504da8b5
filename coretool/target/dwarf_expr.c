/* SPDX-License-Identifier: Apache-2.0 */
#include "target/dwarf_expr.h"

#include <dwarf.h>

#include "target/dwarf_bytes.h"

#define MAX_DEPTH 64  /* numbers on the stack */
#define MAX_STEPS 256 /* operations: branches back are allowed, so the length is no bound */

struct machine {
	const struct ct_expr_input *in;
	const uint8_t *code;
	struct ct_bytes b;
	uint64_t stack[MAX_DEPTH];
	unsigned n;
	enum ct_status status; /* the first failure */
};

static void fail(struct machine *m, enum ct_status status)
{
	if (!m->status)
		m->status = status;
}

static void push(struct machine *m, uint64_t value)
{
	if (m->n == MAX_DEPTH)
		fail(m, CT_BAD_INPUT);
	else
		m->stack[m->n++] = value;
}

static uint64_t pop(struct machine *m)
{
	if (m->n)
		return m->stack[--m->n];
	fail(m, CT_BAD_INPUT);
	return 0;
}

/* Pushes a copy of the entry below the top ones. */
static void pick(struct machine *m, unsigned below)
{
	if (below < m->n)
		push(m, m->stack[m->n - 1 - below]);
	else
		fail(m, CT_BAD_INPUT);
}

static void rotate(struct machine *m)
{
	uint64_t a = pop(m), b = pop(m), c = pop(m);

	push(m, a);
	push(m, c);
	push(m, b);
}

static void push_register(struct machine *m, uint64_t dwarf, int64_t offset)
{
	const struct ct_arch *arch = m->in->arch;
	unsigned reg = dwarf < arch->n_dwarf ? arch->dwarf_to_reg[dwarf] : CT_MAX_REGS;

	if (reg >= arch->n_regs)
		fail(m, CT_BAD_INPUT);
	else if (!(m->in->regs->known >> reg & 1))
		fail(m, CT_FAULT);
	else
		push(m, ct_reg(m->in->regs, reg) + (uint64_t)offset);
}

static void dereference(struct machine *m, unsigned size)
{
	uint64_t addr = pop(m), value = 0;

	if (size == sizeof(value)) {
		if (!m->status && ct_stack_word(m->in->stack, addr, &value))
			fail(m, CT_FAULT);
	} else if (!size || size > sizeof(value)) {
		fail(m, CT_BAD_INPUT);
	} else if (!m->status && ct_read(m->in->stack->target, addr, &value, size)) {
		fail(m, CT_FAULT);
	}
	push(m, value);
}

static void jump(struct machine *m, bool taken)
{
	int64_t by = (int64_t)ct_sign_extend(ct_bytes_fixed(&m->b, 2), 2);

	if (!taken)
		return;
	if (by < m->code - m->b.at || by > m->b.end - m->b.at)
		fail(m, CT_BAD_INPUT);
	else
		m->b.at += by;
}

static uint64_t shift(uint8_t op, uint64_t value, uint64_t by)
{
	bool negative = (int64_t)value < 0;

	if (by > 63)
		return op == DW_OP_shra && negative ? UINT64_MAX : 0;
	switch (op) {
	case DW_OP_shl:
		return value << by;
	case DW_OP_shr:
		return value >> by;
	default:
		return (uint64_t)((int64_t)value >> by);
	}
}

/* DW_OP_div is signed, DW_OP_mod is not. */
static uint64_t divide(struct machine *m, uint8_t op, uint64_t a, uint64_t b)
{
	if (!b) {
		fail(m, CT_BAD_INPUT);
		return 0;
	}
	if (op == DW_OP_mod)
		return a % b;
	/* The one quotient that does not fit wraps. */
	return (int64_t)b == -1 ? -a : (uint64_t)((int64_t)a / (int64_t)b);
}

static void binary(struct machine *m, uint8_t op)
{
	uint64_t b = pop(m), a = pop(m);
	int64_t sa = (int64_t)a, sb = (int64_t)b;

	switch (op) {
	case DW_OP_and:
		return push(m, a & b);
	case DW_OP_or:
		return push(m, a | b);
	case DW_OP_xor:
		return push(m, a ^ b);
	case DW_OP_plus:
		return push(m, a + b);
	case DW_OP_minus:
		return push(m, a - b);
	case DW_OP_mul:
		return push(m, a * b);
	case DW_OP_div:
	case DW_OP_mod:
		return push(m, divide(m, op, a, b));
	case DW_OP_eq:
		return push(m, a == b);
	case DW_OP_ne:
		return push(m, a != b);
	case DW_OP_ge:
		return push(m, sa >= sb);
	case DW_OP_gt:
		return push(m, sa > sb);
	case DW_OP_le:
		return push(m, sa <= sb);
	case DW_OP_lt:
		return push(m, sa < sb);
	default:
		return push(m, shift(op, a, b));
	}
}

/* Operations that push a number which stands in the code. False: another kind. */
static bool run_constant(struct machine *m, uint8_t op)
{
	switch (op) {
	case DW_OP_addr:
		push(m, ct_bytes_fixed(&m->b, 8) + m->in->bias);
		return true;
	case DW_OP_const1u:
		push(m, ct_bytes_fixed(&m->b, 1));
		return true;
	case DW_OP_const1s:
		push(m, ct_sign_extend(ct_bytes_fixed(&m->b, 1), 1));
		return true;
	case DW_OP_const2u:
		push(m, ct_bytes_fixed(&m->b, 2));
		return true;
	case DW_OP_const2s:
		push(m, ct_sign_extend(ct_bytes_fixed(&m->b, 2), 2));
		return true;
	case DW_OP_const4u:
		push(m, ct_bytes_fixed(&m->b, 4));
		return true;
	case DW_OP_const4s:
		push(m, ct_sign_extend(ct_bytes_fixed(&m->b, 4), 4));
		return true;
	case DW_OP_const8u:
	case DW_OP_const8s:
		push(m, ct_bytes_fixed(&m->b, 8));
		return true;
	case DW_OP_constu:
		push(m, ct_bytes_uleb(&m->b));
		return true;
	case DW_OP_consts:
		push(m, (uint64_t)ct_bytes_sleb(&m->b));
		return true;
	default:
		if (op < DW_OP_lit0 || op > DW_OP_lit31)
			return false;
		push(m, op - DW_OP_lit0);
		return true;
	}
}

/* Operations that move what is on the stack. False: another kind. */
static bool run_stack(struct machine *m, uint8_t op)
{
	switch (op) {
	case DW_OP_dup:
		pick(m, 0);
		return true;
	case DW_OP_over:
		pick(m, 1);
		return true;
	case DW_OP_pick:
		pick(m, ct_bytes_u8(&m->b));
		return true;
	case DW_OP_drop:
		(void)pop(m);
		return true;
	case DW_OP_swap: {
		uint64_t a = pop(m), b = pop(m);

		push(m, a);
		push(m, b);
		return true;
	}
	case DW_OP_rot:
		rotate(m);
		return true;
	default:
		return false;
	}
}

static void run_one(struct machine *m, uint8_t op)
{
	if (run_constant(m, op) || run_stack(m, op))
		return;
	if (op >= DW_OP_breg0 && op <= DW_OP_breg31)
		return push_register(m, op - DW_OP_breg0, ct_bytes_sleb(&m->b));
	switch (op) {
	case DW_OP_nop:
		return;
	case DW_OP_bregx: {
		uint64_t reg = ct_bytes_uleb(&m->b);

		return push_register(m, reg, ct_bytes_sleb(&m->b));
	}
	case DW_OP_deref:
		return dereference(m, sizeof(uint64_t));
	case DW_OP_deref_size:
		return dereference(m, ct_bytes_u8(&m->b));
	case DW_OP_plus_uconst:
		return push(m, pop(m) + ct_bytes_uleb(&m->b));
	case DW_OP_abs: {
		uint64_t value = pop(m);

		return push(m, (int64_t)value < 0 ? -value : value);
	}
	case DW_OP_neg:
		return push(m, -pop(m));
	case DW_OP_not:
		return push(m, ~pop(m));
	case DW_OP_skip:
		return jump(m, true);
	case DW_OP_bra:
		return jump(m, pop(m) != 0);
	case DW_OP_and ... DW_OP_mul:
	case DW_OP_or:
	case DW_OP_plus:
	case DW_OP_shl ... DW_OP_xor:
	case DW_OP_eq ... DW_OP_ne:
		return binary(m, op);
	default:
		fail(m, CT_BAD_INPUT);
	}
}

enum ct_status ct_dwarf_expr(const struct ct_expr_input *in, const uint8_t *code, size_t len,
	const uint64_t *cfa, uint64_t *ret)
{
	struct machine m;

	m.in = in;
	m.code = code;
	m.b = ct_bytes_of(code, len);
	m.n = 0;
	m.status = CT_OK;
	if (cfa)
		push(&m, *cfa);
	for (unsigned steps = 0; m.b.at < m.b.end && !m.status; steps++) {
		if (steps == MAX_STEPS)
			return CT_BAD_INPUT;
		run_one(&m, ct_bytes_u8(&m.b));
		if (m.b.failed)
			fail(&m, CT_BAD_INPUT);
	}
	uint64_t value = pop(&m);
	if (!m.status)
		*ret = value;
	return m.status;
}
