/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/way_step.h"

#include "decode/operand.h"

enum { REX_B = 1, REX_R = 4, REX_W = 8 };

struct reading {
	uint8_t rex, map, opcode, modrm;
	bool opsize; /* 16 bits */
	bool vector; /* VEX or EVEX: touches no general register that matters */
	const uint8_t *code;
	struct ct_instruction insn;
};

/* By the numbers that instructions use. */
static const uint8_t reg_of_number[] = {0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};

static bool is_prefix(uint8_t byte)
{
	static const uint8_t prefixes[] = {
		0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};

	return memchr(prefixes, byte, sizeof(prefixes)) != NULL;
}

/* The parts of an instruction; it has been decoded, so that it lies within the bytes. */
static void read_parts(struct reading *r)
{
	const uint8_t *at = r->code, *end = r->code + r->insn.length;

	while (at < end && is_prefix(*at))
		r->opsize |= *at++ == 0x66;
	if (at < end && *at >> 4 == 4)
		r->rex = *at++ & 15;
	r->opcode = at < end ? *at++ : 0;
	r->vector = r->opcode == 0xc4 || r->opcode == 0xc5 || r->opcode == 0x62;
	if (r->opcode == 0x0f && at < end) {
		r->map = 1;
		r->opcode = *at++;
	}
	r->modrm = at < end ? *at : 0;
}

static unsigned reg_of(const struct reading *r)
{
	return reg_of_number[(r->modrm >> 3 & 7) | (r->rex & REX_R ? 8 : 0)];
}

static unsigned rm_of(const struct reading *r)
{
	return reg_of_number[(r->modrm & 7) | (r->rex & REX_B ? 8 : 0)];
}

/* The register in the lowest bits of the opcode. */
static unsigned reg_of_opcode(const struct reading *r)
{
	return reg_of_number[(r->opcode & 7) | (r->rex & REX_B ? 8 : 0)];
}

static unsigned extension(const struct reading *r)
{
	return r->modrm >> 3 & 7;
}

static bool is_register(const struct reading *r)
{
	return r->modrm >> 6 == 3;
}

/* The last n bytes of the instruction, with a sign. */
static int64_t immediate(const struct reading *r, size_t n)
{
	int32_t wide;
	int8_t narrow;

	memcpy(&wide, r->code + r->insn.length - 4, sizeof(wide));
	memcpy(&narrow, r->code + r->insn.length - 1, sizeof(narrow));
	return n == 1 ? narrow : wide;
}

/* Where on the stack the memory operand is. */
static struct place place_of(const struct way_state *s, const struct reading *r)
{
	const struct ct_operand *operand = &r->insn.operands[0];

	if (!r->insn.n_operands || operand->implied || operand->index != CT_NO_REG ||
		operand->segment != CT_NO_REG ||
		(operand->base != REG_SP && operand->base != REG_BP))
		return (struct place){0};
	return ct_way_plus(ct_way_points(s, operand->base), operand->displacement);
}

/* Where a jump or call through memory finds its target; 0: not at a fixed address. */
static uint64_t slot_of(const struct way_state *s, const struct reading *r)
{
	const struct ct_operand *operand = &r->insn.operands[0];

	if (is_register(r) || (r->modrm & 0xc7) != 5 || !r->insn.n_operands)
		return 0;
	return s->pc + r->insn.length + (uint64_t)operand->displacement;
}

static struct value address_of(struct place place)
{
	return (struct value){.kind = place.base ? VALUE_ADDRESS : VALUE_UNKNOWN, .place = place};
}

/* What is copied between registers: only addresses of the stack, and unchanged values, are kept. */
static void move_to_register(struct way_state *s, unsigned to, unsigned from)
{
	bool pointers = from == REG_SP || from == REG_BP;

	ct_way_set_reg(s, to, pointers ? address_of(ct_way_points(s, from)) : (struct value){0});
}

static void move(struct way_state *s, const struct reading *r, bool load)
{
	unsigned reg = reg_of(r), rm = rm_of(r);
	bool whole = r->rex & REX_W;

	if (is_register(r)) {
		if (whole)
			move_to_register(s, load ? reg : rm, load ? rm : reg);
		else
			ct_way_set_reg(s, load ? reg : rm, (struct value){0});
	} else if (load) {
		struct value value = ct_way_load(s, place_of(s, r));

		ct_way_set_reg(s, reg, whole ? value : (struct value){0});
	} else {
		ct_way_store(s, place_of(s, r), whole ? ct_way_reg(s, reg) : (struct value){0});
	}
}

/* add, sub and the like, of an immediate and a register. */
static void calculate(struct way_state *s, const struct reading *r)
{
	enum { ADD = 0, SUB = 5, CMP = 7 };
	unsigned rm = rm_of(r), op = extension(r);
	int64_t number = immediate(r, r->opcode == 0x83 ? 1 : 4);

	if (!is_register(r) || op == CMP)
		return;
	bool known = r->rex & REX_W && (op == ADD || op == SUB);
	ct_way_set_reg(s, rm,
		known ? address_of(ct_way_plus(ct_way_points(s, rm), op == ADD ? number : -number))
		      : (struct value){0});
}

static void load_address(struct way_state *s, const struct reading *r)
{
	ct_way_set_reg(
		s, reg_of(r), r->rex & REX_W ? address_of(place_of(s, r)) : (struct value){0});
}

/* Instructions that are not followed, but change a whole register. */
static bool changes_rm(const struct reading *r)
{
	uint8_t op = r->opcode;

	if (r->map || !is_register(r))
		return false;
	if (op == 0xf7)
		return extension(r) == 2 || extension(r) == 3;
	if (op == 0xff)
		return extension(r) < 2;
	return (op < 0x38 && (op & 7) == 1) || op == 0x87 || op == 0xc1 || op == 0xc7 ||
	       op == 0xd1 || op == 0xd3;
}

static bool changes_reg(const struct reading *r)
{
	uint8_t op = r->opcode;

	if (r->map)
		return op >> 4 == 4 || op == 0xaf || op == 0xb6 || op == 0xb7 || op == 0xbe ||
		       op == 0xbf;
	return (op < 0x38 && (op & 7) == 3) || op == 0x63 || op == 0x69 || op == 0x6b || op == 0x87;
}

static void change(struct way_state *s, const struct reading *r)
{
	uint8_t op = r->opcode;

	if (changes_rm(r))
		ct_way_set_reg(s, rm_of(r), (struct value){0});
	if (changes_reg(r))
		ct_way_set_reg(s, reg_of(r), (struct value){0});
	/* xchg with the first register, mov of a number */
	if (!r->map && ((op > 0x90 && op < 0x98) || (op >= 0xb8 && op < 0xc0)))
		ct_way_set_reg(s, reg_of_opcode(r), (struct value){0});
}

static void leave(struct way_state *s)
{
	s->sp = ct_way_points(s, REG_BP);
	ct_way_set_reg(s, REG_BP, ct_way_pop(s));
}

/* Instructions that change the stack or a register. */
static void run(struct way_state *s, const struct reading *r)
{
	uint8_t op = r->opcode;

	if (r->vector) {
		return;
	} else if (r->map) {
		change(s, r);
	} else if (op >= 0x50 && op < 0x58) {
		ct_way_push(s, ct_way_reg(s, reg_of_opcode(r)));
	} else if (op >= 0x58 && op < 0x60) {
		unsigned reg = reg_of_opcode(r);
		struct value value = ct_way_pop(s);

		ct_way_set_reg(s, reg, reg == REG_SP ? (struct value){0} : value);
	} else if (op == 0x68 || op == 0x6a || op == 0x9c || (op == 0xff && extension(r) == 6)) {
		ct_way_push(s, (struct value){0});
	} else if (op == 0x9d || op == 0x8f) {
		(void)ct_way_pop(s);
	} else if (op == 0xc9) {
		leave(s);
	} else if (op == 0x89 || op == 0x8b) {
		move(s, r, op == 0x8b);
	} else if (op == 0x81 || op == 0x83) {
		calculate(s, r);
	} else if (op == 0x8d) {
		load_address(s, r);
	} else {
		change(s, r);
	}
}

/* Where a jump or call goes whose distance is in its last n bytes. */
static uint64_t relative(const struct way_state *s, const struct reading *r, size_t n)
{
	return s->pc + r->insn.length + (uint64_t)immediate(r, n);
}

static bool branches(const struct reading *r)
{
	uint8_t op = r->opcode;

	return r->map ? op >> 4 == 8 : op >> 4 == 7 || (op >= 0xe0 && op <= 0xe3);
}

static struct way_step control(const struct way_state *s, const struct reading *r)
{
	uint8_t op = r->opcode;

	if (r->vector)
		return (struct way_step){MOVE_ON, 0, 0};
	if (branches(r))
		return (struct way_step){MOVE_BRANCH, relative(s, r, r->map ? 4 : 1), 0};
	if (r->insn.kind == CT_INSN_RETURN)
		return (struct way_step){MOVE_RETURN, 0, 0};
	if (!r->map && op == 0xe8)
		return (struct way_step){MOVE_CALL, relative(s, r, 4), 0};
	if (!r->map && (op == 0xe9 || op == 0xeb))
		return (struct way_step){MOVE_JUMP, relative(s, r, op == 0xe9 ? 4 : 1), 0};
	if (!r->map && op == 0xff && extension(r) == 2)
		return (struct way_step){MOVE_CALL, 0, slot_of(s, r)};
	if (!r->map && op == 0xff && extension(r) == 4)
		return (struct way_step){MOVE_LEAVE, 0, slot_of(s, r)};
	/* enter, and far calls and jumps, which no compiler makes. */
	if (!r->map && (op == 0xc8 || (op == 0xff && (extension(r) == 3 || extension(r) == 5))))
		return (struct way_step){MOVE_UNKNOWN, 0, 0};
	if (r->insn.kind == CT_INSN_UNDEFINED || r->insn.kind == CT_INSN_BREAKPOINT ||
		r->insn.kind == CT_INSN_PRIVILEGED)
		return (struct way_step){MOVE_STOP, 0, 0};
	return (struct way_step){MOVE_ON, 0, 0};
}

struct way_step ct_way_step(struct way_state *s, const uint8_t *code, size_t n)
{
	struct reading r = {.code = code};

	if (ct_decode(code, n, &r.insn))
		return (struct way_step){MOVE_UNKNOWN, 0, 0};
	read_parts(&r);
	struct way_step step = control(s, &r);
	if (step.move == MOVE_ON)
		run(s, &r);
	s->pc += r.insn.length;
	return step;
}
