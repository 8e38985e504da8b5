/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's names of the calls that samples block in. */
#ifndef CALL_NAMES_H
#define CALL_NAMES_H

#include <sys/syscall.h>

static const struct {
	long number;
	const char *name;
} call_names[] = {
	{SYS_accept, "accept"},
	{SYS_clock_nanosleep, "clock_nanosleep"},
	{SYS_connect, "connect"},
	{SYS_epoll_pwait, "epoll_pwait"},
	{SYS_epoll_wait, "epoll_wait"},
	{SYS_fcntl, "fcntl"},
	{SYS_flock, "flock"},
	{SYS_futex, "futex"},
	{SYS_io_uring_enter, "io_uring_enter"},
	{SYS_mq_timedreceive, "mq_timedreceive"},
	{SYS_msgrcv, "msgrcv"},
	{SYS_msgsnd, "msgsnd"},
	{SYS_nanosleep, "nanosleep"},
	{SYS_openat, "openat"},
	{SYS_pause, "pause"},
	{SYS_poll, "poll"},
	{SYS_ppoll, "ppoll"},
	{SYS_pselect6, "pselect6"},
	{SYS_read, "read"},
	{SYS_readv, "readv"},
	{SYS_recvfrom, "recvfrom"},
	{SYS_recvmmsg, "recvmmsg"},
	{SYS_recvmsg, "recvmsg"},
	{SYS_rt_sigsuspend, "rt_sigsuspend"},
	{SYS_rt_sigtimedwait, "rt_sigtimedwait"},
	{SYS_select, "select"},
	{SYS_semop, "semop"},
	{SYS_semtimedop, "semtimedop"},
	{SYS_sendfile, "sendfile"},
	{SYS_sendmsg, "sendmsg"},
	{SYS_sendto, "sendto"},
	{SYS_splice, "splice"},
	{SYS_wait4, "wait4"},
	{SYS_waitid, "waitid"},
	{SYS_write, "write"},
};

#endif
