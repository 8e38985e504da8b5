/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/operand.h"

#include "decode/opcode.h"

/* Indices into struct ct_regs: up to rip they are DWARF's numbers (arch/x86_64.c). */
enum { RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP, R8, RIP = 16, FS_BASE = 19, GS_BASE = 20 };

/* Those of the numbers in an instruction. */
static const uint8_t reg_of_number[] = {
	RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, 8, 9, 10, 11, 12, 13, 14, 15};

enum { REX_B = 1, REX_X = 2, REX_R = 4, REX_W = 8 };

/* What is known of an instruction while it is read. */
struct reading {
	const uint8_t *code;
	size_t n, at;
	bool failed; /* it goes on behind the last byte */
	bool opsize, addrsize, rep, lock;
	uint8_t pp; /* of PP_*: the prefix that may be part of the opcode */
	uint8_t segment;
	uint8_t rex, enc, map, opcode, modrm;
	uint8_t length_bits; /* of the vector: 0, 1, 2 */
	bool broadcast;
	int64_t immediate;
	const struct ct_opcode_row *row;
	struct ct_instruction *out;
};

static uint8_t byte(struct reading *r)
{
	if (r->at >= r->n) {
		r->failed = true;
		return 0;
	}
	return r->code[r->at++];
}

/* n bytes with a sign. */
static int64_t number(struct reading *r, size_t n)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n; i++)
		value |= (uint64_t)byte(r) << (8 * i);
	unsigned shift = (unsigned)(64 - 8 * n);
	return n ? (int64_t)(value << shift) >> shift : 0;
}

/* False: this byte is no prefix. */
static bool legacy_prefix(struct reading *r, uint8_t prefix)
{
	switch (prefix) {
	case 0x66:
		r->opsize = true;
		return true;
	case 0x67:
		r->addrsize = true;
		return true;
	case 0xf2:
		r->pp = PP_F2;
		return true;
	case 0xf3:
		r->pp = PP_F3;
		return true;
	case 0x64:
		r->segment = FS_BASE;
		return true;
	case 0x65:
		r->segment = GS_BASE;
		return true;
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
		return true;
	case 0xf0:
		r->lock = true;
		return true;
	default:
		return false;
	}
}

static void read_prefixes(struct reading *r)
{
	uint8_t prefix = byte(r);

	r->segment = CT_NO_REG;
	while (!r->failed && legacy_prefix(r, prefix))
		prefix = byte(r);
	/* Repeated ones, as rep; those of the opcode are found by their last. */
	r->rep = r->pp;
	if (!r->pp)
		r->pp = r->opsize ? PP_66 : PP_NONE;
	if (prefix >> 4 == 4) {
		r->rex = prefix & 15;
		prefix = byte(r);
	}
	r->opcode = prefix;
}

static const uint8_t pp_of_bits[] = {PP_NONE, PP_66, PP_F3, PP_F2};

/* Two or three bytes; the register bits are stored upside down. */
static void read_vex(struct reading *r)
{
	uint8_t first = byte(r), last = first;

	r->enc = ENC_VEX;
	r->map = 1;
	r->rex = first & 0x80 ? 0 : REX_R;
	if (r->opcode == 0xc4) {
		last = byte(r);
		r->rex = (uint8_t)(~first >> 5 & 7) | (last & 0x80 ? REX_W : 0);
		r->map = first & 31;
	}
	r->length_bits = last >> 2 & 1;
	r->pp = pp_of_bits[last & 3];
	r->opcode = byte(r);
}

static bool read_evex(struct reading *r)
{
	uint8_t p0 = byte(r), p1 = byte(r), p2 = byte(r);

	r->enc = ENC_EVEX;
	r->map = p0 & 7;
	r->rex = (uint8_t)(~p0 >> 5 & 7) | (p1 & 0x80 ? REX_W : 0);
	r->pp = pp_of_bits[p1 & 3];
	r->length_bits = p2 >> 5 & 3;
	r->broadcast = p2 & 0x10;
	r->opcode = byte(r);
	/* Half precision has its own sizes, in maps 5 and 6 and in some of map 3. */
	bool half = r->map == 3 && (r->pp == PP_NONE || r->pp == PP_F3);
	return (p1 & 4) && !(p0 & 8) && !half;
}

/* Up to the opcode. False: nothing that we know. */
static bool read_opcode(struct reading *r)
{
	bool ok = true;

	read_prefixes(r);
	r->enc = ENC_LEGACY;
	if (r->opcode == 0xc4 || r->opcode == 0xc5) {
		read_vex(r);
	} else if (r->opcode == 0x62) {
		ok = read_evex(r);
	} else if (r->opcode == 0x0f) {
		r->map = 1;
		r->opcode = byte(r);
		if (r->opcode == 0x38 || r->opcode == 0x3a) {
			r->map = r->opcode == 0x38 ? 2 : 3;
			r->opcode = byte(r);
		}
	}
	return ok && r->map <= 3 && (r->enc == ENC_LEGACY || r->map);
}

static unsigned reg_field(const struct reading *r)
{
	return r->modrm >> 3 & 7;
}

static bool has_memory(const struct reading *r)
{
	bool control = r->enc == ENC_LEGACY && r->map == 1 && (r->opcode & 0xfc) == 0x20;

	return r->row->modrm && r->modrm >> 6 != 3 && !control;
}

static unsigned operand_bytes(const struct reading *r)
{
	if (r->rex & REX_W)
		return 8;
	return r->opsize ? 2 : 4;
}

static uint32_t vector_bytes(const struct reading *r)
{
	bool mmx = r->enc == ENC_LEGACY && r->pp == PP_NONE && !r->opsize;
	/* The opcodes that are of MMX without a prefix. */
	bool old = r->map == 1 ? (r->opcode >= 0x60 && r->opcode <= 0x7f) || r->opcode >= 0xd0
			       : r->map == 2 || r->opcode == 0x0f;

	return mmx && old ? 8 : 16u << r->length_bits;
}

/* What an EVEX displacement of one byte counts in, and of other encodings the size of the operand.
 */
static uint32_t unit_of(const struct reading *r)
{
	static const uint16_t fixed[] = {[EXT_1] = 1,
		[EXT_2] = 2,
		[EXT_4] = 4,
		[EXT_8] = 8,
		[EXT_10] = 10,
		[EXT_16] = 16,
		[EXT_32] = 32,
		[EXT_64] = 64,
		[EXT_512] = 512};
	bool wide = r->rex & REX_W;
	uint32_t vector = vector_bytes(r);

	if (r->broadcast && r->enc == ENC_EVEX)
		return wide ? 8 : 4;
	switch (r->row->extent) {
	case EXT_V:
		return operand_bytes(r);
	case EXT_Y:
	case EXT_PACKED_Y:
		return wide ? 8 : 4;
	case EXT_YY:
		return wide ? 16 : 8;
	case EXT_VECTOR:
		return vector;
	case EXT_SCALAR:
		return r->pp == PP_F3 ? 4 : r->pp == PP_F2 ? 8 : vector;
	case EXT_HALF:
		return vector / 2;
	case EXT_HALF_W:
		return wide ? vector : vector / 2;
	case EXT_QUARTER:
		return vector / 4;
	case EXT_EIGHTH:
		return vector / 8;
	case EXT_DUP:
		return vector == 16 ? 8 : vector;
	case EXT_PACKED_1:
	case EXT_PACKED_2:
		return wide ? 2 : 1;
	default:
		return fixed[r->row->extent];
	}
}

static struct ct_operand *add_operand(struct reading *r, bool implied)
{
	struct ct_operand *op = &r->out->operands[r->out->n_operands++];

	*op = (struct ct_operand){.base = CT_NO_REG,
		.index = CT_NO_REG,
		.segment = CT_NO_REG,
		.scale = 1,
		.address_bytes = r->addrsize ? 4 : 8,
		.bits = CT_NO_REG,
		.implied = implied};
	return op;
}

static void read_sib(struct reading *r, struct ct_operand *op, unsigned mod)
{
	uint8_t sib = byte(r);
	unsigned index = (sib >> 3 & 7) | (r->rex & REX_X ? 8 : 0);
	unsigned base = (sib & 7) | (r->rex & REX_B ? 8 : 0);

	op->scale = (uint8_t)(1u << (sib >> 6));
	op->vector_index = r->row->vsib;
	/* The number of rsp means none. */
	if (index != 4 && !r->row->vsib)
		op->index = reg_of_number[index];
	if ((sib & 7) == 5 && mod == 0)
		op->displacement = number(r, 4);
	else
		op->base = reg_of_number[base];
}

/* bt and its like with a register look beyond their operand. */
static bool by_bit_number(const struct reading *r)
{
	return r->enc == ENC_LEGACY && r->map == 1 &&
	       (r->opcode == 0xa3 || r->opcode == 0xab || r->opcode == 0xb3 || r->opcode == 0xbb);
}

static void read_memory(struct reading *r)
{
	struct ct_operand *op = add_operand(r, false);
	unsigned mod = r->modrm >> 6, rm = r->modrm & 7;
	uint32_t unit = unit_of(r);
	bool packed = r->row->extent >= EXT_PACKED_Y;

	op->segment = r->segment;
	op->read = r->row->touch & TOUCH_READ;
	op->write = r->row->touch & TOUCH_WRITE;
	op->size = packed && !r->row->vsib ? vector_bytes(r) : unit;
	if (rm == 4) {
		read_sib(r, op, mod);
	} else if (rm == 5 && mod == 0) {
		op->base = RIP;
		op->displacement = number(r, 4);
	} else {
		op->base = reg_of_number[rm | (r->rex & REX_B ? 8 : 0)];
	}
	if (mod == 1)
		op->displacement = number(r, 1) * (r->enc == ENC_EVEX ? (int64_t)unit : 1);
	else if (mod == 2)
		op->displacement = number(r, 4);
	if (by_bit_number(r))
		op->bits = reg_of_number[reg_field(r) | (r->rex & REX_R ? 8 : 0)];
}

static void read_immediate(struct reading *r)
{
	struct ct_operand *op;

	switch (r->row->imm) {
	case IMM_8:
		r->immediate = number(r, 1);
		break;
	case IMM_16:
		(void)number(r, 2);
		break;
	case IMM_24:
		(void)number(r, 3);
		break;
	case IMM_Z:
		r->immediate = number(r, r->opsize && !(r->rex & REX_W) ? 2 : 4);
		break;
	case IMM_V:
		(void)number(r, operand_bytes(r));
		break;
	case IMM_REL:
		(void)number(r, 4);
		break;
	case IMM_OFFSET:
		op = add_operand(r, false);
		op->segment = r->segment;
		op->displacement = number(r, r->addrsize ? 4 : 8);
		op->size = unit_of(r);
		op->read = r->row->touch & TOUCH_READ;
		op->write = r->row->touch & TOUCH_WRITE;
		break;
	default:
		break;
	}
}

static struct ct_operand *add_implied(
	struct reading *r, uint8_t base, uint32_t size, unsigned touch)
{
	struct ct_operand *op = add_operand(r, true);

	op->base = base;
	op->size = size;
	op->read = touch & TOUCH_READ;
	op->write = touch & TOUCH_WRITE;
	return op;
}

static void add_string(struct reading *r, uint8_t base, unsigned touch)
{
	bool bytes = !(r->opcode & 1);
	uint32_t size = bytes ? 1 : operand_bytes(r);
	struct ct_operand *op = add_implied(r, base, size, touch);

	op->repeated = r->rep;
	if (base == RSI)
		op->segment = r->segment;
}

static void add_stack(struct reading *r)
{
	uint32_t size = r->opsize ? 2 : 8;
	struct ct_operand *op;

	switch (r->row->implied) {
	case IMPLIED_PUSH:
		op = add_implied(r, RSP, size, TOUCH_WRITE);
		op->displacement = -(int64_t)size;
		break;
	case IMPLIED_LEAVE:
		(void)add_implied(r, RBP, size, TOUCH_READ);
		break;
	default:
		(void)add_implied(r, RSP, size, TOUCH_READ);
		break;
	}
	/* pop computes the address of where it writes when it has popped. */
	if (r->row->implied == IMPLIED_POP && has_memory(r) && r->out->operands[0].base == RSP)
		r->out->operands[0].displacement += size;
}

static void add_implied_memory(struct reading *r)
{
	struct ct_operand *op;

	switch (r->row->implied) {
	case IMPLIED_NONE:
		break;
	case IMPLIED_LOAD:
		add_string(r, RSI, TOUCH_READ);
		break;
	case IMPLIED_STORE:
		add_string(r, RDI, TOUCH_WRITE);
		break;
	case IMPLIED_SCAN:
		add_string(r, RDI, TOUCH_READ);
		break;
	case IMPLIED_COPY:
		add_string(r, RSI, TOUCH_READ);
		add_string(r, RDI, TOUCH_WRITE);
		break;
	case IMPLIED_COMPARE:
		add_string(r, RSI, TOUCH_READ);
		add_string(r, RDI, TOUCH_READ);
		break;
	case IMPLIED_TABLE: /* its index is the lowest byte of rax */
		op = add_implied(r, RBX, 1, TOUCH_READ);
		op->segment = r->segment;
		op->vector_index = true;
		break;
	case IMPLIED_MASKED:
		op = add_implied(r, RDI, vector_bytes(r), TOUCH_WRITE);
		op->segment = r->segment;
		break;
	default:
		add_stack(r);
		break;
	}
}

static enum ct_instruction_kind kind_of_group(const struct reading *r)
{
	unsigned reg = reg_field(r);

	if (r->opcode == 0xff && (reg == 2 || reg == 3))
		return CT_INSN_CALL;
	if (r->opcode == 0xff && (reg == 4 || reg == 5))
		return CT_INSN_JUMP;
	if ((r->opcode & 0xfe) == 0xf6 && reg >= 6)
		return reg == 6 ? CT_INSN_DIVIDE : CT_INSN_DIVIDE_SIGNED;
	return CT_INSN_OTHER;
}

static enum ct_instruction_kind kind_of(const struct reading *r)
{
	if (r->enc != ENC_LEGACY || r->map > 1)
		return CT_INSN_OTHER;
	if (r->map == 1)
		return r->opcode == 0x0b || r->opcode == 0xb9 || r->opcode == 0xff
			       ? CT_INSN_UNDEFINED
		       : r->opcode == 0x06 || r->opcode == 0x08 || r->opcode == 0x09 ||
				       (r->opcode >= 0x20 && r->opcode <= 0x23) ||
				       r->opcode == 0x30 || r->opcode == 0x32
			       ? CT_INSN_PRIVILEGED
			       : CT_INSN_OTHER;
	switch (r->opcode) {
	case 0xe8:
		return CT_INSN_CALL_NEAR;
	case 0xc2:
	case 0xc3:
		return CT_INSN_RETURN;
	case 0xcc:
	case 0xf1:
		return CT_INSN_BREAKPOINT;
	case 0xe4:
	case 0xe5:
	case 0xe6:
	case 0xe7:
	case 0xec:
	case 0xed:
	case 0xee:
	case 0xef:
	case 0xf4:
	case 0xfa:
	case 0xfb:
		return CT_INSN_PRIVILEGED;
	default:
		return kind_of_group(r);
	}
}

/* What others see of its access to memory. */
static void describe_access(struct reading *r)
{
	struct ct_instruction *out = r->out;
	bool general = r->enc == ENC_LEGACY && r->map == 0 && has_memory(r);
	unsigned pair = r->opcode & 0xfe;

	out->atomic = r->lock || (general && pair == 0x86);
	out->probes = general && pair == 0x84;
	out->has_constant = general && pair == 0xc6;
	out->constant = out->has_constant ? r->immediate : 0;
}

static void describe(struct reading *r)
{
	struct ct_instruction *out = r->out;

	describe_access(r);
	out->kind = kind_of(r);
	out->reg = CT_NO_REG;
	out->size = 8;
	if (out->kind == CT_INSN_DIVIDE || out->kind == CT_INSN_DIVIDE_SIGNED)
		out->size = r->opcode & 1 ? (uint8_t)operand_bytes(r) : 1;
	if (r->row->modrm && !has_memory(r)) {
		unsigned rm = (r->modrm & 7) | (r->rex & REX_B ? 8 : 0);

		/* Without a REX prefix the numbers 4 to 7 are ah, ch, dh and bh. */
		out->high_byte = out->size == 1 && !r->rex && rm >= 4 && rm < 8;
		out->reg = reg_of_number[out->high_byte ? rm - 4 : rm];
	}
	/* Moves that allow anything (10, 11, 6f and 7f with f3) and lddqu are the exceptions. */
	bool loose = r->map == 1 && (r->opcode == 0x10 || r->opcode == 0x11 || r->opcode == 0xf0 ||
					    ((r->opcode & 0xef) == 0x6f && r->pp == PP_F3));
	out->aligned = r->enc == ENC_LEGACY && r->map && out->n_operands && !loose &&
		       (r->row->extent == EXT_VECTOR || r->row->extent == EXT_SCALAR) &&
		       out->operands[0].size == 16;
}

enum ct_status ct_decode(const uint8_t *code, size_t n, struct ct_instruction *ret)
{
	struct ct_instruction out = {0};
	struct reading r = {.code = code, .n = CT_MIN(n, (size_t)CT_MAX_INSTRUCTION), .out = &out};
	bool known = read_opcode(&r);

	if (!r.failed && known && r.at < r.n)
		r.modrm = r.code[r.at];
	if (!r.failed && known)
		r.row = ct_opcode_find(r.map, r.opcode, r.enc, r.pp, reg_field(&r));
	/* Which one of a group it is stands in the byte that is missing. */
	if (!r.failed && !r.row && (!known || r.at < r.n))
		return CT_NOT_FOUND;
	r.failed |= !r.row;
	if (!r.failed && r.row->modrm)
		(void)byte(&r);
	if (!r.failed && has_memory(&r))
		read_memory(&r);
	if (!r.failed)
		read_immediate(&r);
	if (r.failed)
		return n >= CT_MAX_INSTRUCTION ? CT_NOT_FOUND : CT_FAULT;
	add_implied_memory(&r);
	out.length = (uint8_t)r.at;
	describe(&r);
	*ret = out;
	return CT_OK;
}

static bool add_register(const struct ct_regs *regs, uint8_t reg, uint64_t factor, uint64_t *sum)
{
	if (reg == CT_NO_REG)
		return true;
	*sum += ct_reg(regs, reg) * factor;
	return regs->known >> reg & 1;
}

enum ct_status ct_operand_address(const struct ct_instruction *instruction,
	const struct ct_operand *operand, const struct ct_regs *regs, uint64_t *ret)
{
	uint64_t sum = (uint64_t)operand->displacement;

	if (operand->vector_index || !add_register(regs, operand->base, 1, &sum) ||
		!add_register(regs, operand->index, operand->scale, &sum))
		return CT_NOT_FOUND;
	if (operand->base == RIP)
		sum += instruction->length;
	if (operand->bits != CT_NO_REG) {
		unsigned size = operand->size;
		int64_t bit = (int64_t)ct_reg(regs, operand->bits);

		if (!(regs->known >> operand->bits & 1))
			return CT_NOT_FOUND;
		if (size < 8)
			bit = size == 2 ? (int16_t)bit : (int32_t)bit;
		/* Rounded down, also for numbers below zero. */
		sum += (uint64_t)((bit >> (size == 8 ? 6 : size == 4 ? 5 : 4)) * (int64_t)size);
	}
	if (operand->address_bytes == 4)
		sum = (uint32_t)sum;
	if (!add_register(regs, operand->segment, 1, &sum))
		return CT_NOT_FOUND;
	*ret = sum;
	return CT_OK;
}

const char *ct_register_name(unsigned reg)
{
	return reg < ct_arch_x86_64.n_regs ? ct_arch_x86_64.gdb_regs[reg] : NULL;
}
