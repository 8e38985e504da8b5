/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x86-64 Linux. Registers have their DWARF numbers (System V ABI) up to rip; then what the kernel
 * adds. What a blocked thread shows (kernel 6.18, both kernel cores and gcore): all six arguments
 * intact, rax one of the restart codes, rip just behind the syscall instruction, rcx = rip.
 */
#include <elf.h>
#include <signal.h>

#include "arch/arch.h"
#include "arch/restart.h"
#include "arch/syscalls_x86_64.h"

enum {
	RAX,
	RDX,
	RCX,
	RBX,
	RSI,
	RDI,
	RBP,
	RSP,
	R8,
	R9,
	R10,
	R11,
	R12,
	R13,
	R14,
	R15,
	RIP,
	ORIG_RAX,
	EFLAGS,
	FS_BASE,
	GS_BASE,
	N_REGS
};

#define BIT(reg)        (UINT64_C(1) << (reg))
#define PRSTATUS_SIZE   336
#define PRSTATUS_REGS   112
#define SYSCALL_SIZE    2 /* bytes of the instruction */
#define RESTART_SYSCALL 219
#define RESTARTED       (-512) /* ERESTARTSYS */
#define RESTARTED_LATER (-516) /* ERESTART_RESTARTBLOCK: through restart_syscall */
#define CANCELHANDLING  776    /* of struct pthread in glibc 2.31 to 2.43 */
#define MUSL_CANCEL     0x3c

/* The order of struct user_regs_struct (sys/user.h). */
static const int8_t user_regs[] = {R15, R14, R13, R12, RBP, RBX, R11, R10, R9, R8, RAX, RCX, RDX,
	RSI, RDI, ORIG_RAX, RIP, -1, EFLAGS, RSP, -1, FS_BASE, GS_BASE};

static const uint8_t dwarf_to_reg[] = {
	RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP, R8, R9, R10, R11, R12, R13, R14, R15, RIP};

static const char *const gdb_regs[N_REGS] = {"rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp",
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip", "orig_rax", "eflags",
	"fs_base", "gs_base"};

static bool from_prstatus(const void *desc, size_t size, struct ct_regs *ret)
{
	if (size < PRSTATUS_SIZE)
		return false;
	*ret = (struct ct_regs){0};
	for (size_t i = 0; i < CT_COUNT(user_regs); i++) {
		uint64_t value;

		if (user_regs[i] < 0)
			continue;
		memcpy(&value, (const char *)desc + PRSTATUS_REGS + 8 * i, sizeof(value));
		ct_reg_set(ret, (unsigned)user_regs[i], value);
	}
	return true;
}

/*
 * -4 EINTR (epoll_wait and sigtimedwait give it up to any signal) and the kernel's restart codes. A
 * call that has come back shows its result instead.
 */
static bool is_restart_code(int64_t rax)
{
	return rax == -4 || rax == -512 || rax == -513 || rax == -514 || rax == RESTARTED_LATER;
}

/* What glibc 2.31 has between loading futex's number and the call: the making of its op in esi. */
static const struct {
	uint8_t length, same; /* bytes of it, and how many of these are always the same */
	uint8_t bytes[6];
} op_makers[] = {
	{4, 3, {0x40, 0x80, 0xf6}},                   /* xor $imm8,%sil */
	{6, 6, {0x81, 0xe6, 0x80, 0x00, 0x00, 0x00}}, /* and $0x80,%esi */
};

/* code is what stands before pc: it ends with the syscall instruction. False: no constant is loaded
 * before. */
static bool number_in_code(const uint8_t *code, int64_t *ret)
{
	static const uint8_t mov_rax[] = {0x48, 0xc7, 0xc0};
	const uint8_t *end = code + CT_ARCH_CODE_BEFORE - 2;
	uint32_t number;

	for (size_t i = 0; i < CT_COUNT(op_makers); i++)
		if (!memcmp(end - op_makers[i].length, op_makers[i].bytes, op_makers[i].same)) {
			end -= op_makers[i].length;
			break;
		}
	if (end[-5] != 0xb8 && memcmp(end - 7, mov_rax, sizeof(mov_rax)) != 0)
		return false;
	memcpy(&number, end - 4, sizeof(number));
	*ret = number;
	return true;
}

struct candidates { /* for the number of a restarted call */
	unsigned n;
	int64_t number;
};

static void add_candidate(struct candidates *c, int64_t number, const uint64_t args[6])
{
	if (!ct_restart_fits(&ct_arch_x86_64, number, args) || (c->n && c->number == number))
		return;
	c->n++;
	c->number = number;
}

/*
 * glibc 2.41 and later make cancellable calls in __syscall_cancel_arch, musl in __syscall_cp_asm.
 * Their last instruction before the call leaves the address of the thread's cancellation flag at
 * rsp+8, by which they can be told apart. glibc's caller has the number at rsp+40 (2.41) or rsp+56
 * (2.43); musl's needs it after the call, and so keeps it in a register that calls preserve.
 */
static bool number_on_stack(const struct ct_regs *regs, const uint8_t *code, const uint8_t *stack,
	const uint64_t args[6], int64_t *ret)
{
	static const uint8_t mov_r11_to_stack[] = {0x4c, 0x89, 0x5c, 0x24, 0x08, 0x0f, 0x05};
	static const uint8_t slots[] = {40, 56}, kept[] = {RBX, RBP, R12, R13, R14, R15};
	struct candidates found = {0};
	uint64_t flag;

	if (code && memcmp(code + CT_ARCH_CODE_BEFORE - sizeof(mov_r11_to_stack), mov_r11_to_stack,
			    sizeof(mov_r11_to_stack)) != 0)
		return false;
	memcpy(&flag, stack + 8, sizeof(flag));
	if (flag == ct_reg(regs, FS_BASE) + CANCELHANDLING) {
		for (size_t i = 0; i < CT_COUNT(slots); i++) {
			int64_t slot;

			memcpy(&slot, stack + slots[i], sizeof(slot));
			add_candidate(&found, slot, args);
		}
	} else if (flag == ct_reg(regs, FS_BASE) + MUSL_CANCEL) {
		for (size_t i = 0; i < CT_COUNT(kept); i++)
			add_candidate(&found, (int64_t)ct_reg(regs, kept[i]), args);
	}
	*ret = found.number;
	return found.n == 1;
}

/*
 * restart_syscall hides the number of the call, never its arguments. glibc up to 2.40 loads it
 * right before the instruction; so do most other callers.
 */
static void recover_number(const struct ct_regs *regs, const uint8_t *code, const uint8_t *stack,
	struct ct_syscall *call)
{
	int64_t number;

	call->restarted = true;
	call->number_known = false;
	if ((int64_t)ct_reg(regs, RAX) != RESTARTED_LATER)
		return;
	if (code && number_in_code(code, &number)) {
		if (!ct_restart_fits(&ct_arch_x86_64, number, call->args))
			return;
	} else if ((!stack || !number_on_stack(regs, code, stack, call->args, &number)) &&
		   !ct_restart_only(&ct_arch_x86_64, call->args, &number)) {
		return;
	}
	call->number = number;
	call->number_known = true;
}

/* Do CT_ARCH_CODE_BEFORE bytes of code end with the instruction for a system call? */
static bool ends_with_syscall(const uint8_t *code)
{
	return code[CT_ARCH_CODE_BEFORE - 2] == 0x0f && code[CT_ARCH_CODE_BEFORE - 1] == 0x05;
}

static struct ct_syscall call_with(const struct ct_regs *regs, int64_t number)
{
	static const uint8_t args[] = {RDI, RSI, RDX, R10, R8, R9};
	struct ct_syscall ret = {.number = number, .number_known = true, .args_known = CT_ALL_ARGS};

	for (size_t i = 0; i < CT_COUNT(args); i++)
		ret.args[i] = ct_reg(regs, args[i]);
	return ret;
}

/* Who stops a thread twice in a row may find it on its way back into the call, at the instruction:
 * the kernel has put the number into rax. Whoever is there by itself has none in orig_rax. */
static bool is_on_its_way_back(const struct ct_regs *regs, const uint8_t *code, int64_t number)
{
	uint64_t rax = ct_reg(regs, RAX), next = ct_reg(regs, RIP) + SYSCALL_SIZE;

	return (rax == (uint64_t)number || rax == RESTART_SYSCALL) && number != RESTART_SYSCALL &&
	       ct_reg(regs, RCX) == next && (!code || ends_with_syscall(code + SYSCALL_SIZE));
}

static bool blocked(const struct ct_regs *regs, const uint8_t *code, const uint8_t *stack,
	struct ct_syscall *ret)
{
	int64_t number = (int32_t)ct_reg(regs, ORIG_RAX);

	if (number >= 0 && is_on_its_way_back(regs, code, number)) {
		*ret = call_with(regs, number);
		return true;
	}
	if (number < 0 || !is_restart_code((int64_t)ct_reg(regs, RAX)))
		return false;
	/* Text is not in every core; without it rcx tells: the instruction put rip there. */
	bool after_syscall =
		code ? ends_with_syscall(code) : ct_reg(regs, RCX) == ct_reg(regs, RIP);
	if (!after_syscall)
		return false;
	*ret = call_with(regs, number);
	if (number == RESTART_SYSCALL)
		recover_number(regs, code, stack, ret);
	return true;
}

/* arch_do_signal_or_restart() of arch/x86/kernel/signal.c: back to the instruction, with the number
 * in rax. A call that ends with EINTR instead has no number any more. */
static bool back_in_call(const struct ct_regs *thread, const uint8_t *code, struct ct_regs *regs)
{
	static const uint8_t needed[] = {RAX, RDI, RSI, RDX, R10, R8, R9, RSP, RIP};

	ct_reg_set(regs, ORIG_RAX, UINT64_MAX);
	for (size_t i = 0; i < CT_COUNT(needed); i++)
		if (!(regs->known & BIT(needed[i])))
			return false;
	if (code[0] != 0x0f || code[1] != 0x05)
		return false;
	ct_reg_set(regs, ORIG_RAX, ct_reg(regs, RAX));
	ct_reg_set(regs, RAX, (uint64_t)RESTARTED);
	ct_reg_set(regs, RIP, ct_reg(regs, RIP) + 2);
	ct_reg_set(regs, RCX, ct_reg(regs, RIP));
	ct_reg_set(regs, FS_BASE, ct_reg(thread, FS_BASE));
	ct_reg_set(regs, GS_BASE, ct_reg(thread, GS_BASE));
	return true;
}

/* Whoever has run since has no number there, unless rcx still was as the instruction left it. */
static bool returning(const struct ct_regs *regs, struct ct_syscall *ret, uint64_t *result)
{
	int64_t number = (int32_t)ct_reg(regs, ORIG_RAX);

	if (number < 0 || ct_reg(regs, RCX) != ct_reg(regs, RIP))
		return false;
	*ret = call_with(regs, number);
	*result = ct_reg(regs, RAX);
	return true;
}

/* The kernel puts the number back where it was taken from (syscall_rollback). */
static bool refused(const struct ct_regs *regs, const uint8_t *code, struct ct_syscall *ret)
{
	int64_t number = (int32_t)ct_reg(regs, ORIG_RAX);

	if (number < 0)
		number = (int32_t)ct_reg(regs, RAX);
	if (number < 0 || !ends_with_syscall(code))
		return false;
	*ret = call_with(regs, number);
	return true;
}

static uint64_t thread_pointer(const struct ct_regs *regs)
{
	return ct_reg(regs, FS_BASE);
}

static uint64_t strip(uint64_t pc, uint64_t mask)
{
	(void)mask;
	return pc;
}

static uint64_t pac_mask(const struct ct_regs *regs)
{
	(void)regs;
	return 0;
}

/* The length of an instruction from its opcode ff to its end, by its ModRM and SIB bytes. */
static size_t length_of_ff(const uint8_t *at)
{
	static const uint8_t displacement[] = {0, 1, 4, 0};
	uint8_t mod = at[1] >> 6, rm = at[1] & 7;
	bool sib = mod != 3 && rm == 4;
	uint8_t base = sib ? at[2] & 7 : rm;

	return 2 + sib + (mod == 0 && base == 5 ? 4 : displacement[mod]);
}

/* addr, plus the 32 bits with a sign at code. */
static uint64_t relative(const uint8_t *code, uint64_t addr)
{
	int32_t offset;

	memcpy(&offset, code, sizeof(offset));
	return addr + (uint64_t)(int64_t)offset;
}

/* ff /2: a call through a register or memory. Prefixes stand before it and do not matter. */
static bool after_indirect_call(const uint8_t *end)
{
	for (size_t len = 2; len <= 7; len++) {
		const uint8_t *at = end - len;

		if (at[0] == 0xff && (at[1] >> 3 & 7) == 2 && length_of_ff(at) == len)
			return true;
	}
	return false;
}

/* That, or call rel32. */
static bool after_call(const uint8_t *code)
{
	const uint8_t *end = code + CT_ARCH_CODE_BEFORE;

	return end[-5] == 0xe8 || after_indirect_call(end);
}

/* call *disp32(%rip); call rel32, unless its last bytes could be a shorter call. */
static struct ct_call call_target(const uint8_t *code, uint64_t addr)
{
	const uint8_t *end = code + CT_ARCH_CODE_BEFORE;

	if (end[-6] == 0xff && end[-5] == 0x15)
		return (struct ct_call){.slot = relative(end - 4, addr)};
	if (end[-5] != 0xe8 || after_indirect_call(end))
		return (struct ct_call){0};
	return (struct ct_call){.target = relative(end - 4, addr)};
}

/* [endbr64] [bnd] jmp *disp32(%rip) */
static uint64_t stub_slot(const uint8_t *code, uint64_t addr)
{
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
	const uint8_t *at = code;

	if (!memcmp(at, endbr64, sizeof(endbr64)))
		at += sizeof(endbr64);
	if (*at == 0xf2)
		at++;
	if (at[0] != 0xff || at[1] != 0x25)
		return 0;
	return relative(at + 2, addr + (uint64_t)(at + 6 - code));
}

/*
 * pthread_spin_lock of glibc 2.31 to 2.43 and of musl 1.2: the argument stays where it is. What
 * comes behind the instruction that takes the lock looks the same to who got it and to who did not,
 * but for the zero flag, or what was read.
 */
static bool spins(const struct ct_regs *regs, const uint8_t *code, uint64_t *lock)
{
	static const struct {
		uint8_t bytes[4], n;
	} in_loop[] = {
		{{0xf3, 0x90}, 2},             /* pause */
		{{0xf0, 0xff, 0x0f}, 3},       /* lock decl (%rdi) */
		{{0xf0, 0x0f, 0xb1, 0x17}, 4}, /* lock cmpxchg %edx, (%rdi) */
		{{0x83, 0x3f, 0x00}, 3},       /* cmpl $0, (%rdi) */
		{{0x39, 0x07}, 2},             /* cmp %eax, (%rdi) */
		{{0x8b, 0x07}, 2},             /* mov (%rdi), %eax */
		{{0x7e}, 1}, {{0x7f}, 1},      /* jle, jg: behind a comparison */
		{{0xeb}, 1},                   /* jmp */
	};
	const uint8_t jne = 0x75, test_eax[] = {0x85, 0xc0};
	const uint64_t zero_flag = 0x40;
	bool ret = false;

	for (size_t i = 0; i < CT_COUNT(in_loop); i++)
		ret |= !memcmp(code, in_loop[i].bytes, in_loop[i].n);
	if (*code == jne)
		ret = !(ct_reg(regs, EFLAGS) & zero_flag);
	else if (!memcmp(code, test_eax, sizeof(test_eax)))
		ret = (uint32_t)ct_reg(regs, RAX);
	*lock = ret ? ct_reg(regs, RDI) : *lock;
	return ret;
}

static uint64_t word_at(const uint8_t *frame, size_t at)
{
	uint64_t ret;

	memcpy(&ret, frame + at, sizeof(ret));
	return ret;
}

/*
 * struct ucontext, then for handlers with SA_SIGINFO a siginfo_t (arch/x86/include/asm/sigframe.h,
 * uapi/asm/sigcontext.h). The kernel stores what it knows of the thread's last trap in any case.
 */
static bool trap(const uint8_t *frame, struct ct_trap *ret)
{
	enum { ERROR = 192, NUMBER = 200, CR2 = 216, SIGINFO = 304 };
	enum { DIVIDE = 0, BREAKPOINT = 3, UNDEFINED = 6, PROTECTION = 13, PAGE = 14 };
	bool present = word_at(frame, ERROR) & 1;
	uint64_t address = word_at(frame, CR2), info = word_at(frame, SIGINFO);

	switch (word_at(frame, NUMBER)) {
	case DIVIDE:
		*ret = (struct ct_trap){SIGFPE, FPE_INTDIV, 0};
		return true;
	case BREAKPOINT:
		*ret = (struct ct_trap){SIGTRAP, SI_KERNEL, 0};
		return true;
	case UNDEFINED:
		*ret = (struct ct_trap){SIGILL, ILL_ILLOPN, 0};
		return true;
	case PROTECTION:
		*ret = (struct ct_trap){SIGSEGV, SI_KERNEL, 0};
		return true;
	case PAGE:
		*ret = (struct ct_trap){SIGSEGV, present ? SEGV_ACCERR : SEGV_MAPERR, address};
		/* A page that a file no longer has is the same trap. */
		if (info == SIGBUS && word_at(frame, SIGINFO + 16) == address) {
			ret->number = SIGBUS;
			ret->code = BUS_ADRERR;
		}
		return true;
	default:
		return false;
	}
}

/* mov $15,%eax and mov $15,%rax, each with its syscall as far as they are of one length. */
static const uint8_t sigreturn_short[] = {0xb8, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05};
static const uint8_t sigreturn_long[] = {0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00};
static const uint8_t *const sigreturns[] = {sigreturn_short, sigreturn_long, NULL};

/* struct ucontext is on top of the stack then; its registers begin at 40, in this order. */
#define SAVED(i) (40 + 8 * (i))
static const uint16_t sigframe[N_REGS] = {[R8] = SAVED(0),
	[R9] = SAVED(1),
	[R10] = SAVED(2),
	[R11] = SAVED(3),
	[R12] = SAVED(4),
	[R13] = SAVED(5),
	[R14] = SAVED(6),
	[R15] = SAVED(7),
	[RDI] = SAVED(8),
	[RSI] = SAVED(9),
	[RBP] = SAVED(10),
	[RBX] = SAVED(11),
	[RDX] = SAVED(12),
	[RAX] = SAVED(13),
	[RCX] = SAVED(14),
	[RSP] = SAVED(15),
	[RIP] = SAVED(16),
	[EFLAGS] = SAVED(17)};

const struct ct_arch ct_arch_x86_64 = {
	.name = "x86_64",
	.gdb_name = "i386:x86-64",
	.gdb_regs = gdb_regs,
	.e_machine = EM_X86_64,
	.prstatus_size = PRSTATUS_SIZE,
	.prstatus_pid = 32,
	.from_prstatus = from_prstatus,
	.dwarf_to_reg = dwarf_to_reg,
	.n_dwarf = CT_COUNT(dwarf_to_reg),
	.n_regs = N_REGS,
	.sp = RSP,
	.pc = RIP,
	.fp = RBP,
	.ret = RIP,
	.blocked = blocked,
	.refused = refused,
	.back_in_call = back_in_call,
	.returning = returning,
	.thread_pointer = thread_pointer,
	.strip = strip,
	.pac_mask = pac_mask,
	.syscalls = ct_syscalls_x86_64,
	.n_syscalls = CT_COUNT(ct_syscalls_x86_64),
	.trap = trap,
	.link_register = false,
	.preserved = BIT(RBX) | BIT(RBP) | BIT(R12) | BIT(R13) | BIT(R14) | BIT(R15) |
		     BIT(FS_BASE) | BIT(GS_BASE),
	.after_call = after_call,
	.call_target = call_target,
	.stub_slot = stub_slot,
	.spins = spins,
	.sigreturn = sigreturns,
	.n_sigreturn = sizeof(sigreturn_short),
	.sigframe = sigframe,
	.siginfo = 304, /* behind struct ucontext (arch/x86/include/asm/sigframe.h) */
};
