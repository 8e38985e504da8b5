/* SPDX-License-Identifier: Apache-2.0 */
/* A worker in a sandbox of its own (seccomp) opens a socket, which its filter forbids. */
#include "crash.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/socket.h>

static struct sock_filter g_rules[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static void enter_sandbox(void)
{
	const struct sock_fprog filter = {.len = 4, .filter = g_rules};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		sample_cannot("prctl");
}

SAMPLE_FRAME static int send_metrics(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	SAMPLE_AFTER();
	return fd;
}

static void *parser(void *arg)
{
	enter_sandbox();
	crash_await();
	return send_metrics() < 0 ? arg : NULL;
}

int main(void)
{
	struct sample_thread t = {.name = "parser", .run = parser};

	crash_start(&t);
	truth_crash(&t, SIGSYS, "bad-system-call", "send_metrics",
		",\"cause\":\"the system call socket (number \"");
	crash_go(2);
}
