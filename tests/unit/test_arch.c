/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What x86-64 makes of notes and registers: layouts, blocked threads, restarted calls; the tables
 * of all machines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>

#include "arch/arch.h"

/* x86-64: a struct user_regs_struct in the order of sys/user.h. */
enum {
	R15,
	R14,
	R13,
	R12,
	RBP,
	RBX,
	R11,
	R10,
	R9,
	R8,
	RAX,
	RCX,
	RDX,
	RSI,
	RDI,
	ORIG_RAX,
	RIP,
	CS,
	EFLAGS,
	RSP,
	SS,
	FS_BASE,
	GS_BASE,
	N_USER_REGS
};

#define PC      UINT64_C(0x7f0653869388)
#define POINTER UINT64_C(0x7f06539d41c0)
#define TIME    UINT64_C(0x7f06537d5eb0)
#define THREAD  UINT64_C(0x7f06537d66c0)

enum {
	EINTR_ = -4,
	ERESTARTSYS = -512,
	ERESTARTNOINTR = -513,
	ERESTARTNOHAND = -514,
	ERESTART_RESTARTBLOCK = -516,
};

/* A thread just behind a syscall instruction, as a kernel writes it. */
struct machine {
	uint64_t user[N_USER_REGS];
	uint8_t code[CT_ARCH_CODE];
	uint64_t stack[CT_ARCH_STACK / 8];
};

static void put_code(struct machine *m, const char *bytes, size_t n)
{
	memset(m->code, 0x90, sizeof(m->code));
	memcpy(m->code + CT_ARCH_CODE_BEFORE - n, bytes, n);
}

#define PUT_CODE(m, bytes) put_code((m), bytes, sizeof(bytes) - 1)

static struct machine machine(int64_t number, int64_t rax)
{
	struct machine m = {0};

	m.user[ORIG_RAX] = (uint64_t)number;
	m.user[RAX] = (uint64_t)rax;
	m.user[RIP] = m.user[RCX] = PC;
	m.user[RSP] = UINT64_C(0x7f06537d5e00);
	m.user[FS_BASE] = THREAD;
	PUT_CODE(&m, "\x0f\x05");
	return m;
}

static void set_args(
	struct machine *m, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
	m->user[RDI] = a;
	m->user[RSI] = b;
	m->user[RDX] = c;
	m->user[R10] = d;
	m->user[R8] = e;
	m->user[R9] = f;
}

static struct ct_regs regs_of(const struct machine *m)
{
	uint8_t desc[336] = {0};
	struct ct_regs regs;

	memcpy(desc + 112, m->user, sizeof(m->user));
	assert_true(ct_arch_x86_64.from_prstatus(desc, sizeof(desc), &regs));
	return regs;
}

enum { NO_CODE = 1, NO_STACK = 2 };

static bool blocked_without(const struct machine *m, unsigned lacks, struct ct_syscall *call)
{
	struct ct_regs regs = regs_of(m);

	return ct_arch_x86_64.blocked(&regs, lacks & NO_CODE ? NULL : m->code,
		lacks & NO_STACK ? NULL : (const uint8_t *)m->stack, call);
}

static bool blocked(const struct machine *m, struct ct_syscall *call)
{
	return blocked_without(m, 0, call);
}

static void test_x86_64_registers(void **state)
{
	const struct ct_arch *arch = &ct_arch_x86_64;
	static const uint8_t by_dwarf[] = {
		RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP, R8, R9, R10, R11, R12, R13, R14, R15, RIP};
	struct machine m = {0};

	(void)state;
	for (unsigned i = 0; i < N_USER_REGS; i++)
		m.user[i] = 0x1000 + i;
	struct ct_regs regs = regs_of(&m);
	assert_int_equal(arch->n_dwarf, sizeof(by_dwarf));
	for (unsigned i = 0; i < arch->n_dwarf; i++) {
		assert_int_equal(ct_reg(&regs, arch->dwarf_to_reg[i]), 0x1000 + by_dwarf[i]);
		assert_true(regs.known >> arch->dwarf_to_reg[i] & 1);
	}
	assert_int_equal(ct_reg(&regs, arch->sp), 0x1000 + RSP);
	assert_int_equal(ct_reg(&regs, arch->fp), 0x1000 + RBP);
	assert_int_equal(ct_reg(&regs, arch->pc), 0x1000 + RIP);
	assert_int_equal(ct_reg(&regs, arch->ret), 0x1000 + RIP);
	assert_int_equal(arch->thread_pointer(&regs), 0x1000 + FS_BASE);
	assert_int_equal(arch->strip(PC, arch->pac_mask(&regs)), PC);

	uint8_t desc[336] = {0};
	assert_false(arch->from_prstatus(desc, sizeof(desc) - 1, &regs));
}

/* Each kind of blocking call as kernel 6.18 shows it, in its own cores and in gcore's. */
static void test_x86_64_blocked(void **state)
{
	static const struct {
		int number, rax;
		const char *name;
	} rows[] = {
		{202, ERESTARTSYS, "futex"},
		{202, ERESTART_RESTARTBLOCK, "futex"},
		{202, ERESTARTNOINTR, "futex"},
		{230, ERESTART_RESTARTBLOCK, "clock_nanosleep"},
		{35, ERESTART_RESTARTBLOCK, "nanosleep"},
		{230, ERESTARTNOHAND, "clock_nanosleep"},
		{7, ERESTART_RESTARTBLOCK, "poll"},
		{270, ERESTARTNOHAND, "pselect6"},
		{271, ERESTARTNOHAND, "ppoll"},
		{232, EINTR_, "epoll_wait"},
		{128, EINTR_, "rt_sigtimedwait"},
		{34, ERESTARTNOHAND, "pause"},
		{0, ERESTARTSYS, "read"},
		{43, ERESTARTSYS, "accept"},
		{45, ERESTARTSYS, "recvfrom"},
		{73, ERESTARTSYS, "flock"},
		{61, ERESTARTSYS, "wait4"},
		{70, ERESTARTNOHAND, "msgrcv"},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++) {
		for (unsigned lacks = 0; lacks <= (NO_CODE | NO_STACK); lacks++) {
			struct machine m = machine(rows[i].number, rows[i].rax);
			struct ct_syscall call;

			set_args(&m, 11, 12, 13, 14, 15, 16);
			assert_true(blocked_without(&m, lacks, &call));
			assert_int_equal(call.number, rows[i].number);
			assert_true(call.number_known);
			assert_false(call.restarted);
			assert_int_equal(call.args_known, CT_ALL_ARGS);
			for (unsigned arg = 0; arg < 6; arg++)
				assert_int_equal(call.args[arg], 11 + arg);
			assert_string_equal(
				ct_syscall_name(&ct_arch_x86_64, call.number), rows[i].name);
		}
	}
}

/* gdbserver stops threads twice as it attaches. */
static void test_x86_64_on_its_way_back(void **state)
{
	static const int64_t in_rax[] = {230, 219};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(in_rax); i++) {
		struct machine m = machine(230, in_rax[i]);
		struct ct_syscall call;

		m.user[RIP] -= 2;
		set_args(&m, 11, 12, 13, 14, 15, 16);
		assert_true(blocked_without(&m, NO_CODE, &call));
		assert_int_equal(call.number, 230);
		assert_true(call.number_known);
		assert_int_equal(call.args[5], 16);
		assert_false(blocked(&m, &call)); /* another instruction is there */
		memcpy(m.code + CT_ARCH_CODE_BEFORE, "\x0f\x05", 2);
		assert_true(blocked(&m, &call));
		m.user[RCX]++;
		assert_false(blocked(&m, &call));
	}
	struct machine m = machine(230, 231);
	struct ct_syscall call;

	m.user[RIP] -= 2;
	assert_false(blocked_without(&m, NO_CODE, &call));
}

/* vfork(), whose result is there while the thread still waits. */
static void test_x86_64_returning(void **state)
{
	struct machine m = machine(58, 4711);
	struct ct_syscall call;
	struct ct_regs regs;
	uint64_t result;

	(void)state;
	set_args(&m, 11, 12, 13, 14, 15, 16);
	assert_false(blocked(&m, &call));
	regs = regs_of(&m);
	assert_true(ct_arch_x86_64.returning(&regs, &call, &result));
	assert_int_equal(call.number, 58);
	assert_int_equal(call.args[0], 11);
	assert_int_equal(call.args[5], 16);
	assert_int_equal(result, 4711);

	/* It has run since: rcx is another's, or an interrupt has taken the number's place. */
	m.user[RCX]++;
	regs = regs_of(&m);
	assert_false(ct_arch_x86_64.returning(&regs, &call, &result));
	m = machine(-1, 4711);
	regs = regs_of(&m);
	assert_false(ct_arch_x86_64.returning(&regs, &call, &result));
}

static void test_x86_64_not_blocked(void **state)
{
	struct ct_syscall call;
	struct machine m;

	(void)state;
	m = machine(-1, ERESTARTSYS); /* running in user code */
	assert_false(blocked(&m, &call));
	m = machine(234, 0); /* tgkill has come back: the thread that aborts */
	assert_false(blocked(&m, &call));
	m = machine(0, 10); /* read has come back */
	assert_false(blocked(&m, &call));
	m = machine(0, -11); /* and here without a byte */
	assert_false(blocked(&m, &call));
	m = machine(202, -515); /* ENOIOCTLCMD restarts nothing */
	assert_false(blocked(&m, &call));
	m = machine(0, ERESTARTSYS);
	PUT_CODE(&m, "\x90\x90"); /* no syscall instruction before rip */
	assert_false(blocked(&m, &call));
	m = machine(0, ERESTARTSYS);
	m.user[RCX] = PC - 2; /* rcx is not what that instruction leaves */
	assert_false(blocked_without(&m, NO_CODE, &call));
}

static void check_recovered(const struct machine *m, unsigned lacks, int64_t number)
{
	struct ct_syscall call;

	assert_true(blocked_without(m, lacks, &call));
	assert_true(call.restarted);
	assert_true(call.number_known);
	assert_int_equal(call.number, number);
	assert_int_equal(call.args_known, CT_ALL_ARGS);
}

static void check_not_recovered(const struct machine *m, unsigned lacks)
{
	struct ct_syscall call;

	assert_true(blocked_without(m, lacks, &call));
	assert_true(call.restarted);
	assert_false(call.number_known);
	assert_int_equal(call.number, 219);
}

static struct machine restarted(void)
{
	return machine(219, ERESTART_RESTARTBLOCK);
}

static void futex_args(struct machine *m)
{
	/* With these poll could be meant as well: only a source of the number decides. */
	set_args(m, POINTER, 0x189, 2, TIME, 0, UINT32_MAX);
}

/* glibc up to 2.40, and most others: mov $imm32,%eax; syscall. */
static void test_x86_64_number_in_code(void **state)
{
	struct machine m = restarted();

	(void)state;
	futex_args(&m);
	PUT_CODE(&m, "\xb8\xca\x00\x00\x00\x0f\x05");
	check_recovered(&m, 0, 202);
	check_recovered(&m, NO_STACK, 202);
	check_not_recovered(&m, NO_CODE);
	PUT_CODE(&m, "\x48\xc7\xc0\xca\x00\x00\x00\x0f\x05");
	check_recovered(&m, 0, 202);
	/* glibc 2.31's timed locks and semaphores make the op in between. */
	PUT_CODE(&m, "\xb8\xca\x00\x00\x00\x40\x80\xf6\x81\x0f\x05");
	check_recovered(&m, 0, 202);
	PUT_CODE(&m, "\xb8\xca\x00\x00\x00\x81\xe6\x80\x00\x00\x00\x0f\x05");
	check_recovered(&m, 0, 202);
	PUT_CODE(&m, "\xb8\xca\x00\x00\x00\x90\x90\x90\x90\x0f\x05");
	check_not_recovered(&m, 0);

	PUT_CODE(&m, "\xb8\x07\x00\x00\x00\x0f\x05");
	set_args(&m, POINTER, 2, 3600000, 0, 0, 0);
	check_recovered(&m, 0, 7);
	set_args(&m, 0, 0, UINT64_MAX, 0, 0, 0);
	check_recovered(&m, 0, 7);
	PUT_CODE(&m, "\xb8\x23\x00\x00\x00\x0f\x05");
	set_args(&m, TIME, 0, 0, 0, 0, 0);
	check_recovered(&m, 0, 35);
	PUT_CODE(&m, "\xb8\xe6\x00\x00\x00\x0f\x05");
	set_args(&m, 1, 0, TIME, TIME, 0, 0);
	check_recovered(&m, 0, 230);
	set_args(&m, (uint64_t)-6, 0, TIME, 0, 0, 0); /* the clock of a process */
	check_recovered(&m, 0, 230);
}

/* glibc 2.31's sem_timedwait keeps the number in another register: the arguments can be those of
 * one call alone. */
static void test_x86_64_number_by_arguments(void **state)
{
	struct machine m = restarted();

	(void)state;
	PUT_CODE(&m, "\x48\x89\xef\x89\xc8\x0f\x05");
	set_args(&m, POINTER, 0x189, 0, TIME, 0,
		UINT32_MAX); /* poll with a timeout of 0 never sleeps */
	check_recovered(&m, 0, 202);
	check_recovered(&m, NO_CODE, 202);
	set_args(&m, POINTER, 0x189, 1, TIME, 0, UINT32_MAX);
	check_not_recovered(&m, 0);
	set_args(&m, 0, 0, TIME, TIME, 0,
		0); /* clock_nanosleep; a poll of nothing has no such timeout */
	check_not_recovered(&m, 0);
}

static void test_x86_64_number_in_code_refused(void **state)
{
	struct machine m = restarted();

	(void)state;
	futex_args(&m);
	PUT_CODE(&m, "\xb8\x00\x00\x00\x00\x0f\x05"); /* read never restarts this way */
	check_not_recovered(&m, 0);
	PUT_CODE(&m, "\xb8\xca\x01\x00\x00\x0f\x05"); /* not a number cut to eight bits */
	check_not_recovered(&m, 0);
	PUT_CODE(&m, "\xb8\xe6\x00\x00\x00\x0f\x05"); /* POINTER is no clock */
	check_not_recovered(&m, 0);

	PUT_CODE(&m, "\xb8\xca\x00\x00\x00\x0f\x05");
	set_args(&m, POINTER, 0x189, 0, 0, 0,
		UINT32_MAX); /* without a timeout it starts as itself */
	check_not_recovered(&m, 0);
	set_args(&m, POINTER, 0x86, 0, TIME, 0, 0); /* FUTEX_LOCK_PI too */
	check_not_recovered(&m, 0);
	set_args(&m, POINTER + 1, 0x80, 0, TIME, 0, 0); /* not aligned: the kernel refuses it */
	check_not_recovered(&m, 0);
	set_args(&m, POINTER, 0x1000, 0, TIME, 0, 0); /* an unknown flag */
	check_not_recovered(&m, 0);
	futex_args(&m);
	m.user[RAX] = (uint64_t)ERESTARTSYS; /* restart_syscall itself shows -516 alone */
	check_not_recovered(&m, 0);

	m = restarted();
	PUT_CODE(&m, "\xb8\xe6\x00\x00\x00\x0f\x05");
	set_args(&m, 0, 1, TIME, 0, 0, 0); /* TIMER_ABSTIME starts as itself */
	check_not_recovered(&m, 0);
	PUT_CODE(&m, "\xb8\x07\x00\x00\x00\x0f\x05");
	set_args(&m, POINTER, UINT64_C(1) << 31, 0, 0, 0,
		0); /* more than there can be descriptors */
	check_not_recovered(&m, 0);
}

/* __syscall_cancel_arch: its last instruction before syscall is mov %r11,8(%rsp). */
static struct machine in_syscall_cancel_arch(void)
{
	struct machine m = restarted();

	PUT_CODE(&m, "\x4c\x8b\x4c\x24\x10\x4c\x89\x5c\x24\x08\x0f\x05");
	m.stack[1] = THREAD + 776;
	return m;
}

static void test_x86_64_number_on_stack(void **state)
{
	struct machine m = in_syscall_cancel_arch();

	(void)state;
	futex_args(&m);
	m.stack[5] = 202; /* glibc 2.41 */
	m.stack[7] = 0x37f;
	check_recovered(&m, 0, 202);
	check_recovered(&m, NO_CODE, 202);
	check_not_recovered(&m, NO_STACK);
	m.stack[5] = UINT64_C(0x203a6362696c6720); /* glibc 2.43 */
	m.stack[7] = 202;
	check_recovered(&m, 0, 202);
	m.stack[5] = 202; /* twice the same is no doubt */
	check_recovered(&m, 0, 202);
	m.stack[5] = 230; /* refuted by the arguments: POINTER is no clock */
	check_recovered(&m, 0, 202);
}

static void test_x86_64_number_on_stack_refused(void **state)
{
	struct machine m = in_syscall_cancel_arch();

	(void)state;
	/* poll of 393 descriptors or a futex: the arguments suit both. */
	futex_args(&m);
	m.stack[5] = 7;
	m.stack[7] = 202;
	check_not_recovered(&m, 0);

	m.stack[5] = m.stack[7] = 0; /* gcore leaves stacks of glibc 2.42 and later blank */
	check_not_recovered(&m, 0);
	m.stack[5] = 202 + (UINT64_C(1) << 32);
	check_not_recovered(&m, 0);
	m.stack[5] = (uint64_t)-1;
	check_not_recovered(&m, 0);
	m.stack[5] = 232;
	check_not_recovered(&m, 0);

	m.stack[5] = 202;
	m.stack[1] = THREAD + 64; /* musl: the same instructions, another struct pthread */
	check_not_recovered(&m, 0);
	check_not_recovered(&m, NO_CODE);
	m.stack[1] = THREAD + 776;
	PUT_CODE(&m, "\x4c\x8b\x4c\x24\x10\x90\x90\x90\x90\x90\x0f\x05");
	check_not_recovered(&m, 0);
}

static void test_tables(void **state)
{
	static const struct ct_arch *const arches[] = {&ct_arch_x86_64, &ct_arch_aarch64};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(arches); i++) {
		const struct ct_arch *arch = arches[i];

		assert_ptr_equal(ct_arch_find(arch->e_machine), arch);
		for (size_t row = 1; row < arch->n_syscalls; row++)
			assert_true(arch->syscalls[row - 1].number < arch->syscalls[row].number);
		assert_int_equal(ct_syscall_number(arch, "futex_waitv"), 449);
		assert_int_equal(ct_syscall_number(arch, "no_such_call"), -1);
		assert_null(ct_syscall_name(arch, -1));
		assert_null(ct_syscall_name(arch, 65536 + 449));
	}
	assert_null(ct_arch_find(EM_386));
	assert_string_equal(ct_syscall_name(&ct_arch_x86_64, 202), "futex");
	assert_string_equal(ct_syscall_name(&ct_arch_x86_64, 219), "restart_syscall");
	assert_string_equal(ct_syscall_name(&ct_arch_aarch64, 25), "fcntl");
	assert_string_equal(ct_syscall_name(&ct_arch_aarch64, 73), "ppoll");
	assert_string_equal(ct_syscall_name(&ct_arch_aarch64, 98), "futex");
	assert_string_equal(ct_syscall_name(&ct_arch_aarch64, 115), "clock_nanosleep");
	assert_string_equal(ct_syscall_name(&ct_arch_aarch64, 128), "restart_syscall");
	assert_string_equal(ct_syscall_name(&ct_arch_aarch64, 222), "mmap");
	assert_string_equal(ct_syscall_name(&ct_arch_aarch64, 260), "wait4");
	assert_string_equal(ct_syscall_name(&ct_arch_aarch64, 455), "futex_wait");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_x86_64_registers),
		cmocka_unit_test(test_x86_64_blocked),
		cmocka_unit_test(test_x86_64_returning),
		cmocka_unit_test(test_x86_64_not_blocked),
		cmocka_unit_test(test_x86_64_on_its_way_back),
		cmocka_unit_test(test_x86_64_number_in_code),
		cmocka_unit_test(test_x86_64_number_by_arguments),
		cmocka_unit_test(test_x86_64_number_in_code_refused),
		cmocka_unit_test(test_x86_64_number_on_stack),
		cmocka_unit_test(test_x86_64_number_on_stack_refused),
		cmocka_unit_test(test_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
