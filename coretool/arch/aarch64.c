/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 64-bit ARM Linux. Registers have their DWARF numbers (AAPCS64) up to pc; then what the kernel
 * adds. Before a thread stops or dumps core in a call that is to start again, the kernel puts pc
 * back to the svc instruction and x0 back to the first argument (arch/arm64/kernel/signal.c,
 * do_signal; read in 6.x sources, not seen on hardware): a blocked thread looks as if it was about
 * to make its call.
 */
#include <elf.h>

#include "arch/arch.h"
#include "arch/restart.h"
#include "arch/syscalls_aarch64.h"

enum {
	X0 = 0,
	X8 = 8,
	FP = 29,
	LR = 30,
	SP,
	PC,
	PSTATE,
	TPIDR,
	PAC_DATA_MASK,
	PAC_CODE_MASK,
	N_REGS
};

#define PRSTATUS_SIZE   392
#define PRSTATUS_REGS   112
#define RESTART_SYSCALL 128
#define INSTRUCTION     4
#define SVC             0xd4000001u
/* movz of register 8 with an unshifted immediate: x8 and w8 differ in the top bit only. */
#define MOVZ_8      0x52800008u
#define MOVZ_8_BITS 0x7fe0001fu
/*
 * The bit of an address that tells its half; above the bits of an address are only signatures and
 * tags.
 */
#define KERNEL_HALF (UINT64_C(1) << 55)

/*
 * x19 to x29 are the callee's to restore; a leaf leaves its return address in x30; the rest is the
 * thread's.
 */
#define BITS(first, last) ((UINT64_C(1) << ((last) + 1)) - (UINT64_C(1) << (first)))
#define PRESERVED         (BITS(19, LR) | BITS(TPIDR, PAC_CODE_MASK))

static const uint8_t dwarf_to_reg[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17,
	18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, FP, LR, SP, PC};

static const char *const gdb_regs[N_REGS] = {"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8",
	"x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",
	"x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp", "pc", "cpsr", "tpidr",
	"pauth_dmask", "pauth_cmask"};

/* struct user_pt_regs is x0 to x30, sp, pc and pstate: our own order. */
static bool from_prstatus(const void *desc, size_t size, struct ct_regs *ret)
{
	if (size < PRSTATUS_SIZE)
		return false;
	*ret = (struct ct_regs){0};
	for (unsigned i = 0; i <= PSTATE; i++) {
		uint64_t value;

		memcpy(&value, (const char *)desc + PRSTATUS_REGS + 8 * (size_t)i, sizeof(value));
		ct_reg_set(ret, i, value);
	}
	return true;
}

/* NT_ARM_TLS may go on with tpidr2_el0 (where there is SME), which is none of ours. */
static bool from_note(uint32_t type, const void *desc, size_t size, struct ct_regs *regs)
{
	uint64_t values[2];

	switch (type) {
	case NT_ARM_TLS:
		if (size < sizeof(values[0]))
			return false;
		memcpy(values, desc, sizeof(values[0]));
		ct_reg_set(regs, TPIDR, values[0]);
		return true;
	case NT_ARM_PAC_MASK:
		if (size < sizeof(values))
			return false;
		memcpy(values, desc, sizeof(values));
		ct_reg_set(regs, PAC_DATA_MASK, values[0]);
		ct_reg_set(regs, PAC_CODE_MASK, values[1]);
		return true;
	default:
		return false;
	}
}

static uint32_t instruction(const uint8_t *code)
{
	uint32_t word;

	memcpy(&word, code, sizeof(word));
	return word;
}

/*
 * Once the kernel has started a call again x8 is restart_syscall's number, also in what it shows at
 * a second stop. The number that it replaced is the constant that the code loads last before svc.
 */
static bool number_in_code(const uint8_t *code, int64_t *ret)
{
	for (size_t at = CT_ARCH_CODE_BEFORE; at > 0;) {
		at -= INSTRUCTION;
		uint32_t word = instruction(code + at);

		if ((word & MOVZ_8_BITS) == MOVZ_8) {
			*ret = word >> 5 & 0xffff;
			return true;
		}
	}
	return false;
}

static bool blocked(const struct ct_regs *regs, const uint8_t *code, const uint8_t *stack,
	struct ct_syscall *ret)
{
	int64_t number = (int32_t)ct_reg(regs, X8);

	(void)stack;
	if (!code || number < 0 || ct_reg(regs, PC) % INSTRUCTION != 0)
		return false;
	bool again = instruction(code + CT_ARCH_CODE_BEFORE) == SVC;
	/*
	 * A call that gives up at any signal has come back, with EINTR in place of its first
	 * argument.
	 */
	bool gave_up = instruction(code + CT_ARCH_CODE_BEFORE - INSTRUCTION) == SVC &&
		       (int64_t)ct_reg(regs, X0) == -4;
	if (!again && !gave_up)
		return false;
	*ret = (struct ct_syscall){.number = number, .number_known = true};
	ret->args_known = again ? CT_ALL_ARGS : CT_ALL_ARGS & ~1;
	for (unsigned i = 0; i < CT_COUNT(ret->args); i++)
		ret->args[i] = ret->args_known >> i & 1 ? ct_reg(regs, X0 + i) : 0;
	if (number == RESTART_SYSCALL) {
		ret->restarted = true;
		ret->number_known = again && number_in_code(code, &number) &&
				    ct_restart_fits(&ct_arch_aarch64, number, ret->args);
		if (ret->number_known)
			ret->number = number;
	}
	return true;
}

static uint64_t thread_pointer(const struct ct_regs *regs)
{
	return ct_reg(regs, TPIDR);
}

static uint64_t strip(uint64_t pc, uint64_t mask)
{
	return pc & KERNEL_HALF ? pc | mask : pc & ~mask;
}

static uint64_t pac_mask(const struct ct_regs *regs)
{
	return ct_reg(regs, PAC_CODE_MASK);
}

/* bl, or blr in one of its forms: with an authenticated address or without. */
static bool after_call(const uint8_t *code)
{
	uint32_t word = instruction(code + CT_ARCH_CODE_BEFORE - INSTRUCTION);

	return (word & 0xfc000000u) == 0x94000000u || (word & 0xfefff000u) == 0xd63f0000u;
}

const struct ct_arch ct_arch_aarch64 = {
	.name = "aarch64",
	.gdb_name = "aarch64",
	.gdb_regs = gdb_regs,
	.e_machine = EM_AARCH64,
	.prstatus_size = PRSTATUS_SIZE,
	.prstatus_pid = 32,
	.from_prstatus = from_prstatus,
	.from_note = from_note,
	.dwarf_to_reg = dwarf_to_reg,
	.n_dwarf = CT_COUNT(dwarf_to_reg),
	.n_regs = N_REGS,
	.sp = SP,
	.pc = PC,
	.fp = FP,
	.ret = LR,
	.blocked = blocked,
	.thread_pointer = thread_pointer,
	.strip = strip,
	.pac_mask = pac_mask,
	.syscalls = ct_syscalls_aarch64,
	.n_syscalls = CT_COUNT(ct_syscalls_aarch64),
	.link_register = true,
	.preserved = PRESERVED,
	.after_call = after_call,
};
