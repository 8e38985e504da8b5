/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/syscall_table.h"

#define ARG(kind, with, names)                                                                     \
	{                                                                                          \
		CT_ARG_##kind, with, names                                                         \
	}
#define END                ARG(END, 0, NULL)
#define SKIP               ARG(SKIP, 0, NULL)
#define INT                ARG(INT, 0, NULL)
#define UINT               ARG(UINT, 0, NULL)
#define LONG               ARG(LONG, 0, NULL)
#define SIZE               ARG(SIZE, 0, NULL)
#define HEX                ARG(HEX, 0, NULL)
#define PTR                ARG(PTR, 0, NULL)
#define FD                 ARG(FD, 0, NULL)
#define RING(flags)        ARG(RING, flags, NULL)
#define DIR                ARG(DIR, 0, NULL)
#define BITSET             ARG(BITSET, 0, NULL)
#define OP                 ARG(OP, 0, NULL)
#define TIMESPEC           ARG(TIMESPEC, 0, NULL)
#define TIMEVAL            ARG(TIMEVAL, 0, NULL)
#define LOCK               ARG(LOCK, 0, NULL)
#define SIGSET(size)       ARG(SIGSET, size, NULL)
#define POLLFDS(n)         ARG(POLLFDS, n, NULL)
#define FDSET(n)           ARG(FDSET, n, NULL)
#define SOCKADDR(len)      ARG(SOCKADDR, len, NULL)
#define SEMBUFS(n)         ARG(SEMBUFS, n, NULL)
#define WAITERS(n)         ARG(WAITERS, n, NULL)
#define FLAGS(table)       ARG(FLAGS, 0, &ct_flags_##table)
#define ENUM(table)        ARG(ENUM, 0, &ct_flags_##table)
#define ENDLESS            .timeout = CT_TIMEOUT_NONE
#define TIMEOUT(kind, arg) .timeout = CT_TIMEOUT_##kind, .timeout_arg = (arg)

static const struct ct_call_row *clock_nanosleep_row(const uint64_t args[CT_N_ARGS])
{
	static const struct ct_call_row rows[] = {
		{"relative", CT_CLASS_SLEEP, {ENUM(clock), FLAGS(timer), TIMESPEC, PTR},
			TIMEOUT(TIMESPEC, 2)},
		{"absolute", CT_CLASS_SLEEP, {ENUM(clock), FLAGS(timer), TIMESPEC, PTR},
			TIMEOUT(TIMESPEC, 2), .absolute = true},
	};
	const uint32_t abstime = 1;

	return &rows[args[1] & abstime];
}

static const struct ct_call_row *fcntl_row(const uint64_t args[CT_N_ARGS])
{
	static const struct ct_call_row lock = {
		"lock", CT_CLASS_LOCKF, {FD, ENUM(fcntl), LOCK}, ENDLESS};
	static const struct ct_call_row other = {
		"other", CT_CLASS_IO, {FD, ENUM(fcntl), PTR}, ENDLESS};
	enum { SETLKW = 7, OFD_SETLKW = 38 };
	uint32_t command = (uint32_t)args[1];

	return command == SETLKW || command == OFD_SETLKW ? &lock : &other;
}

static const struct ct_call_row *futex_row(const uint64_t args[CT_N_ARGS])
{
	static const struct ct_call_row rows[] = {
		[CT_FUTEX_WAIT] = {"wait", CT_CLASS_FUTEX, {PTR, OP, UINT, TIMESPEC},
			TIMEOUT(TIMESPEC, 3)},
		[CT_FUTEX_LOCK_PI] = {"lock_pi", CT_CLASS_FUTEX, {PTR, OP, SKIP, TIMESPEC},
			TIMEOUT(TIMESPEC, 3), .absolute = true},
		[CT_FUTEX_WAIT_BITSET] = {"wait_bitset", CT_CLASS_FUTEX,
			{PTR, OP, UINT, TIMESPEC, PTR, BITSET}, TIMEOUT(TIMESPEC, 3),
			.absolute = true},
		[CT_FUTEX_WAIT_REQUEUE_PI] = {"wait_requeue_pi", CT_CLASS_FUTEX,
			{PTR, OP, UINT, TIMESPEC, PTR}, TIMEOUT(TIMESPEC, 3), .absolute = true},
		[CT_FUTEX_LOCK_PI2] = {"lock_pi2", CT_CLASS_FUTEX, {PTR, OP, SKIP, TIMESPEC},
			TIMEOUT(TIMESPEC, 3), .absolute = true},
	};
	static const struct ct_call_row other = {"other", CT_CLASS_FUTEX, {PTR, OP, UINT}, ENDLESS};
	struct ct_futex_op op = ct_futex_op_decode(args[1]);

	return op.op < CT_COUNT(rows) && rows[op.op].name ? &rows[op.op] : &other;
}

static const struct ct_call_row *io_uring_enter_row(const uint64_t args[CT_N_ARGS])
{
	enum { EXT_ARG = 8, ABS_TIMER = 0x20, EXT_ARG_REG = 0x40 };
	static const struct ct_call_row plain = {"plain", CT_CLASS_IO,
		{RING(3), UINT, UINT, FLAGS(uring), SIGSET(5), SIZE}, ENDLESS};
	static const struct ct_call_row duration = {"duration", CT_CLASS_IO,
		{RING(3), UINT, UINT, FLAGS(uring), PTR, SIZE}, TIMEOUT(URING, 4)};
	static const struct ct_call_row time = {"time", CT_CLASS_IO,
		{RING(3), UINT, UINT, FLAGS(uring), PTR, SIZE}, TIMEOUT(URING, 4),
		.absolute = true};
	/* Its argument is an offset in memory that the ring knows. */
	static const struct ct_call_row in_region = {
		"in_region", CT_CLASS_IO, {RING(3), UINT, UINT, FLAGS(uring), PTR, SIZE}, ENDLESS};

	if (!(args[3] & EXT_ARG))
		return &plain;
	if (args[3] & EXT_ARG_REG)
		return &in_region;
	return args[3] & ABS_TIMER ? &time : &duration;
}

const struct ct_call_row ct_call_rows[] = {
	{"accept", CT_CLASS_IO, {FD, PTR, PTR}, ENDLESS},
	{"accept4", CT_CLASS_IO, {FD, PTR, PTR, FLAGS(accept)}, ENDLESS},
	{"access", CT_CLASS_IO, {PTR, INT}, ENDLESS},
	{"chdir", CT_CLASS_IO, {PTR}, ENDLESS},
	{"chmod", CT_CLASS_IO, {PTR, INT}, ENDLESS},
	{"chown", CT_CLASS_IO, {PTR, INT, INT}, ENDLESS},
	{.name = "clock_nanosleep", .variant = clock_nanosleep_row},
	{"clone", CT_CLASS_CHILD, {FLAGS(clone), PTR, PTR, PTR, PTR}, ENDLESS},
	{"clone3", CT_CLASS_CHILD, {PTR, SIZE}, ENDLESS},
	{"close", CT_CLASS_IO, {FD}, ENDLESS},
	{"connect", CT_CLASS_IO, {FD, SOCKADDR(2), INT}, ENDLESS},
	{"copy_file_range", CT_CLASS_IO, {FD, PTR, FD, PTR, SIZE, HEX}, ENDLESS},
	{"creat", CT_CLASS_IO, {PTR, INT}, ENDLESS},
	{"epoll_pwait", CT_CLASS_IO, {FD, PTR, INT, INT, SIGSET(5), SIZE}, TIMEOUT(MS, 3)},
	{"epoll_pwait2", CT_CLASS_IO, {FD, PTR, INT, TIMESPEC, SIGSET(5), SIZE},
		TIMEOUT(TIMESPEC, 3)},
	{"epoll_wait", CT_CLASS_IO, {FD, PTR, INT, INT}, TIMEOUT(MS, 3)},
	{"execve", CT_CLASS_OTHER, {PTR, PTR, PTR}, ENDLESS},
	{"execveat", CT_CLASS_OTHER, {DIR, PTR, PTR, PTR, FLAGS(at)}, ENDLESS},
	{"faccessat", CT_CLASS_IO, {DIR, PTR, INT}, ENDLESS},
	{"faccessat2", CT_CLASS_IO, {DIR, PTR, INT, FLAGS(at)}, ENDLESS},
	{"fallocate", CT_CLASS_IO, {FD, HEX, LONG, LONG}, ENDLESS},
	{"fchdir", CT_CLASS_IO, {FD}, ENDLESS},
	{"fchmod", CT_CLASS_IO, {FD, INT}, ENDLESS},
	{"fchmodat", CT_CLASS_IO, {DIR, PTR, INT}, ENDLESS},
	{"fchown", CT_CLASS_IO, {FD, INT, INT}, ENDLESS},
	{"fchownat", CT_CLASS_IO, {DIR, PTR, INT, INT, FLAGS(at)}, ENDLESS},
	{.name = "fcntl", .variant = fcntl_row},
	{"fdatasync", CT_CLASS_IO, {FD}, ENDLESS},
	{"fgetxattr", CT_CLASS_IO, {FD, PTR, PTR, SIZE}, ENDLESS},
	{"flock", CT_CLASS_LOCKF, {FD, FLAGS(flock)}, ENDLESS},
	{"fsetxattr", CT_CLASS_IO, {FD, PTR, PTR, SIZE, HEX}, ENDLESS},
	{"fstat", CT_CLASS_IO, {FD, PTR}, ENDLESS},
	{"fstatfs", CT_CLASS_IO, {FD, PTR}, ENDLESS},
	{"fsync", CT_CLASS_IO, {FD}, ENDLESS},
	{"ftruncate", CT_CLASS_IO, {FD, LONG}, ENDLESS},
	{.name = "futex", .variant = futex_row},
	{"futex_wait", CT_CLASS_FUTEX, {PTR, SIZE, BITSET, FLAGS(futex2), TIMESPEC, ENUM(clock)},
		TIMEOUT(TIMESPEC, 4), .absolute = true},
	{"futex_waitv", CT_CLASS_FUTEX, {WAITERS(1), UINT, HEX, TIMESPEC, ENUM(clock)},
		TIMEOUT(TIMESPEC, 3), .absolute = true},
	{"getdents", CT_CLASS_IO, {FD, PTR, UINT}, ENDLESS},
	{"getdents64", CT_CLASS_IO, {FD, PTR, UINT}, ENDLESS},
	{"getrandom", CT_CLASS_OTHER, {PTR, SIZE, FLAGS(getrandom)}, ENDLESS},
	{"getxattr", CT_CLASS_IO, {PTR, PTR, PTR, SIZE}, ENDLESS},
	{"io_destroy", CT_CLASS_IO, {PTR}, ENDLESS},
	{"io_getevents", CT_CLASS_IO, {PTR, LONG, LONG, PTR, TIMESPEC}, TIMEOUT(TIMESPEC, 4)},
	{"io_pgetevents", CT_CLASS_IO, {PTR, LONG, LONG, PTR, TIMESPEC, PTR}, TIMEOUT(TIMESPEC, 4)},
	{"io_submit", CT_CLASS_IO, {PTR, LONG, PTR}, ENDLESS},
	{.name = "io_uring_enter", .variant = io_uring_enter_row},
	{"io_uring_register", CT_CLASS_IO, {FD, HEX, PTR, UINT}, ENDLESS},
	{"ioctl", CT_CLASS_IO, {FD, HEX, PTR}, ENDLESS},
	{"lgetxattr", CT_CLASS_IO, {PTR, PTR, PTR, SIZE}, ENDLESS},
	{"link", CT_CLASS_IO, {PTR, PTR}, ENDLESS},
	{"linkat", CT_CLASS_IO, {DIR, PTR, DIR, PTR, FLAGS(at)}, ENDLESS},
	{"lstat", CT_CLASS_IO, {PTR, PTR}, ENDLESS},
	{"madvise", CT_CLASS_OTHER, {PTR, SIZE, INT}, ENDLESS},
	{"membarrier", CT_CLASS_OTHER, {INT, HEX, INT}, ENDLESS},
	{"mkdir", CT_CLASS_IO, {PTR, INT}, ENDLESS},
	{"mkdirat", CT_CLASS_IO, {DIR, PTR, INT}, ENDLESS},
	{"mmap", CT_CLASS_OTHER, {PTR, SIZE, HEX, HEX, INT, LONG}, ENDLESS},
	{"mount", CT_CLASS_IO, {PTR, PTR, PTR, HEX, PTR}, ENDLESS},
	{"mprotect", CT_CLASS_OTHER, {PTR, SIZE, HEX}, ENDLESS},
	{"mq_timedreceive", CT_CLASS_IPC, {FD, PTR, SIZE, PTR, TIMESPEC}, TIMEOUT(TIMESPEC, 4),
		.absolute = true},
	{"mq_timedsend", CT_CLASS_IPC, {FD, PTR, SIZE, UINT, TIMESPEC}, TIMEOUT(TIMESPEC, 4),
		.absolute = true},
	{"mremap", CT_CLASS_OTHER, {PTR, SIZE, SIZE, HEX, PTR}, ENDLESS},
	{"msgrcv", CT_CLASS_IPC, {INT, PTR, SIZE, LONG, FLAGS(msgrcv)}, ENDLESS},
	{"msgsnd", CT_CLASS_IPC, {INT, PTR, SIZE, FLAGS(msgrcv)}, ENDLESS},
	{"msync", CT_CLASS_IO, {PTR, SIZE, FLAGS(msync)}, ENDLESS},
	{"munmap", CT_CLASS_OTHER, {PTR, SIZE}, ENDLESS},
	{"nanosleep", CT_CLASS_SLEEP, {TIMESPEC, PTR}, TIMEOUT(TIMESPEC, 0)},
	{"newfstatat", CT_CLASS_IO, {DIR, PTR, PTR, FLAGS(at)}, ENDLESS},
	{"open", CT_CLASS_IO, {PTR, FLAGS(open)}, ENDLESS},
	{"open_by_handle_at", CT_CLASS_IO, {DIR, PTR, FLAGS(open)}, ENDLESS},
	{"openat", CT_CLASS_IO, {DIR, PTR, FLAGS(open)}, ENDLESS},
	{"openat2", CT_CLASS_IO, {DIR, PTR, PTR, SIZE}, ENDLESS},
	{"pause", CT_CLASS_SIGNAL, {END}, ENDLESS},
	{"poll", CT_CLASS_IO, {POLLFDS(1), UINT, INT}, TIMEOUT(MS, 2)},
	{"ppoll", CT_CLASS_IO, {POLLFDS(1), UINT, TIMESPEC, SIGSET(4), SIZE}, TIMEOUT(TIMESPEC, 2)},
	{"pread64", CT_CLASS_IO, {FD, PTR, SIZE, LONG}, ENDLESS},
	{"preadv", CT_CLASS_IO, {FD, PTR, SIZE, LONG}, ENDLESS},
	{"preadv2", CT_CLASS_IO, {FD, PTR, SIZE, LONG, SKIP, FLAGS(rwf)}, ENDLESS},
	{"pselect6", CT_CLASS_IO, {INT, FDSET(0), FDSET(0), FDSET(0), TIMESPEC, PTR},
		TIMEOUT(TIMESPEC, 4)},
	{"pwrite64", CT_CLASS_IO, {FD, PTR, SIZE, LONG}, ENDLESS},
	{"pwritev", CT_CLASS_IO, {FD, PTR, SIZE, LONG}, ENDLESS},
	{"pwritev2", CT_CLASS_IO, {FD, PTR, SIZE, LONG, SKIP, FLAGS(rwf)}, ENDLESS},
	{"read", CT_CLASS_IO, {FD, PTR, SIZE}, ENDLESS},
	{"readlink", CT_CLASS_IO, {PTR, PTR, SIZE}, ENDLESS},
	{"readlinkat", CT_CLASS_IO, {DIR, PTR, PTR, SIZE}, ENDLESS},
	{"readv", CT_CLASS_IO, {FD, PTR, SIZE}, ENDLESS},
	{"recvfrom", CT_CLASS_IO, {FD, PTR, SIZE, FLAGS(msg), PTR, PTR}, ENDLESS},
	{"recvmmsg", CT_CLASS_IO, {FD, PTR, UINT, FLAGS(msg), TIMESPEC}, ENDLESS},
	{"recvmsg", CT_CLASS_IO, {FD, PTR, FLAGS(msg)}, ENDLESS},
	{"rename", CT_CLASS_IO, {PTR, PTR}, ENDLESS},
	{"renameat", CT_CLASS_IO, {DIR, PTR, DIR, PTR}, ENDLESS},
	{"renameat2", CT_CLASS_IO, {DIR, PTR, DIR, PTR, HEX}, ENDLESS},
	{"request_key", CT_CLASS_OTHER, {PTR, PTR, PTR, INT}, ENDLESS},
	{"restart_syscall", CT_CLASS_OTHER, {END}, ENDLESS},
	{"rmdir", CT_CLASS_IO, {PTR}, ENDLESS},
	{"rt_sigsuspend", CT_CLASS_SIGNAL, {SIGSET(1), SIZE}, ENDLESS},
	{"rt_sigtimedwait", CT_CLASS_SIGNAL, {SIGSET(3), PTR, TIMESPEC, SIZE},
		TIMEOUT(TIMESPEC, 2)},
	{"select", CT_CLASS_IO, {INT, FDSET(0), FDSET(0), FDSET(0), TIMEVAL}, TIMEOUT(TIMEVAL, 4)},
	{"semop", CT_CLASS_IPC, {INT, SEMBUFS(2), UINT}, ENDLESS},
	{"semtimedop", CT_CLASS_IPC, {INT, SEMBUFS(2), UINT, TIMESPEC}, TIMEOUT(TIMESPEC, 3)},
	{"sendfile", CT_CLASS_IO, {FD, FD, PTR, SIZE}, ENDLESS},
	{"sendmmsg", CT_CLASS_IO, {FD, PTR, UINT, FLAGS(msg)}, ENDLESS},
	{"sendmsg", CT_CLASS_IO, {FD, PTR, FLAGS(msg)}, ENDLESS},
	{"sendto", CT_CLASS_IO, {FD, PTR, SIZE, FLAGS(msg), SOCKADDR(5), INT}, ENDLESS},
	{"setxattr", CT_CLASS_IO, {PTR, PTR, PTR, SIZE, HEX}, ENDLESS},
	{"splice", CT_CLASS_IO, {FD, PTR, FD, PTR, SIZE, FLAGS(splice)}, ENDLESS},
	{"stat", CT_CLASS_IO, {PTR, PTR}, ENDLESS},
	{"statfs", CT_CLASS_IO, {PTR, PTR}, ENDLESS},
	{"statx", CT_CLASS_IO, {DIR, PTR, FLAGS(at), HEX, PTR}, ENDLESS},
	{"symlink", CT_CLASS_IO, {PTR, PTR}, ENDLESS},
	{"symlinkat", CT_CLASS_IO, {PTR, DIR, PTR}, ENDLESS},
	{"sync", CT_CLASS_IO, {END}, ENDLESS},
	{"sync_file_range", CT_CLASS_IO, {FD, LONG, LONG, FLAGS(sync_range)}, ENDLESS},
	{"syncfs", CT_CLASS_IO, {FD}, ENDLESS},
	{"tee", CT_CLASS_IO, {FD, FD, SIZE, FLAGS(splice)}, ENDLESS},
	{"truncate", CT_CLASS_IO, {PTR, LONG}, ENDLESS},
	{"umount2", CT_CLASS_IO, {PTR, HEX}, ENDLESS},
	{"unlink", CT_CLASS_IO, {PTR}, ENDLESS},
	{"unlinkat", CT_CLASS_IO, {DIR, PTR, HEX}, ENDLESS},
	{"utimensat", CT_CLASS_IO, {DIR, PTR, PTR, FLAGS(at)}, ENDLESS},
	{"vfork", CT_CLASS_CHILD, {END}, ENDLESS},
	{"vmsplice", CT_CLASS_IO, {FD, PTR, SIZE, FLAGS(splice)}, ENDLESS},
	{"wait4", CT_CLASS_CHILD, {INT, PTR, FLAGS(wait), PTR}, ENDLESS},
	{"waitid", CT_CLASS_CHILD, {ENUM(id_type), INT, PTR, FLAGS(wait), PTR}, ENDLESS},
	{"write", CT_CLASS_IO, {FD, PTR, SIZE}, ENDLESS},
	{"writev", CT_CLASS_IO, {FD, PTR, SIZE}, ENDLESS},
};

const size_t ct_n_call_rows = CT_COUNT(ct_call_rows);

static int compare_name(const void *name, const void *row)
{
	return strcmp(name, ((const struct ct_call_row *)row)->name);
}

const struct ct_call_row *ct_call_row(const char *name, const uint64_t args[CT_N_ARGS])
{
	const struct ct_call_row *row = bsearch(
		name, ct_call_rows, CT_COUNT(ct_call_rows), sizeof(*ct_call_rows), compare_name);

	return row && row->variant ? row->variant(args) : row;
}
