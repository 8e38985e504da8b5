/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls that an analysis makes; all others fail with EPERM: no program is started, no
 * process touched, nothing sent anywhere, and no memory made executable. That files are opened for
 * reading alone is Landlock's part.
 */
#include "base/confine_calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCH      AUDIT_ARCH_X86_64
#define FIRST_X32 0x40000000u /* the same calls by other numbers */
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

static const uint16_t allowed[] = {
#ifdef SYS_open
	SYS_open,
	SYS_stat,
	SYS_lstat,
	SYS_access,
	SYS_readlink,
	SYS_getdents,
	SYS_poll,
	SYS_dup2,
	SYS_time,
#endif
	SYS_read,
	SYS_pread64,
	SYS_readv,
	SYS_write,
	SYS_pwrite64,
	SYS_writev,
	SYS_lseek,
	SYS_ftruncate,
	SYS_openat,
	SYS_openat2,
	SYS_close,
	SYS_fstat,
	SYS_newfstatat,
	SYS_statx,
	SYS_faccessat,
	SYS_faccessat2,
	SYS_readlinkat,
	SYS_getdents64,
	SYS_fcntl,
	SYS_dup,
	SYS_dup3,
	SYS_getcwd,
	SYS_fadvise64,
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
	SYS_mincore,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_sigaltstack,
	SYS_futex,
	SYS_ppoll,
	SYS_getrandom,
	SYS_clock_gettime,
	SYS_clock_getres,
	SYS_gettimeofday,
	SYS_clock_nanosleep,
	SYS_restart_syscall,
	SYS_sched_yield,
	SYS_sched_getaffinity,
	SYS_sysinfo,
	SYS_uname,
	SYS_getpid,
	SYS_gettid,
	SYS_getuid,
	SYS_geteuid,
	SYS_exit,
	SYS_exit_group,
};

#ifdef ARCH
#define CALL(at)    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, at))
#define IF(what, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (what), 0, (n))
#define ANSWER(how) BPF_STMT(BPF_RET | BPF_K, (how))
#define ALLOW       ANSWER(SECCOMP_RET_ALLOW)
#define FORBID      ANSWER(SECCOMP_RET_ERRNO | EPERM)

/* Calls of which not all forms are allowed. What follows finds the number of another one loaded. */
static const struct sock_filter head[] = {
	CALL(arch),
	IF(ARCH, 1),
	BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
	ANSWER(SECCOMP_RET_KILL_PROCESS),
	CALL(nr),
#ifdef FIRST_X32
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_X32, 0, 1),
	ANSWER(SECCOMP_RET_KILL_PROCESS),
#endif
	/* No memory becomes executable. */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 1, 0),
	IF(SYS_mprotect, 4),
	CALL(args[2]),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0),
	ALLOW,
	FORBID,
	/* Of terminals only what they look like: nothing can be typed into them. */
	IF(SYS_ioctl, 5),
	CALL(args[1]),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TCGETS, 1, 0),
	IF(TIOCGWINSZ, 1),
	ALLOW,
	FORBID,
};

enum ct_status ct_confine_calls(struct ct_error *err)
{
	struct sock_filter filter[CT_COUNT(head) + 2 * CT_COUNT(allowed) + 1];
	size_t n = CT_COUNT(head);

	memcpy(filter, head, sizeof(head));
	for (size_t i = 0; i < CT_COUNT(allowed); i++) {
		filter[n++] = (struct sock_filter)IF(allowed[i], 1);
		filter[n++] = (struct sock_filter)ALLOW;
	}
	filter[n++] = (struct sock_filter)FORBID;
	const struct sock_fprog program = {.len = (unsigned short)n, .filter = filter};
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
		return ct_fail(err, CT_UNSUPPORTED,
			"the kernel cannot filter system calls (seccomp): %s", strerror(errno));
	return CT_OK;
}
#else
enum ct_status ct_confine_calls(struct ct_error *err)
{
	(void)allowed;
	return ct_fail(err, CT_UNSUPPORTED, "system calls are filtered on x86-64 and AArch64 only");
}
#endif
