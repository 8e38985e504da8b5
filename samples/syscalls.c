/* SPDX-License-Identifier: Apache-2.0 */
/* One thread in each blocking system call, and in each primitive that sleeps on a futex. */
#include "sample.h"
#include <linux/futex.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

static int g_pipe[2], g_full_pipe[2], g_sockets[2], g_listener, g_epoll;
static int g_queue, g_semaphores, g_locked_file, g_second_file;
static pid_t g_child;
static sem_t g_sem;
static pthread_cond_t g_cond = PTHREAD_COND_INITIALIZER;
static pthread_mutex_t g_cond_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t g_rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t g_barrier;
static int g_word, g_timed_word;
static char g_buffer[1 << 20];

/* ---- files and sockets ---- */

static long do_read(void)
{
	return read(g_pipe[0], g_buffer, 1);
}

static void fill(int fd)
{
	sample_must(fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl");
	while (write(fd, g_buffer, 1) == 1)
		;
	sample_must(fcntl(fd, F_SETFL, 0), "fcntl");
}

/* A write of which a part fits comes back with that part as soon as a signal comes; one byte fits
 * or does not. */
static long do_write(void)
{
	return write(g_full_pipe[1], g_buffer, 1);
}

static long do_poll(void)
{
	struct pollfd fd = {.fd = g_pipe[0], .events = POLLIN};

	return poll(&fd, 1, -1);
}

static long do_poll_timed(void)
{
	struct pollfd fd = {.fd = g_pipe[0], .events = POLLIN};

	return poll(&fd, 1, 24 * 60 * 60 * 1000);
}

static long do_ppoll(void)
{
	struct pollfd fd = {.fd = g_pipe[0], .events = POLLIN};

	return ppoll(&fd, 1, NULL, NULL);
}

static long do_select(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(g_pipe[0], &set);
	return select(g_pipe[0] + 1, &set, NULL, NULL, NULL);
}

static long do_epoll(void)
{
	struct epoll_event event;

	return epoll_wait(g_epoll, &event, 1, -1);
}

static long do_accept(void)
{
	return accept(g_listener, NULL, NULL);
}

static long do_recv(void)
{
	return recv(g_sockets[0], g_buffer, 16, 0);
}

static long do_recvmsg(void)
{
	struct iovec iov = {.iov_base = g_buffer, .iov_len = 16};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	return recvmsg(g_sockets[1], &msg, 0);
}

static long do_flock(void)
{
	return flock(g_second_file, LOCK_EX);
}

static long do_record_lock(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(g_second_file, F_OFD_SETLKW, &lock);
}

static long do_open_fifo(void)
{
	return open("fifo", O_RDONLY);
}

/* ---- time, signals, children, System V ---- */

static long do_nanosleep(void)
{
	struct timespec ts = {24 * 60 * 60, 0};

	return nanosleep(&ts, NULL);
}

static long do_sleep_until(void)
{
	struct timespec ts = sample_tomorrow(CLOCK_MONOTONIC);

	return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static long do_sigwait(void)
{
	sigset_t set;
	int signal;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return sigwait(&set, &signal);
}

static long do_sigsuspend(void)
{
	sigset_t set;

	sigemptyset(&set);
	return sigsuspend(&set);
}

static long do_pause(void)
{
	return pause();
}

static long do_wait(void)
{
	return waitpid(g_child, NULL, 0);
}

static long do_waitid(void)
{
	siginfo_t info;

	return waitid(P_PID, g_child, &info, WEXITED | WNOWAIT);
}

static long do_msgrcv(void)
{
	struct {
		long type;
		char text[8];
	} msg;

	return msgrcv(g_queue, &msg, sizeof(msg.text), 0, 0);
}

static long do_semop(void)
{
	struct sembuf take = {.sem_num = 0, .sem_op = -1};

	return semop(g_semaphores, &take, 1);
}

/* ---- futexes that are no mutex ---- */

static long do_futex(void)
{
	return syscall(SYS_futex, &g_word, FUTEX_WAIT_PRIVATE, 0, NULL);
}

static long do_futex_bitset(void)
{
	struct timespec ts = sample_tomorrow(CLOCK_MONOTONIC);

	return syscall(SYS_futex, &g_timed_word, FUTEX_WAIT_BITSET_PRIVATE, 0, &ts, NULL, 1);
}

static long do_sem(void)
{
	return sem_wait(&g_sem);
}

static long do_sem_timed(void)
{
	struct timespec ts = sample_tomorrow(CLOCK_REALTIME);

	return sem_timedwait(&g_sem, &ts);
}

static long do_cond(void)
{
	pthread_mutex_lock(&g_cond_lock);
	return pthread_cond_wait(&g_cond, &g_cond_lock);
}

static long do_cond_timed(void)
{
	struct timespec ts = sample_tomorrow(CLOCK_REALTIME);

	pthread_mutex_lock(&g_cond_lock);
	return pthread_cond_timedwait(&g_cond, &g_cond_lock, &ts);
}

static long do_barrier(void)
{
	return pthread_barrier_wait(&g_barrier);
}

static long do_rdlock(void)
{
	return pthread_rwlock_rdlock(&g_rwlock);
}

static long do_wrlock(void)
{
	return pthread_rwlock_wrlock(&g_rwlock);
}

/* ---- the threads ---- */

static const struct row {
	const char *name;
	long (*block)(void);
	long number, or_number; /* the system call; libc versions differ */
	/* What the report says of it, when that is an object of the process. */
	const char *kind, *object_name;
	const void *object;
	bool timed;
} g_rows[] = {
	{"do_read", do_read, SYS_read, 0, NULL, NULL, NULL, false},
	{"do_write", do_write, SYS_write, 0, NULL, NULL, NULL, false},
	{"do_poll", do_poll, SYS_poll, 0, NULL, NULL, NULL, false},
	{"do_poll_timed", do_poll_timed, SYS_poll, 0, NULL, NULL, NULL, false},
	{"do_ppoll", do_ppoll, SYS_ppoll, 0, NULL, NULL, NULL, false},
	{"do_select", do_select, SYS_pselect6, SYS_select, NULL, NULL, NULL, false},
	{"do_epoll", do_epoll, SYS_epoll_wait, 0, NULL, NULL, NULL, false},
	{"do_accept", do_accept, SYS_accept, 0, NULL, NULL, NULL, false},
	{"do_recv", do_recv, SYS_recvfrom, 0, NULL, NULL, NULL, false},
	{"do_recvmsg", do_recvmsg, SYS_recvmsg, 0, NULL, NULL, NULL, false},
	{"do_flock", do_flock, SYS_flock, 0, NULL, NULL, NULL, false},
	{"do_record_lock", do_record_lock, SYS_fcntl, 0, NULL, NULL, NULL, false},
	{"do_open_fifo", do_open_fifo, SYS_openat, 0, NULL, NULL, NULL, false},
	{"do_nanosleep", do_nanosleep, SYS_clock_nanosleep, SYS_nanosleep, NULL, NULL, NULL, false},
	{"do_sleep_until", do_sleep_until, SYS_clock_nanosleep, 0, NULL, NULL, NULL, false},
	{"do_sigwait", do_sigwait, SYS_rt_sigtimedwait, 0, NULL, NULL, NULL, false},
	{"do_sigsuspend", do_sigsuspend, SYS_rt_sigsuspend, 0, NULL, NULL, NULL, false},
	{"do_pause", do_pause, SYS_pause, 0, NULL, NULL, NULL, false},
	{"do_wait", do_wait, SYS_wait4, 0, NULL, NULL, NULL, false},
	{"do_waitid", do_waitid, SYS_waitid, 0, NULL, NULL, NULL, false},
	{"do_msgrcv", do_msgrcv, SYS_msgrcv, 0, NULL, NULL, NULL, false},
	{"do_semop", do_semop, SYS_semop, SYS_semtimedop, NULL, NULL, NULL, false},
	{"do_futex", do_futex, SYS_futex, 0, NULL, NULL, NULL, false},
	{"do_futex_bitset", do_futex_bitset, SYS_futex, 0, NULL, NULL, NULL, false},
	{"do_sem", do_sem, SYS_futex, 0, "sem", "g_sem", &g_sem, false},
	{"do_sem_timed", do_sem_timed, SYS_futex, 0, "sem", "g_sem", &g_sem, true},
	{"do_cond", do_cond, SYS_futex, 0, "cond", "g_cond", &g_cond, false},
	{"do_cond_timed", do_cond_timed, SYS_futex, 0, "cond", "g_cond", &g_cond, true},
	{"do_barrier", do_barrier, SYS_futex, 0, "barrier", "g_barrier", &g_barrier, false},
	{"do_rdlock", do_rdlock, SYS_futex, 0, "rwlock-read", "g_rwlock", &g_rwlock, false},
	{"do_wrlock", do_wrlock, SYS_futex, 0, "rwlock-write", "g_rwlock", &g_rwlock, false},
};

enum { ROWS = sizeof(g_rows) / sizeof(g_rows[0]) };

SAMPLE_FRAME static void *block(void *arg)
{
	const struct row *row = (const struct row *)arg;

	/* A debugger's stop ends some of these calls early. */
	for (;;) {
		row->block();
		SAMPLE_AFTER();
	}
	return NULL;
}

/*
 * A child to wait for. System V objects outlive their process, so it removes them when this
 * process ends; in a session of its own, lest a signal to our group ends it before.
 */
static pid_t start_child(void)
{
	int lifeline[2];
	char c;
	pid_t pid;

	sample_must(pipe(lifeline), "pipe");
	pid = fork();
	if (pid < 0)
		sample_fail("fork", pid);
	if (pid == 0) {
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
	return pid;
}

static void open_sockets(void)
{
	struct sockaddr_un any = {.sun_family = AF_UNIX};
	struct epoll_event event = {.events = EPOLLIN};

	sample_must(socketpair(AF_UNIX, SOCK_DGRAM, 0, g_sockets), "socketpair");
	g_listener = socket(AF_UNIX, SOCK_STREAM, 0);
	sample_must(bind(g_listener, (struct sockaddr *)&any, sizeof(any.sun_family)), "bind");
	sample_must(listen(g_listener, 1), "listen");
	g_epoll = epoll_create1(0);
	sample_must(epoll_ctl(g_epoll, EPOLL_CTL_ADD, g_pipe[0], &event), "epoll_ctl");
}

static void open_files(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	g_locked_file = open("locked", O_RDWR | O_CREAT, 0600);
	g_second_file = open("locked", O_RDWR);
	sample_must(flock(g_locked_file, LOCK_EX), "flock");
	sample_must(fcntl(g_locked_file, F_OFD_SETLK, &lock), "fcntl");
	sample_must(mkfifo("fifo", 0600), "mkfifo");
}

int main(void)
{
	static struct sample_thread t[ROWS];
	const struct sample_thread main_thread = {.tid = getpid()};

	g_queue = msgget(IPC_PRIVATE, 0600);
	g_semaphores = semget(IPC_PRIVATE, 1, 0600);
	g_child = start_child();
	sample_must(pipe(g_pipe), "pipe");
	sample_must(pipe(g_full_pipe), "pipe");
	fill(g_full_pipe[1]);
	open_sockets();
	open_files();
	sem_init(&g_sem, 0, 0);
	pthread_barrier_init(&g_barrier, NULL, 3);
	pthread_rwlock_wrlock(&g_rwlock);
	for (int i = 0; i < ROWS; i++) {
		const struct row *row = &g_rows[i];
		struct sample_call call;

		t[i] = (struct sample_thread){.name = row->name, .run = block, .arg = (void *)row};
		sample_start(&t[i]);
		call = sample_await(t[i].tid, SAMPLE_ANY, SAMPLE_ANY);
		if (call.number != row->number && call.number != row->or_number)
			sample_fail("a thread blocks in an unexpected system call", call.number);
		truth_call(&t[i], &call);
		if (row->kind)
			truth_wait(&t[i], row->kind, row->object, row->object_name,
				row->object == &g_rwlock ? &main_thread : NULL, row->timed);
		truth_function(&t[i], "block");
	}
	/* main keeps the rwlock and pauses. */
	truth_verdict("stuck");
	sample_rest(1 + ROWS);
}
