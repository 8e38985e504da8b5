/* SPDX-License-Identifier: Apache-2.0 */
/*
 * More calls that block, in the ways that servers use them: what is waited for, until when, and the
 * text of the call, in which a "*" stands for an address.
 */
#include "sample.h"
#include <linux/io_uring.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>

enum { DAY = 24 * 60 * 60 };

static int g_pipe[2], g_full[2], g_datagrams[2], g_full_stream[2], g_busy, g_caller, g_file,
	g_epoll;
static int g_event, g_timer, g_inotify, g_signal, g_ring, g_queue, g_semaphores;
static mqd_t g_messages;
static char g_buffer[1 << 16];

static long do_poll(void)
{
	struct pollfd fds[] = {
		{.fd = g_pipe[0], .events = POLLIN}, {.fd = g_full[1], .events = POLLOUT}};

	return poll(fds, 2, DAY * 1000);
}

static long do_select(void)
{
	struct timespec ts = {DAY, 0};
	fd_set set;

	FD_ZERO(&set);
	FD_SET(g_pipe[0], &set);
	return pselect(g_pipe[0] + 1, &set, NULL, NULL, &ts, NULL);
}

static long do_epoll(void)
{
	struct epoll_event event;
	sigset_t set;

	sigemptyset(&set);
	return epoll_pwait(g_epoll, &event, 1, DAY * 1000, &set);
}

static long do_readv(void)
{
	struct iovec iov = {g_buffer, 8};

	return readv(g_pipe[0], &iov, 1);
}

static long do_eventfd(void)
{
	return read(g_event, g_buffer, 8);
}

static long do_timerfd(void)
{
	return read(g_timer, g_buffer + 8, 8);
}

static long do_inotify(void)
{
	return read(g_inotify, g_buffer + 4096, 4096);
}

static long do_signalfd(void)
{
	return read(g_signal, g_buffer + 16, sizeof(struct signalfd_siginfo));
}

static long do_sendmsg(void)
{
	struct iovec iov = {g_buffer, 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	return sendmsg(g_full_stream[0], &msg, MSG_NOSIGNAL);
}

static long do_sendto(void)
{
	return send(g_full_stream[0], g_buffer, 1, 0);
}

static long do_recvmmsg(void)
{
	struct iovec iov[2] = {{g_buffer, 16}, {g_buffer + 16, 16}};
	struct mmsghdr msgs[2] = {{.msg_hdr = {.msg_iov = &iov[0], .msg_iovlen = 1}},
		{.msg_hdr = {.msg_iov = &iov[1], .msg_iovlen = 1}}};

	return recvmmsg(g_datagrams[0], msgs, 2, MSG_WAITFORONE, NULL);
}

static long do_splice(void)
{
	return splice(g_pipe[0], NULL, g_full_stream[0], NULL, 4096, SPLICE_F_MOVE);
}

static long do_sendfile(void)
{
	return sendfile(g_full[1], g_file, NULL, 4096);
}

static long do_open_fifo(void)
{
	return open("fifo", O_WRONLY);
}

static long do_connect(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "busy"};

	return connect(g_caller, (struct sockaddr *)&name, sizeof(name));
}

static long do_mq_receive(void)
{
	struct timespec ts = sample_tomorrow(CLOCK_REALTIME);

	return mq_timedreceive(g_messages, g_buffer, sizeof(g_buffer), NULL, &ts);
}

static long do_msgsnd(void)
{
	return msgsnd(g_queue, "\1\0\0\0\0\0\0\0x", 1, 0);
}

static long do_semtimedop(void)
{
	struct sembuf take[] = {{0, -2, 0}, {1, -1, SEM_UNDO}};
	struct timespec ts = {DAY, 0};

	return semtimedop(g_semaphores, take, 2, &ts);
}

static long do_sigtimedwait(void)
{
	struct timespec ts = {DAY, 0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return sigtimedwait(&set, NULL, &ts);
}

static long do_sleep_until(void)
{
	struct timespec ts = {4000000000, 0};

	return clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &ts, NULL);
}

static long do_io_uring(void)
{
	return syscall(SYS_io_uring_enter, g_ring, 0, 3, IORING_ENTER_GETEVENTS, NULL, 8);
}

/* ---- what they wait for ---- */

static void fill(int fd)
{
	sample_must(fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl");
	while (write(fd, g_buffer, 4096) > 0 || write(fd, g_buffer, 1) > 0)
		continue;
	sample_must(fcntl(fd, F_SETFL, 0), "fcntl");
}

/* A listener whose queue is full. */
static void open_busy(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "busy"};
	int fd;

	g_busy = socket(AF_UNIX, SOCK_STREAM, 0);
	sample_must(bind(g_busy, (struct sockaddr *)&name, sizeof(name)), "bind");
	sample_must(listen(g_busy, 0), "listen");
	do
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	while (!connect(fd, (struct sockaddr *)&name, sizeof(name)));
	close(fd);
	g_caller = socket(AF_UNIX, SOCK_STREAM, 0);
}

static void open_files(void)
{
	struct itimerspec tomorrow = {.it_value = {DAY, 0}};
	struct epoll_event event = {.events = EPOLLIN};
	sigset_t set;

	sample_must(pipe(g_pipe), "pipe");
	sample_must(pipe(g_full), "pipe");
	sample_must(socketpair(AF_UNIX, SOCK_DGRAM, 0, g_datagrams), "socketpair");
	sample_must(socketpair(AF_UNIX, SOCK_STREAM, 0, g_full_stream), "socketpair");
	fill(g_full[1]);
	fill(g_full_stream[0]);
	g_file = open("file", O_RDWR | O_CREAT, 0600);
	sample_must(ftruncate(g_file, 4096), "ftruncate");
	sample_must(mkfifo("fifo", 0600), "mkfifo");
	g_epoll = epoll_create1(0);
	sample_must(epoll_ctl(g_epoll, EPOLL_CTL_ADD, g_pipe[0], &event), "epoll_ctl");
	g_event = eventfd(0, 0);
	g_timer = timerfd_create(CLOCK_MONOTONIC, 0);
	sample_must(timerfd_settime(g_timer, 0, &tomorrow, NULL), "timerfd_settime");
	g_inotify = inotify_init1(0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	g_signal = signalfd(-1, &set, 0);
	open_busy();
}

/* What outlives its process is made for this one alone, and goes with a child that looks on. */
static void open_ipc(void)
{
	struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = sizeof(g_buffer) / 16};
	char name[64];
	int lifeline[2];
	char c;

	g_queue = msgget(IPC_PRIVATE, 0600);
	g_semaphores = semget(IPC_PRIVATE, 2, 0600);
	while (!msgsnd(g_queue, "\1\0\0\0\0\0\0\0x", 1, IPC_NOWAIT) ||
		!msgsnd(g_queue, g_buffer, 0, IPC_NOWAIT))
		continue;
	snprintf(name, sizeof(name), "/coretool-sample-%d", getpid());
	g_messages = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attr);
	mq_unlink(name);
	sample_must(pipe(lifeline), "pipe");
	if (!fork()) {
		setsid();
		close(lifeline[1]);
		close(STDOUT_FILENO);
		while (read(lifeline[0], &c, 1) > 0)
			continue;
		msgctl(g_queue, IPC_RMID, NULL);
		semctl(g_semaphores, 0, IPC_RMID);
		_exit(0);
	}
	close(lifeline[0]);
}

static void open_ring(void)
{
	struct io_uring_params params = {};

	g_ring = (int)syscall(SYS_io_uring_setup, 4, &params);
}

/* ---- the threads ---- */

static const struct row {
	const char *name;
	long (*block)(void);
	long number;
	const char *kind;
	bool timed;
	const int *fds[2]; /* what the text's %d are */
	const char *text;
} g_rows[] = {
	{"poll", do_poll, SYS_poll, "io", true, {&g_pipe[0], &g_full[1]},
		"poll([{fd=%d, events=POLLIN}, {fd=%d, events=POLLOUT}], 2, 86400000)"},
	{"select", do_select, SYS_pselect6, "io", true, {NULL, NULL},
		"pselect6(*, [*], NULL, NULL, {tv_sec=*, tv_nsec=*}, *)"},
	{"epoll", do_epoll, SYS_epoll_pwait, "io", true, {&g_epoll},
		"epoll_pwait(%d, *, 1, 86400000, [], 8)"},
	{"readv", do_readv, SYS_readv, "io", false, {&g_pipe[0]}, "readv(%d, *, 1)"},
	{"eventfd", do_eventfd, SYS_read, "io", false, {&g_event}, "read(%d, *, 8)"},
	{"timerfd", do_timerfd, SYS_read, "io", false, {&g_timer}, "read(%d, *, 8)"},
	{"inotify", do_inotify, SYS_read, "io", false, {&g_inotify}, "read(%d, *, 4096)"},
	{"signalfd", do_signalfd, SYS_read, "io", false, {&g_signal}, "read(%d, *, 128)"},
	{"sendmsg", do_sendmsg, SYS_sendmsg, "io", false, {&g_full_stream[0]},
		"sendmsg(%d, *, MSG_NOSIGNAL)"},
	{"sendto", do_sendto, SYS_sendto, "io", false, {&g_full_stream[0]},
		"sendto(%d, *, 1, 0, NULL, 0)"},
	{"recvmmsg", do_recvmmsg, SYS_recvmmsg, "io", false, {&g_datagrams[0]},
		"recvmmsg(%d, *, 2, MSG_WAITFORONE, NULL)"},
	{"splice", do_splice, SYS_splice, "io", false, {&g_pipe[0], &g_full_stream[0]},
		"splice(%d, NULL, %d, NULL, 4096, SPLICE_F_MOVE)"},
	{"sendfile", do_sendfile, SYS_sendfile, "io", false, {&g_full[1], &g_file},
		"sendfile(%d, %d, NULL, 4096)"},
	{"open_fifo", do_open_fifo, SYS_openat, "io", false, {NULL},
		"openat(AT_FDCWD, *, O_WRONLY)"},
	{"connect", do_connect, SYS_connect, "io", false, {&g_caller},
		"connect(%d, {AF_UNIX}, 110)"},
	{"mq_receive", do_mq_receive, SYS_mq_timedreceive, "io", true, {&g_messages},
		"mq_timedreceive(%d, *, 65536, NULL, {tv_sec=*, tv_nsec=*})"},
	{"msgsnd", do_msgsnd, SYS_msgsnd, "io", false, {&g_queue}, "msgsnd(%d, *, 1, 0)"},
	{"semtimedop", do_semtimedop, SYS_semtimedop, "io", true, {&g_semaphores},
		"semtimedop(%d, [{sem_num=0, sem_op=-2, sem_flg=0}, "
		"{sem_num=1, sem_op=-1, sem_flg=SEM_UNDO}], 2, {tv_sec=86400, tv_nsec=0})"},
	{"sigtimedwait", do_sigtimedwait, SYS_rt_sigtimedwait, "signal", true, {NULL},
		"rt_sigtimedwait([USR1 TERM], NULL, {tv_sec=86400, tv_nsec=0}, 8)"},
	{"sleep_until", do_sleep_until, SYS_clock_nanosleep, "sleep", true, {NULL},
		"clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, {tv_sec=4000000000, tv_nsec=0}, "
		"NULL)"},
	{"io_uring", do_io_uring, SYS_io_uring_enter, "io", false, {&g_ring},
		"io_uring_enter(%d, 0, 3, IORING_ENTER_GETEVENTS, NULL, 8)"},
};

enum { ROWS = sizeof(g_rows) / sizeof(g_rows[0]) };

SAMPLE_FRAME static void *block(void *arg)
{
	const struct row *row = arg;

	/* A debugger's stop ends some of these calls early. */
	for (;;) {
		row->block();
		SAMPLE_AFTER();
	}
	return NULL;
}

static void tell(const struct row *row, const struct sample_thread *t)
{
	struct sample_call call = sample_await(t->tid, row->number, SAMPLE_ANY);

	truth_call(t, &call);
	printf("{\"wait\":{\"tid\":%d,\"kind\":\"%s\",\"timed\":%s}}\n", t->tid, row->kind,
		row->timed ? "true" : "false");
	printf("{\"call\":{\"tid\":%d,\"text\":\"", t->tid);
	printf(row->text, row->fds[0] ? *row->fds[0] : 0, row->fds[1] ? *row->fds[1] : 0);
	printf("\"}}\n");
}

int main(void)
{
	static struct sample_thread t[ROWS];
	int threads = 1;

	open_files();
	open_ipc();
	open_ring();
	for (int i = 0; i < ROWS; i++) {
		const struct row *row = &g_rows[i];

		/* A kernel may have neither, or forbid it. */
		if (row->fds[0] && *row->fds[0] < 0) {
			truth_skipped(row->name, "this kernel does not let us");
			continue;
		}
		t[i] = (struct sample_thread){.name = row->name, .run = block, .arg = (void *)row};
		sample_start(&t[i]);
		threads++;
		tell(row, &t[i]);
	}
	truth_verdict("clean");
	sample_rest(threads);
}
