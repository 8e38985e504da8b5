/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lengths and memory operands of instructions: bytes written by hand with what the manual says of
 * them, and all code of the C library against capstone, wherever that knows the instruction.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <capstone/capstone.h>
#include <cmocka.h>
#include <fcntl.h>
#include <gelf.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decode/instruction.h"

enum { RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP, R8, R9, R12 = 12, R13, RIP = 16, FS = 19 };

/* Each register has a value of its own, so that a sum tells what it is made of. */
static struct ct_regs distinct(void)
{
	struct ct_regs regs = {0};

	for (unsigned i = 0; i < 21; i++)
		ct_reg_set(&regs, i, (uint64_t)(i + 1) << 32);
	ct_reg_set(&regs, RIP, 0x1000);
	return regs;
}

#define VALUE(reg) ((uint64_t)((reg) + 1) << 32)

struct expected {
	const char *name, *bytes; /* the second in hex */
	unsigned n_operands;
	struct {
		uint64_t address;
		uint32_t size;
		const char *access; /* "r", "w", "rw" or "" */
	} operands[2];
};

static const struct expected by_hand[] = {
	{"mov 0x18(%rax),%edx", "8b5018", 1, {{VALUE(RAX) + 0x18, 4, "r"}}},
	{"mov %rdx,-8(%rbp)", "488955f8", 1, {{VALUE(RBP) - 8, 8, "w"}}},
	{"movb $1,(%rax,%rcx,4)", "c6048801", 1, {{VALUE(RAX) + 4 * VALUE(RCX), 1, "w"}}},
	{"addl $1,0x10(%r12)", "4183442410 01", 1, {{VALUE(R12) + 0x10, 4, "rw"}}},
	{"cmpl $1,0(%r13)", "41837d0001", 1, {{VALUE(R13), 4, "r"}}},
	{"lea 0x100(%rdi),%rax", "488d8700010000", 1, {{VALUE(RDI) + 0x100, 0, ""}}},
	{"mov 0x2000(%rip),%rax", "488b0500200000", 1, {{0x1007 + 0x2000, 8, "r"}}},
	{"mov 0x1234,%eax", "8b042534120000", 1, {{0x1234, 4, "r"}}},
	{"movabs 0x1122334455667788,%al", "a08877665544332211", 1, {{0x1122334455667788, 1, "r"}}},
	{"mov %fs:0x28,%rax", "64488b042528000000", 1, {{VALUE(FS) + 0x28, 8, "r"}}},
	{"push %rbx", "53", 1, {{VALUE(RSP) - 8, 8, "w"}}},
	{"pop %rbx", "5b", 1, {{VALUE(RSP), 8, "r"}}},
	{"push 0x8(%rax)", "ff7008", 2, {{VALUE(RAX) + 8, 8, "r"}, {VALUE(RSP) - 8, 8, "w"}}},
	{"pop 0x8(%rsp)", "8f442408", 2, {{VALUE(RSP) + 16, 8, "w"}, {VALUE(RSP), 8, "r"}}},
	{"call rel32", "e800000000", 1, {{VALUE(RSP) - 8, 8, "w"}}},
	{"call *0x10(%rax)", "ff5010", 2, {{VALUE(RAX) + 0x10, 8, "r"}, {VALUE(RSP) - 8, 8, "w"}}},
	{"ret", "c3", 1, {{VALUE(RSP), 8, "r"}}},
	{"leave", "c9", 1, {{VALUE(RBP), 8, "r"}}},
	{"rep movsb", "f3a4", 2, {{VALUE(RSI), 1, "r"}, {VALUE(RDI), 1, "w"}}},
	{"rep stos %rax", "f348ab", 1, {{VALUE(RDI), 8, "w"}}},
	{"lock cmpxchg %ecx,(%rdx)", "f00fb10a", 1, {{VALUE(RDX), 4, "rw"}}},
	{"lock cmpxchg16b (%rsi)", "f0480fc70e", 1, {{VALUE(RSI), 16, "rw"}}},
	{"movzwl 2(%rax),%ecx", "0fb74802", 1, {{VALUE(RAX) + 2, 2, "r"}}},
	{"idivl 4(%rbx)", "f77b04", 1, {{VALUE(RBX) + 4, 4, "r"}}},
	{"testb $1,(%rax)", "f60001", 1, {{VALUE(RAX), 1, "r"}}},
	{"notl (%rax)", "f710", 1, {{VALUE(RAX), 4, "rw"}}},
	{"mov (%eax),%ecx", "678b08", 1, {{0, 4, "r"}}},
	{"bts %rcx,(%rax)", "480fab08", 1, {{VALUE(RAX) + (VALUE(RCX) >> 6) * 8, 8, "rw"}}},
	{"movups (%rsi),%xmm0", "0f1006", 1, {{VALUE(RSI), 16, "r"}}},
	{"movaps %xmm0,0x20(%rsp)", "0f29442420", 1, {{VALUE(RSP) + 0x20, 16, "w"}}},
	{"movsd (%rax),%xmm0", "f20f1000", 1, {{VALUE(RAX), 8, "r"}}},
	{"movq %xmm0,(%rdi)", "660fd607", 1, {{VALUE(RDI), 8, "w"}}},
	{"movntdq %xmm0,(%rdi)", "660fe707", 1, {{VALUE(RDI), 16, "w"}}},
	{"pcmpeqb (%rdi),%xmm0", "660f7407", 1, {{VALUE(RDI), 16, "r"}}},
	{"pcmpistri $0x1a,(%rsi),%xmm0", "660f3a63061a", 1, {{VALUE(RSI), 16, "r"}}},
	{"prefetcht0 (%rax)", "0f1808", 1, {{VALUE(RAX), 0, ""}}},
	{"nopw 0(%rax,%rax,1)", "660f1f840000000000", 1, {{2 * VALUE(RAX), 0, ""}}},
	{"vmovdqu (%rsi),%ymm0", "c5fe6f06", 1, {{VALUE(RSI), 32, "r"}}},
	{"vpcmpeqb 0x21(%rdi),%ymm0,%ymm1", "c5fd744f21", 1, {{VALUE(RDI) + 0x21, 32, "r"}}},
	{"vmovdqu %xmm9,(%r8)", "c4417a7f08", 1, {{VALUE(R8), 16, "w"}}},
	{"vzeroupper", "c5f877", 0, {{0}}},
	{"andn (%rax),%ecx,%edx", "c4e270f210", 1, {{VALUE(RAX), 4, "r"}}},
	{"shrx %ecx,%eax,%eax", "c4e273f7c0", 0, {{0}}},
	{"kmovd %k0,%eax", "c5fb93c0", 0, {{0}}},
	/* strlen and memcpy of glibc with AVX-512VL: displacements count in vectors. */
	{"vpcmpeqb (%rdi),%ymm16,%k0", "62f17d20 7407", 1, {{VALUE(RDI), 32, "r"}}},
	{"vpcmpeqb 0x20(%rdi),%ymm16,%k0", "62f17d20 744701", 1, {{VALUE(RDI) + 32, 32, "r"}}},
	{"vmovdqu64 (%rsi),%ymm16", "62e1fe28 6f06", 1, {{VALUE(RSI), 32, "r"}}},
	{"vmovdqu64 -0x20(%rsi,%rdx),%ymm17", "62e1fe28 6f4c16ff", 1,
		{{VALUE(RSI) + VALUE(RDX) - 32, 32, "r"}}},
	{"vmovdqu64 %zmm16,0x40(%rdi)", "62e1fe48 7f4701", 1, {{VALUE(RDI) + 64, 64, "w"}}},
	{"vpminub 0x60(%rdi),%ymm16,%ymm17", "62e17d20 da4f03", 1, {{VALUE(RDI) + 96, 32, "r"}}},
	{"vpternlogd $0xde,0x40(%rax),%ymm16,%ymm17", "62e37d20 254802de", 1,
		{{VALUE(RAX) + 64, 32, "r"}}},
	{"vptestnmb -0x1000(%rax),%ymm16,%k1", "62f27e20 264880", 1,
		{{VALUE(RAX) - 128 * 32, 32, "r"}}},
	{"vpaddd (%rax){1to8},%ymm0,%ymm1", "62f17d38 fe08", 1, {{VALUE(RAX), 4, "r"}}},
	{"vpaddd 4(%rax){1to8},%ymm0,%ymm1", "62f17d38 fe4801", 1, {{VALUE(RAX) + 4, 4, "r"}}},
	{"vcvtqq2pd 0x40(%rax),%xmm17", "62e1fe08 e64804", 1, {{VALUE(RAX) + 64, 16, "r"}}},
	{"vcvtdq2pd 0x40(%rax),%ymm17", "62e17e28 e64804", 1, {{VALUE(RAX) + 64, 16, "r"}}},
	{"vmovss 4(%rax),%xmm16", "62e17e08 104001", 1, {{VALUE(RAX) + 4, 4, "r"}}},
	{"vpmovzxbw 0x10(%rax),%ymm16", "62e27d28 304001", 1, {{VALUE(RAX) + 16, 16, "r"}}},
	{"vpbroadcastb 1(%rax),%ymm16", "62e27d28 784001", 1, {{VALUE(RAX) + 1, 1, "r"}}},
	{"vmovq %xmm16,8(%rdi)", "62e1fd08 d64701", 1, {{VALUE(RDI) + 8, 8, "w"}}},
	{"vpcompressd %ymm16,4(%rax)", "62e27d28 8b4001", 1, {{VALUE(RAX) + 4, 32, "w"}}},
};

static size_t from_hex(const char *hex, uint8_t *bytes)
{
	size_t n = 0;

	for (; *hex; hex++) {
		unsigned value;

		if (*hex == ' ')
			continue;
		assert_int_equal(sscanf(hex, "%2x", &value), 1);
		bytes[n++] = (uint8_t)value;
		hex++;
	}
	return n;
}

static void what_the_manual_says(void **state)
{
	struct ct_regs regs = distinct();

	(void)state;
	for (size_t i = 0; i < CT_COUNT(by_hand); i++) {
		const struct expected *e = &by_hand[i];
		struct ct_instruction insn;
		uint8_t code[32] = {0};
		size_t n = from_hex(e->bytes, code);

		print_message("%s\n", e->name);
		/* No more is read than the instruction has. */
		assert_int_equal(ct_decode(code, sizeof(code), &insn), CT_OK);
		assert_int_equal(insn.length, n);
		assert_int_equal(insn.n_operands, e->n_operands);
		for (unsigned k = 0; k < e->n_operands; k++) {
			const struct ct_operand *op = &insn.operands[k];
			uint64_t address;

			assert_int_equal(ct_operand_address(&insn, op, &regs, &address), CT_OK);
			assert_int_equal(address, e->operands[k].address);
			assert_int_equal(op->size, e->operands[k].size);
			assert_int_equal(op->read, strchr(e->operands[k].access, 'r') != NULL);
			assert_int_equal(op->write, strchr(e->operands[k].access, 'w') != NULL);
		}
	}
}

static void what_ends_too_early(void **state)
{
	uint8_t code[32];
	struct ct_instruction insn;

	(void)state;
	for (size_t i = 0; i < CT_COUNT(by_hand); i++) {
		size_t n = from_hex(by_hand[i].bytes, code);

		assert_int_equal(ct_decode(code, n, &insn), CT_OK);
		n = insn.length;
		for (size_t k = 0; k < n; k++)
			assert_int_equal(ct_decode(code, k, &insn), CT_FAULT);
	}
}

static void what_is_no_instruction(void **state)
{
	static const char *const none[] = {"06", "0e", "27", "60", "82", "9a", "c4e4", "0f04",
		"66666666666666666666666666666690", /* longer than any instruction */
		"62f57c08 5800",                    /* half precision: not decoded here */
		"62f97d28 fe08", "62f179 28fe08"};
	uint8_t code[32] = {0};
	struct ct_instruction insn;

	(void)state;
	for (size_t i = 0; i < CT_COUNT(none); i++) {
		from_hex(none[i], code);
		assert_int_equal(ct_decode(code, sizeof(code), &insn), CT_NOT_FOUND);
	}
}

/* Any bytes: no crash, and never more than an instruction may have. */
static void rubbish(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 2000000; i++) {
		uint8_t code[16];
		struct ct_instruction insn;

		for (size_t k = 0; k < sizeof(code); k += 8) {
			seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
			memcpy(code + k, &seed, 8);
		}
		/* More often what is rare. */
		if (i % 4 == 0)
			code[0] = 0x62;
		if (ct_decode(code, sizeof(code), &insn))
			continue;
		assert_in_range(insn.length, 1, CT_MAX_INSTRUCTION);
		assert_in_range(insn.n_operands, 0, CT_MAX_OPERANDS);
	}
}

static void what_an_instruction_is(void **state)
{
	static const struct {
		const char *bytes;
		enum ct_instruction_kind kind;
		unsigned size, reg;
	} cases[] = {{"ffd0", CT_INSN_CALL, 8, RAX}, {"41ffd4", CT_INSN_CALL, 8, R12},
		{"ff5018", CT_INSN_CALL, 8, CT_NO_REG},
		{"e800000000", CT_INSN_CALL_NEAR, 8, CT_NO_REG}, {"ffe1", CT_INSN_JUMP, 8, RCX},
		{"c3", CT_INSN_RETURN, 8, CT_NO_REG}, {"f7f9", CT_INSN_DIVIDE_SIGNED, 4, RCX},
		{"48f7f1", CT_INSN_DIVIDE, 8, RCX}, {"f6f4", CT_INSN_DIVIDE, 1, RAX},
		{"66f7fb", CT_INSN_DIVIDE_SIGNED, 2, RBX},
		{"f73b", CT_INSN_DIVIDE_SIGNED, 4, CT_NO_REG},
		{"0f0b", CT_INSN_UNDEFINED, 8, CT_NO_REG}, {"cc", CT_INSN_BREAKPOINT, 8, CT_NO_REG},
		{"f4", CT_INSN_PRIVILEGED, 8, CT_NO_REG},
		{"0f3000", CT_INSN_PRIVILEGED, 8, CT_NO_REG}, {"90", CT_INSN_OTHER, 8, CT_NO_REG}};
	struct ct_instruction insn;
	uint8_t code[32] = {0};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		from_hex(cases[i].bytes, code);
		assert_int_equal(ct_decode(code, sizeof(code), &insn), CT_OK);
		assert_int_equal(insn.kind, cases[i].kind);
		assert_int_equal(insn.size, cases[i].size);
		assert_int_equal(insn.reg, cases[i].reg);
	}
}

/* Is it atomic, does it only look whether there is anything, and what does it write? */
static void what_others_see_of_it(void **state)
{
	static const struct {
		const char *bytes;
		bool atomic, probes, has_constant;
		int64_t constant;
	} cases[] = {{"f00fb10a", true, false, false, 0}, {"f0480fc70e", true, false, false, 0},
		{"8710", true, false, false, 0}, {"658600", true, false, false, 0},
		{"87d0", false, false, false, 0}, {"480fc110", false, false, false, 0},
		{"66f0ff00", true, false, false, 0}, {"8400", false, true, false, 0},
		{"4885c0", false, false, false, 0}, {"f60001", false, false, false, 0},
		{"c60002", false, false, true, 2}, {"66c7000201", false, false, true, 0x102},
		{"48c740fcffffffff", false, false, true, -1}, {"c6c002", false, false, false, 0},
		{"830002", false, false, false, 0}};
	struct ct_instruction insn;

	(void)state;
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		uint8_t code[32] = {0};

		from_hex(cases[i].bytes, code);
		assert_int_equal(ct_decode(code, sizeof(code), &insn), CT_OK);
		assert_int_equal(insn.atomic, cases[i].atomic);
		assert_int_equal(insn.probes, cases[i].probes);
		assert_int_equal(insn.has_constant, cases[i].has_constant);
		assert_int_equal(insn.constant, cases[i].constant);
	}
}

static void what_is_printed(void **state)
{
	static const char *const cases[][3] = {
		{"8b5018", "movl 0x18(%rax), %edx", "0x18(%rax)"},
		{"64488b042528000000", "movq %fs:0x28, %rax", "%fs:0x28"},
		{"48 8b44c8f8", "movq -8(%rax, %rcx, 8), %rax", "-0x8(%rax,%rcx,8)"},
		{"488b0500200000", "movq 0x2000(%rip), %rax", "0x2000(%rip)"},
		{"c3", "retq", "(%rsp)"},
		/* vpcmpeqb is not known to capstone 4.0.2. */
		{"62f17d20744701", "(bytes 62 f1 7d 20 74 47 01)", "0x20(%rdi)"},
		{"62f1fe286f4c16ff", "(bytes 62 f1 fe 28 6f 4c 16 ff)", "-0x20(%rsi,%rdx,1)"},
		{"06ff", "(bytes 06 ff 00 00 00 00 00 00)", NULL},
	};
	struct ct_arena arena;

	(void)state;
	ct_arena_init(&arena);
	for (size_t i = 0; i < CT_COUNT(cases); i++) {
		uint8_t code[32] = {0};
		struct ct_instruction insn;

		from_hex(cases[i][0], code);
		assert_string_equal(
			ct_instruction_text(&arena, code, sizeof(code), 0x1000), cases[i][1]);
		if (!cases[i][2])
			continue;
		assert_int_equal(ct_decode(code, sizeof(code), &insn), CT_OK);
		assert_string_equal(ct_operand_text(&arena, &insn.operands[0]), cases[i][2]);
	}
	ct_arena_free(&arena);
}

/* ---- against capstone ---- */

struct tally {
	size_t agreed, unknown_there, unknown_here, wrong;
};

static unsigned of_capstone(x86_reg reg)
{
	static const struct {
		x86_reg reg;
		unsigned index;
	} map[] = {{X86_REG_RAX, 0}, {X86_REG_RDX, 1}, {X86_REG_RCX, 2}, {X86_REG_RBX, 3},
		{X86_REG_RSI, 4}, {X86_REG_RDI, 5}, {X86_REG_RBP, 6}, {X86_REG_RSP, 7},
		{X86_REG_R8, 8}, {X86_REG_R9, 9}, {X86_REG_R10, 10}, {X86_REG_R11, 11},
		{X86_REG_R12, 12}, {X86_REG_R13, 13}, {X86_REG_R14, 14}, {X86_REG_R15, 15},
		{X86_REG_RIP, 16}, {X86_REG_FS, 19}, {X86_REG_GS, 20}, {X86_REG_EAX, 0},
		{X86_REG_EDX, 1}, {X86_REG_ECX, 2}, {X86_REG_EBX, 3}, {X86_REG_ESI, 4},
		{X86_REG_EDI, 5}, {X86_REG_EBP, 6}, {X86_REG_ESP, 7}, {X86_REG_R8D, 8},
		{X86_REG_R9D, 9}, {X86_REG_R10D, 10}, {X86_REG_R11D, 11}, {X86_REG_R12D, 12},
		{X86_REG_R13D, 13}, {X86_REG_R14D, 14}, {X86_REG_R15D, 15}};

	for (size_t i = 0; i < CT_COUNT(map); i++)
		if (map[i].reg == reg)
			return map[i].index;
	return CT_NO_REG;
}

/* capstone 4.0.2 takes the index register of some instructions of AVX-512 for a vector. */
static bool is_vector(x86_reg reg)
{
	return reg >= X86_REG_XMM0 && reg <= X86_REG_ZMM31;
}

/* Is there an operand of ours with the same registers and displacement? */
static bool has_same(const struct ct_instruction *insn, const x86_op_mem *mem, uint64_t size)
{
	for (unsigned i = 0; i < insn->n_operands; i++) {
		const struct ct_operand *op = &insn->operands[i];
		bool vector = is_vector(mem->index);

		if (op->base == of_capstone(mem->base) &&
			(vector || op->index == of_capstone(mem->index)) &&
			(op->index == CT_NO_REG || op->scale == mem->scale) &&
			op->segment == of_capstone(mem->segment) &&
			(op->displacement == mem->disp ||
				(op->address_bytes == 4 &&
					(int32_t)op->displacement == (int32_t)mem->disp)) &&
			(!op->size || !size || op->size == size || op->repeated))
			return true;
	}
	return false;
}

static bool sizes_are_trusted(const cs_insn *there)
{
	switch (there->id) {
	case X86_INS_FXSAVE:
	case X86_INS_FXRSTOR:
	case X86_INS_FXSAVE64:
	case X86_INS_FXRSTOR64:
	case X86_INS_LEA:
	case X86_INS_NOP:
	case X86_INS_PREFETCHT0:
	case X86_INS_PREFETCHT1:
	case X86_INS_PREFETCHT2:
	case X86_INS_PREFETCHNTA:
	case X86_INS_PREFETCHW:
		return false;
	default:
		return true;
	}
}

static bool agree(const struct ct_instruction *here, const cs_insn *there)
{
	const cs_x86 *x86 = &there->detail->x86;

	if (here->length != there->size)
		return false;
	for (int i = 0; i < x86->op_count; i++) {
		const cs_x86_op *op = &x86->operands[i];

		if (op->type == X86_OP_MEM &&
			!has_same(here, &op->mem, sizes_are_trusted(there) ? op->size : 0))
			return false;
	}
	return true;
}

static void compare(csh handle, const uint8_t *code, size_t n, uint64_t addr, struct tally *tally)
{
	cs_insn *there = cs_malloc(handle);

	while (n) {
		struct ct_instruction here;
		const uint8_t *at = code;
		size_t left = n;
		uint64_t pc = addr;
		enum ct_status status = ct_decode(code, n, &here);
		bool known = cs_disasm_iter(handle, &at, &left, &pc, there);
		size_t step = known ? there->size : !status ? here.length : 1;

		if (known && status) {
			tally->unknown_here++;
			print_message("unknown here: %llx %s %s\n", (unsigned long long)addr,
				there->mnemonic, there->op_str);
		} else if (known && !agree(&here, there)) {
			tally->wrong++;
			print_message("%llx %s %s (%u bytes; here %u, of %u)\n",
				(unsigned long long)addr, there->mnemonic, there->op_str,
				there->size, here.length,
				here.n_operands ? here.operands[0].size : 0);
		} else if (known) {
			tally->agreed++;
		} else {
			tally->unknown_there++;
		}
		code += step;
		addr += step;
		n -= step;
	}
	cs_free(there, 1);
}

static void compare_file(csh handle, const char *path, struct tally *tally)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	uint8_t *file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(file, MAP_FAILED);
	const Elf64_Ehdr *ehdr = (const void *)file;
	const Elf64_Shdr *shdr = (const void *)(file + ehdr->e_shoff);
	for (unsigned i = 0; i < ehdr->e_shnum; i++)
		if (shdr[i].sh_type == SHT_PROGBITS && shdr[i].sh_flags & SHF_EXECINSTR)
			compare(handle, file + shdr[i].sh_offset, shdr[i].sh_size, shdr[i].sh_addr,
				tally);
	munmap(file, (size_t)st.st_size);
	close(fd);
}

static int compare_module(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct tally tally = {0};

	(void)size;
	if (!strstr(info->dlpi_name, "/libc.so") && !strstr(info->dlpi_name, "/ld-linux"))
		return 0;
	compare_file(*(csh *)arg, info->dlpi_name, &tally);
	print_message("%s: %zu agree, %zu unknown to capstone, %zu unknown here, %zu differ\n",
		info->dlpi_name, tally.agreed, tally.unknown_there, tally.unknown_here,
		tally.wrong);
	assert_true(tally.agreed > 10000);
	assert_int_equal(tally.unknown_here, 0);
	assert_int_equal(tally.wrong, 0);
	return 0;
}

static void the_c_library(void **state)
{
	csh handle;

	(void)state;
	assert_int_equal(cs_open(CS_ARCH_X86, CS_MODE_64, &handle), CS_ERR_OK);
	cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
	dl_iterate_phdr(compare_module, &handle);
	cs_close(&handle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_manual_says),
		cmocka_unit_test(what_ends_too_early),
		cmocka_unit_test(what_is_no_instruction),
		cmocka_unit_test(rubbish),
		cmocka_unit_test(what_an_instruction_is),
		cmocka_unit_test(what_others_see_of_it),
		cmocka_unit_test(what_is_printed),
		cmocka_unit_test(the_c_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
