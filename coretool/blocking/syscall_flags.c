/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/syscall_flags.h"

#define FIELD(mask, value, name)                                                                   \
	{                                                                                          \
		(value), (mask), name                                                              \
	}
#define BIT(value, name)   FIELD(value, value, name)
#define VALUE(value, name) FIELD(UINT32_MAX, value, name)
#define TABLE(table, ...)                                                                          \
	static const struct ct_flag table##_rows[] = {__VA_ARGS__};                                \
	const struct ct_flag_table ct_flags_##table = {table##_rows, CT_COUNT(table##_rows)}

TABLE(accept, BIT(0x800, "SOCK_NONBLOCK"), BIT(0x80000, "SOCK_CLOEXEC"));

TABLE(at, BIT(0x100, "AT_SYMLINK_NOFOLLOW"), BIT(0x400, "AT_SYMLINK_FOLLOW"),
	BIT(0x800, "AT_NO_AUTOMOUNT"), BIT(0x1000, "AT_EMPTY_PATH"));

TABLE(clock, VALUE(0, "CLOCK_REALTIME"), VALUE(1, "CLOCK_MONOTONIC"),
	VALUE(2, "CLOCK_PROCESS_CPUTIME_ID"), VALUE(3, "CLOCK_THREAD_CPUTIME_ID"),
	VALUE(4, "CLOCK_MONOTONIC_RAW"), VALUE(5, "CLOCK_REALTIME_COARSE"),
	VALUE(6, "CLOCK_MONOTONIC_COARSE"), VALUE(7, "CLOCK_BOOTTIME"),
	VALUE(8, "CLOCK_REALTIME_ALARM"), VALUE(9, "CLOCK_BOOTTIME_ALARM"), VALUE(11, "CLOCK_TAI"));

/* The low byte is the signal that tells the end of the child. */
TABLE(clone, BIT(0x100, "CLONE_VM"), BIT(0x200, "CLONE_FS"), BIT(0x400, "CLONE_FILES"),
	BIT(0x800, "CLONE_SIGHAND"), BIT(0x1000, "CLONE_PIDFD"), BIT(0x2000, "CLONE_PTRACE"),
	BIT(0x4000, "CLONE_VFORK"), BIT(0x8000, "CLONE_PARENT"), BIT(0x10000, "CLONE_THREAD"),
	BIT(0x20000, "CLONE_NEWNS"), BIT(0x40000, "CLONE_SYSVSEM"), BIT(0x80000, "CLONE_SETTLS"),
	BIT(0x100000, "CLONE_PARENT_SETTID"), BIT(0x200000, "CLONE_CHILD_CLEARTID"),
	BIT(0x800000, "CLONE_UNTRACED"), BIT(0x1000000, "CLONE_CHILD_SETTID"),
	BIT(0x2000000, "CLONE_NEWCGROUP"), BIT(0x4000000, "CLONE_NEWUTS"),
	BIT(0x8000000, "CLONE_NEWIPC"), BIT(0x10000000, "CLONE_NEWUSER"),
	BIT(0x20000000, "CLONE_NEWPID"), BIT(0x40000000, "CLONE_NEWNET"),
	BIT(0x80000000, "CLONE_IO"), FIELD(0xff, 17, "SIGCHLD"));

TABLE(family, VALUE(1, "AF_UNIX"), VALUE(2, "AF_INET"), VALUE(10, "AF_INET6"),
	VALUE(16, "AF_NETLINK"), VALUE(17, "AF_PACKET"), VALUE(31, "AF_BLUETOOTH"),
	VALUE(38, "AF_ALG"), VALUE(40, "AF_VSOCK"));

TABLE(fcntl, VALUE(0, "F_DUPFD"), VALUE(1, "F_GETFD"), VALUE(2, "F_SETFD"), VALUE(3, "F_GETFL"),
	VALUE(4, "F_SETFL"), VALUE(5, "F_GETLK"), VALUE(6, "F_SETLK"), VALUE(7, "F_SETLKW"),
	VALUE(8, "F_SETOWN"), VALUE(9, "F_GETOWN"), VALUE(10, "F_SETSIG"), VALUE(11, "F_GETSIG"),
	VALUE(36, "F_OFD_GETLK"), VALUE(37, "F_OFD_SETLK"), VALUE(38, "F_OFD_SETLKW"),
	VALUE(1024, "F_SETLEASE"), VALUE(1030, "F_DUPFD_CLOEXEC"), VALUE(1031, "F_SETPIPE_SZ"),
	VALUE(1033, "F_ADD_SEALS"));

TABLE(flock, BIT(0x1, "LOCK_SH"), BIT(0x2, "LOCK_EX"), BIT(0x4, "LOCK_NB"), BIT(0x8, "LOCK_UN"));

TABLE(futex2, FIELD(3, 0, "FUTEX2_SIZE_U8"), FIELD(3, 1, "FUTEX2_SIZE_U16"),
	FIELD(3, 2, "FUTEX2_SIZE_U32"), FIELD(3, 3, "FUTEX2_SIZE_U64"), BIT(0x4, "FUTEX2_NUMA"),
	BIT(0x8, "FUTEX2_MPOL"), BIT(0x80, "FUTEX2_PRIVATE"));

TABLE(getrandom, BIT(0x1, "GRND_NONBLOCK"), BIT(0x2, "GRND_RANDOM"), BIT(0x4, "GRND_INSECURE"));

TABLE(id_type, VALUE(0, "P_ALL"), VALUE(1, "P_PID"), VALUE(2, "P_PGID"), VALUE(3, "P_PIDFD"));

TABLE(lock_type, VALUE(0, "F_RDLCK"), VALUE(1, "F_WRLCK"), VALUE(2, "F_UNLCK"));

TABLE(msg, BIT(0x1, "MSG_OOB"), BIT(0x2, "MSG_PEEK"), BIT(0x4, "MSG_DONTROUTE"),
	BIT(0x8, "MSG_CTRUNC"), BIT(0x10, "MSG_PROBE"), BIT(0x20, "MSG_TRUNC"),
	BIT(0x40, "MSG_DONTWAIT"), BIT(0x80, "MSG_EOR"), BIT(0x100, "MSG_WAITALL"),
	BIT(0x200, "MSG_FIN"), BIT(0x400, "MSG_SYN"), BIT(0x800, "MSG_CONFIRM"),
	BIT(0x1000, "MSG_RST"), BIT(0x2000, "MSG_ERRQUEUE"), BIT(0x4000, "MSG_NOSIGNAL"),
	BIT(0x8000, "MSG_MORE"), BIT(0x10000, "MSG_WAITFORONE"), BIT(0x40000, "MSG_BATCH"),
	BIT(0x4000000, "MSG_ZEROCOPY"), BIT(0x20000000, "MSG_FASTOPEN"),
	BIT(0x40000000, "MSG_CMSG_CLOEXEC"));

TABLE(msgrcv, BIT(0x800, "IPC_NOWAIT"), BIT(0x1000, "MSG_NOERROR"), BIT(0x2000, "MSG_EXCEPT"),
	BIT(0x4000, "MSG_COPY"));

TABLE(msync, BIT(0x1, "MS_ASYNC"), BIT(0x2, "MS_INVALIDATE"), BIT(0x4, "MS_SYNC"));

/* Without those whose numbers differ between machines (O_DIRECT, O_DIRECTORY, O_NOFOLLOW …). */
TABLE(open, FIELD(3, 0, "O_RDONLY"), FIELD(3, 1, "O_WRONLY"), FIELD(3, 2, "O_RDWR"),
	BIT(0x40, "O_CREAT"), BIT(0x80, "O_EXCL"), BIT(0x100, "O_NOCTTY"), BIT(0x200, "O_TRUNC"),
	BIT(0x400, "O_APPEND"), BIT(0x800, "O_NONBLOCK"), BIT(0x101000, "O_SYNC"),
	BIT(0x1000, "O_DSYNC"), BIT(0x40000, "O_NOATIME"), BIT(0x80000, "O_CLOEXEC"),
	BIT(0x200000, "O_PATH"));

TABLE(poll, BIT(0x1, "POLLIN"), BIT(0x2, "POLLPRI"), BIT(0x4, "POLLOUT"), BIT(0x8, "POLLERR"),
	BIT(0x10, "POLLHUP"), BIT(0x20, "POLLNVAL"), BIT(0x40, "POLLRDNORM"),
	BIT(0x80, "POLLRDBAND"), BIT(0x100, "POLLWRNORM"), BIT(0x200, "POLLWRBAND"),
	BIT(0x400, "POLLMSG"), BIT(0x1000, "POLLREMOVE"), BIT(0x2000, "POLLRDHUP"));

TABLE(rwf, BIT(0x1, "RWF_HIPRI"), BIT(0x2, "RWF_DSYNC"), BIT(0x4, "RWF_SYNC"),
	BIT(0x8, "RWF_NOWAIT"), BIT(0x10, "RWF_APPEND"));

TABLE(semop, BIT(0x800, "IPC_NOWAIT"), BIT(0x1000, "SEM_UNDO"));

TABLE(splice, BIT(0x1, "SPLICE_F_MOVE"), BIT(0x2, "SPLICE_F_NONBLOCK"), BIT(0x4, "SPLICE_F_MORE"),
	BIT(0x8, "SPLICE_F_GIFT"));

TABLE(sync_range, BIT(0x1, "SYNC_FILE_RANGE_WAIT_BEFORE"), BIT(0x2, "SYNC_FILE_RANGE_WRITE"),
	BIT(0x4, "SYNC_FILE_RANGE_WAIT_AFTER"));

TABLE(timer, BIT(0x1, "TIMER_ABSTIME"));

TABLE(uring, BIT(0x1, "IORING_ENTER_GETEVENTS"), BIT(0x2, "IORING_ENTER_SQ_WAKEUP"),
	BIT(0x4, "IORING_ENTER_SQ_WAIT"), BIT(0x8, "IORING_ENTER_EXT_ARG"),
	BIT(0x10, "IORING_ENTER_REGISTERED_RING"), BIT(0x20, "IORING_ENTER_ABS_TIMER"),
	BIT(0x40, "IORING_ENTER_EXT_ARG_REG"), BIT(0x80, "IORING_ENTER_NO_IOWAIT"));

TABLE(wait, BIT(0x1, "WNOHANG"), BIT(0x2, "WSTOPPED"), BIT(0x4, "WEXITED"), BIT(0x8, "WCONTINUED"),
	BIT(0x1000000, "WNOWAIT"), BIT(0x20000000, "__WNOTHREAD"), BIT(0x40000000, "__WALL"),
	BIT(0x80000000, "__WCLONE"));

TABLE(whence, VALUE(0, "SEEK_SET"), VALUE(1, "SEEK_CUR"), VALUE(2, "SEEK_END"));

const char *ct_flags_name(const struct ct_flag_table *table, uint32_t value)
{
	for (size_t i = 0; i < table->n; i++)
		if (value == table->rows[i].value)
			return table->rows[i].name;
	return NULL;
}

void ct_flags_add(struct ct_str *out, const struct ct_flag_table *table, uint32_t value)
{
	const char *between = "";

	for (size_t i = 0; i < table->n; i++) {
		const struct ct_flag *row = &table->rows[i];

		if ((value & row->mask) != row->value)
			continue;
		ct_str_add(out, "%s%s", between, row->name);
		between = "|";
		value &= ~row->mask;
	}
	if (value)
		ct_str_add(out, "%s0x%x", between, value);
	else if (!*between)
		ct_str_add(out, "0");
}

/* The kernel's real-time signals begin at 32, whatever a libc keeps of them for itself. */
void ct_flags_add_signal(struct ct_str *out, unsigned number)
{
	static const char *const names[] = {"HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS",
		"FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD",
		"CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
		"WINCH", "IO", "PWR", "SYS"};

	if (number - 1 < CT_COUNT(names))
		ct_str_add(out, "%s", names[number - 1]);
	else
		ct_str_add(out, "RT_%u", number - 32);
}
