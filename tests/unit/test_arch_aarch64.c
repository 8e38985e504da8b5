/* SPDX-License-Identifier: Apache-2.0 */
/* What 64-bit ARM makes of notes and registers, from bytes written by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/arch.h"

#define POINTER      UINT64_C(0xffff8a4f1000)
#define RESULT_EINTR UINT64_C(-4)

/* A core of one thread of a 64-bit ARM process, byte by byte. */
static const uint8_t arm_header[] = {
	/* e_ident, ET_CORE, EM_AARCH64, version */
	0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0xb7, 0, 1, 0, 0, 0,
	/* e_entry, e_phoff = 64, e_shoff */
	0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	/* e_flags, e_ehsize, e_phentsize, e_phnum = 2, no sections */
	0, 0, 0, 0, 64, 0, 56, 0, 2, 0, 0, 0, 0, 0, 0, 0,
	/* PT_NOTE at 0xb0, 0x1f4 bytes */
	4, 0, 0, 0, 0, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0xf4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0,
	/* PT_LOAD, readable and executable, at 0x2c0, address 0x401000, 32 bytes */
	1, 0, 0, 0, 5, 0, 0, 0, 0xc0, 2, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};

/* Note headers: sizes of name and descriptor, type, name. */
static const uint8_t arm_prstatus_note[] = {
	5, 0, 0, 0, 0x88, 1, 0, 0, 1, 0, 0, 0, 'C', 'O', 'R', 'E', 0, 0, 0, 0};
static const uint8_t arm_tls_note[] = {6, 0, 0, 0, 8, 0, 0, 0, 1, 4, 0, 0, 'L', 'I', 'N', 'U', 'X',
	0, 0, 0,
	/* tpidr_el0 = 0xffff8a2c1740 */
	0x40, 0x17, 0x2c, 0x8a, 0xff, 0xff, 0, 0};
static const uint8_t arm_pac_note[] = {6, 0, 0, 0, 16, 0, 0, 0, 6, 4, 0, 0, 'L', 'I', 'N', 'U', 'X',
	0, 0, 0,
	/* data_mask, insn_mask: user addresses of 48 bits */
	0, 0, 0, 0, 0, 0, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0x7f, 0};
static const uint8_t arm_call_note[] = {6, 0, 0, 0, 4, 0, 0, 0, 4, 4, 0, 0, 'L', 'I', 'N', 'U', 'X',
	0, 0, 0,
	/* -1 also for a blocked thread */
	0xff, 0xff, 0xff, 0xff};
static const uint8_t arm_code[CT_ARCH_CODE] = {
	0xe0, 0x03, 0x14, 0xaa, /* mov x0, x20 */
	0x48, 0x0c, 0x80, 0xd2, /* mov x8, #98 (futex) */
	0xe1, 0x03, 0x15, 0xaa, /* mov x1, x21 */
	0x02, 0x00, 0x80, 0xd2, /* mov x2, #0 */
	0x01, 0x00, 0x00, 0xd4, /* 401010: svc #0 */
	0x1f, 0x04, 0x40, 0xb1, /* cmn x0, #1, lsl #12 */
	0xc0, 0x03, 0x5f, 0xd6, /* ret */
	0x1f, 0x20, 0x03, 0xd5, /* nop */
};

enum { ARM_SP = 31, ARM_PC = 32, ARM_PSTATE = 33, N_ARM_REGS };

#define ARM_TP   UINT64_C(0xffff8a2c1740)
#define ARM_SVC  UINT64_C(0x401010)
#define ARM_WORD UINT64_C(0xffff8a4f0040)

/* struct elf_prstatus: pr_cursig at 12, pr_pid at 32, x0 to x30, sp, pc, pstate from 112 on. */
static void arm_prstatus(const uint64_t regs[N_ARM_REGS], uint8_t desc[392])
{
	static const uint8_t signal[] = {6, 0}, pid[] = {0x39, 0x30, 0, 0};

	memset(desc, 0, 392);
	memcpy(desc + 12, signal, sizeof(signal));
	memcpy(desc + 32, pid, sizeof(pid));
	memcpy(desc + 112, regs, N_ARM_REGS * 8);
}

static void arm_regs(const uint64_t user[N_ARM_REGS], struct ct_regs *ret)
{
	uint8_t desc[392];

	arm_prstatus(user, desc);
	assert_true(ct_arch_aarch64.from_prstatus(desc, sizeof(desc), ret));
}

static void write_arm_core(FILE *file)
{
	uint64_t user[N_ARM_REGS];
	uint8_t desc[392];

	for (unsigned i = 0; i < N_ARM_REGS; i++)
		user[i] = 0x1000 + i;
	user[ARM_PC] = ARM_SVC;
	arm_prstatus(user, desc);
	fwrite(arm_header, sizeof(arm_header), 1, file);
	fwrite(arm_prstatus_note, sizeof(arm_prstatus_note), 1, file);
	fwrite(desc, sizeof(desc), 1, file);
	fwrite(arm_tls_note, sizeof(arm_tls_note), 1, file);
	fwrite(arm_pac_note, sizeof(arm_pac_note), 1, file);
	fwrite(arm_call_note, sizeof(arm_call_note), 1, file);
	assert_true(ftell(file) <= 0x2c0);
	fseek(file, 0x2c0, SEEK_SET);
	fwrite(arm_code, sizeof(arm_code), 1, file);
	assert_int_equal(fflush(file), 0);
}

static void test_core(void **state)
{
	char path[] = "/tmp/test_arch.XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "wb");
	const struct ct_arch *arch = &ct_arch_aarch64;
	struct ct_options options = {0};
	struct ct_process process;
	struct ct_source source;
	struct ct_thread thread;
	struct ct_error err;
	size_t cur = 0;
	uint8_t code[CT_ARCH_CODE];

	(void)state;
	assert_non_null(file);
	write_arm_core(file);
	assert_int_equal(ct_core_open(path, &options, &source, &err), CT_OK);
	fclose(file);
	unlink(path);
	assert_int_equal(source.ops->process(source.self, &process), CT_OK);
	assert_ptr_equal(process.arch, arch);
	assert_int_equal(source.ops->next_thread(source.self, &cur, &thread), CT_OK);
	assert_int_equal(thread.lwp, 12345);
	assert_int_equal(thread.signal, 6);
	assert_int_equal(ct_reg(thread.regs, arch->sp), 0x1000 + ARM_SP);
	assert_int_equal(ct_reg(thread.regs, arch->pc), ARM_SVC);
	assert_int_equal(arch->thread_pointer(thread.regs), ARM_TP);
	assert_int_equal(arch->pac_mask(thread.regs), UINT64_C(0x007f000000000000));
	assert_int_equal(
		source.ops->read(source.self, ARM_SVC - CT_ARCH_CODE_BEFORE, code, sizeof(code)),
		CT_OK);
	assert_memory_equal(code, arm_code, sizeof(code));
	assert_int_equal(source.ops->next_thread(source.self, &cur, &thread), CT_DONE);
	source.ops->close(source.self);
}

static void test_registers(void **state)
{
	const struct ct_arch *arch = &ct_arch_aarch64;
	uint64_t user[N_ARM_REGS];
	uint8_t desc[392] = {0};
	struct ct_regs regs;

	(void)state;
	for (unsigned i = 0; i < N_ARM_REGS; i++)
		user[i] = 0x1000 + i;
	arm_regs(user, &regs);
	assert_int_equal(arch->n_dwarf, 33);
	for (unsigned i = 0; i < arch->n_dwarf; i++)
		assert_int_equal(ct_reg(&regs, arch->dwarf_to_reg[i]), 0x1000 + i);
	assert_int_equal(ct_reg(&regs, arch->sp), 0x1000 + 31);
	assert_int_equal(ct_reg(&regs, arch->pc), 0x1000 + 32);
	assert_int_equal(ct_reg(&regs, arch->fp), 0x1000 + 29);
	assert_int_equal(ct_reg(&regs, arch->ret), 0x1000 + 30);
	assert_true(arch->link_register);
	assert_int_equal(arch->thread_pointer(&regs), 0);
	assert_int_equal(arch->pac_mask(&regs), 0);
	assert_true(arch->n_regs <= CT_MAX_REGS);
	assert_int_equal(arch->preserved & UINT64_C(0x1ffffffff), UINT64_C(0x7ff80000));
	assert_false(arch->from_prstatus(desc, sizeof(desc) - 1, &regs));
}

static void test_notes(void **state)
{
	const struct ct_arch *arch = &ct_arch_aarch64;
	struct ct_regs regs = {0};

	(void)state;
	assert_false(arch->from_note(0x401, arm_tls_note + 20, 7, &regs));
	assert_false(arch->from_note(0x406, arm_pac_note + 20, 15, &regs));
	assert_false(arch->from_note(0x404, arm_call_note + 20, 4, &regs));
	assert_int_equal(regs.known, 0);
	assert_true(arch->from_note(0x401, arm_tls_note + 20, 8, &regs));
	assert_true(arch->from_note(0x406, arm_pac_note + 20, 16, &regs));
	assert_int_equal(arch->thread_pointer(&regs), ARM_TP);

	uint64_t mask = arch->pac_mask(&regs);
	assert_int_equal(
		arch->strip(UINT64_C(0x0035ffff8a4f0040), mask), UINT64_C(0x0000ffff8a4f0040));
	assert_int_equal(
		arch->strip(UINT64_C(0x0000ffff8a4f0040), mask), UINT64_C(0x0000ffff8a4f0040));
	assert_int_equal(
		arch->strip(UINT64_C(0x0035ffff8a4f0040), 0), UINT64_C(0x0035ffff8a4f0040));
	assert_int_equal(
		arch->strip(UINT64_C(0xff80ffff8a4f0040), mask), UINT64_C(0xffffffff8a4f0040));
}

/* Registers of a thread in futex(ARM_WORD, op, …) that is to start again. */
static void arm_futex(uint64_t number, uint64_t user[N_ARM_REGS])
{
	memset(user, 0, N_ARM_REGS * 8);
	user[0] = ARM_WORD;
	user[1] = 0x189;
	user[3] = ARM_WORD + 0x100;
	user[5] = UINT32_MAX;
	user[8] = number;
	user[ARM_PC] = ARM_SVC;
}

static void test_blocked(void **state)
{
	uint64_t user[N_ARM_REGS];
	struct ct_syscall call;
	struct ct_regs regs;

	(void)state;
	arm_futex(98, user);
	arm_regs(user, &regs);
	assert_true(ct_arch_aarch64.blocked(&regs, arm_code, NULL, &call));
	assert_int_equal(call.number, 98);
	assert_true(call.number_known);
	assert_false(call.restarted);
	assert_int_equal(call.args_known, CT_ALL_ARGS);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(call.args[i], user[i]);

	assert_false(ct_arch_aarch64.blocked(&regs, NULL, NULL, &call));
	uint8_t no_svc[CT_ARCH_CODE] = {0};
	assert_false(ct_arch_aarch64.blocked(&regs, no_svc, NULL, &call));
	user[ARM_PC] += 2;
	arm_regs(user, &regs);
	assert_false(ct_arch_aarch64.blocked(&regs, arm_code, NULL, &call));
}

/* epoll_pwait: pc is behind svc and x0, once the descriptor, has become -EINTR. */
static void test_gave_up(void **state)
{
	uint64_t user[N_ARM_REGS] = {RESULT_EINTR, POINTER, 10, (uint64_t)-1, 0, 8, [8] = 22};
	uint8_t code[CT_ARCH_CODE];
	struct ct_syscall call;
	struct ct_regs regs;

	(void)state;
	memcpy(code, arm_code + 4, sizeof(code) - 4);
	memset(code + sizeof(code) - 4, 0, 4);
	user[ARM_PC] = ARM_SVC + 4;
	arm_regs(user, &regs);
	assert_true(ct_arch_aarch64.blocked(&regs, code, NULL, &call));
	assert_int_equal(call.number, 22);
	assert_int_equal(call.args_known, 0x3e);
	assert_int_equal(call.args[0], 0);
	assert_int_equal(call.args[1], POINTER);
	assert_int_equal(call.args[3], (uint64_t)-1);

	user[0] = (uint64_t)-11; /* any other result: the call is over */
	arm_regs(user, &regs);
	assert_false(ct_arch_aarch64.blocked(&regs, code, NULL, &call));
}

static void test_restarted(void **state)
{
	uint64_t user[N_ARM_REGS];
	uint8_t code[CT_ARCH_CODE];
	struct ct_syscall call;
	struct ct_regs regs;

	(void)state;
	arm_futex(128, user);
	arm_regs(user, &regs);
	assert_true(ct_arch_aarch64.blocked(&regs, arm_code, NULL, &call));
	assert_true(call.restarted);
	assert_true(call.number_known);
	assert_int_equal(call.number, 98);

	memcpy(code, arm_code, sizeof(code));
	code[7] = 0x52; /* mov w8, #98 */
	assert_true(ct_arch_aarch64.blocked(&regs, code, NULL, &call));
	assert_int_equal(call.number, 98);
	code[4] = 0x49; /* mov w9: the number is not told */
	assert_true(ct_arch_aarch64.blocked(&regs, code, NULL, &call));
	assert_false(call.number_known);
	assert_int_equal(call.number, 128);

	user[3] = 0; /* a futex without a timeout does not restart so */
	arm_regs(user, &regs);
	assert_true(ct_arch_aarch64.blocked(&regs, arm_code, NULL, &call));
	assert_false(call.number_known);
}

static bool after_call(uint32_t word)
{
	uint8_t code[CT_ARCH_CODE_BEFORE] = {0};

	memcpy(code + sizeof(code) - sizeof(word), &word, sizeof(word));
	return ct_arch_aarch64.after_call(code);
}

static void test_after_call(void **state)
{
	(void)state;
	assert_true(after_call(0x97fffff0));  /* bl, backwards */
	assert_true(after_call(0xd63f0060));  /* blr x3 */
	assert_true(after_call(0xd63f087f));  /* blraaz x3 */
	assert_true(after_call(0xd73f0c64));  /* blrab x3, x4 */
	assert_false(after_call(0x17fffff0)); /* b */
	assert_false(after_call(0xd61f0060)); /* br x3 */
	assert_false(after_call(0xd65f03c0)); /* ret */
	assert_false(after_call(0xd4000001)); /* svc #0 */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_core),
		cmocka_unit_test(test_registers),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_blocked),
		cmocka_unit_test(test_gave_up),
		cmocka_unit_test(test_restarted),
		cmocka_unit_test(test_after_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
