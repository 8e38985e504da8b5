/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that block, as text and as what they wait for. */
#include "fake_target.h"

#include "blocking/syscall_table.h"

static void put_pollfd(uint64_t addr, int32_t fd, uint16_t events)
{
	put(addr, &fd, sizeof(fd));
	put(addr + 4, &events, sizeof(events));
}

static void test_poll(void **state)
{
	for (int i = 0; i < 10; i++)
		put_pollfd(DATA + 8 * (uint64_t)i, i + 3, 1);
	put_pollfd(DATA + 8, -1, 0x2005);
	CHECK("poll([{fd=3, events=POLLIN}], 1, -1)", "poll", DATA, 1, INFINITE);
	CHECK("poll([{fd=3, events=POLLIN}, {fd=-1, events=POLLIN|POLLOUT|POLLRDHUP}], 2, 5000)",
		"poll", DATA, 2, 5000);
	CHECK("poll([{fd=3, events=POLLIN}, {fd=-1, events=POLLIN|POLLOUT|POLLRDHUP}, "
	      "{fd=5, events=POLLIN}, {fd=6, events=POLLIN}, {fd=7, events=POLLIN}, "
	      "{fd=8, events=POLLIN}, {fd=9, events=POLLIN}, {fd=10, events=POLLIN}, …], 9, 0)",
		"poll", DATA, 9, 0);
	CHECK("poll(NULL, 0, 10)", "poll", 0, 0, 10);
	CHECK("poll([], 0, 10)", "poll", DATA, 0, 10);
	put_pollfd(OTHER, 4, 0);
	CHECK("poll([{fd=4, events=0}], 1, 10)", "poll", OTHER, 1, 10);

	put_pair(DATA + 256, 1, 2);
	uint64_t set = 0x4002; /* INT and TERM */
	put(OTHER, &set, sizeof(set));
	CHECK("ppoll([{fd=3, events=POLLIN}], 1, {tv_sec=1, tv_nsec=2}, [INT TERM], 8)", "ppoll",
		DATA, 1, DATA + 256, OTHER, 8);
}

static void test_poll_described(void **state)
{
	struct ct_syscall_info info;

	put_pollfd(DATA, 3, 1);
	info = DESCRIBE("poll", DATA, 1, INFINITE);
	assert_int_equal(info.class, CT_CLASS_IO);
	assert_false(info.timed);
	assert_true(info.fd_known);
	assert_int_equal(info.fd, 3);
	info = DESCRIBE("poll", DATA, 2, 5000);
	assert_true(info.timed && info.timeout_known && !info.fd_known);
	assert_int_equal(info.timeout_ns, UINT64_C(5000000000));
	info = DESCRIBE("poll", DATA, 1, 0xffffffff); /* -1 of an int */
	assert_false(info.timed);
	info = DESCRIBE("poll", NOWHERE, 1, 1);
	assert_true(info.timed && !info.fd_known);
	put_pollfd(DATA, -3, 1); /* poll ignores it */
	assert_false(DESCRIBE("poll", DATA, 1, 1).fd_known);
}

/* Counts and pointers that an attacker would choose. */
static void test_hostile_arrays(void **state)
{
	CHECK("poll(0x7fff00000000, 4294967295, 0)", "poll", NOWHERE, UINT64_MAX, 0);
	CHECK("poll(0xffffffffffffffff, 4294967295, 0)", "poll", UINT64_MAX, UINT64_MAX, 0);
	CHECK("poll(0x7f0000001fff, 1, 0)", "poll", DATA_END - 1, 1, 0);
	put_pollfd(DATA_END - 16, 3, 1);
	put_pollfd(DATA_END - 8, 4, 4);
	CHECK("poll([{fd=3, events=POLLIN}, {fd=4, events=POLLOUT}, 0x7f0000002000], 4294967295, "
	      "-1)",
		"poll", DATA_END - 16, UINT64_MAX, INFINITE);

	memset(memory, 0, sizeof(memory));
	CHECK("select(2147483647, […], 0x7fff00000000, NULL, 0x1)", "select", 0x7fffffff, DATA,
		NOWHERE, 0, 1);
	memory[1023] = 0x80;
	CHECK("select(2147483647, [8191 …], NULL, NULL, NULL)", "select", 0x7fffffff, DATA);
	CHECK("select(-1, [], [], NULL, NULL)", "select", UINT64_MAX, DATA, DATA, 0, 0);
	CHECK("semop(5, 0x7fff00000000, 4294967295)", "semop", 5, NOWHERE, UINT64_MAX);
	CHECK("futex_waitv(0x1, 4294967295, 0, NULL, CLOCK_REALTIME)", "futex_waitv", 1,
		UINT64_MAX);
	CHECK("connect(3, 0x7fff00000000, -1)", "connect", 3, NOWHERE, UINT64_MAX);
	CHECK("connect(3, 0x7f0000001ff0, -1)", "connect", 3, DATA_END - 16, UINT64_MAX);
	CHECK("rt_sigsuspend(0x7f0000001000, 18446744073709551615)", "rt_sigsuspend", DATA,
		UINT64_MAX);
	CHECK("nanosleep(0x7f0000001ff8, NULL)", "nanosleep", DATA_END - 8);
	CHECK("clock_nanosleep(-1, TIMER_ABSTIME|0xfffffffe, NULL, NULL)", "clock_nanosleep",
		UINT64_MAX, UINT64_MAX);
	CHECK("io_uring_enter(-1, 4294967295, 4294967295, "
	      "IORING_ENTER_GETEVENTS|IORING_ENTER_SQ_WAKEUP|IORING_ENTER_SQ_WAIT|IORING_ENTER_EXT_"
	      "ARG|"
	      "IORING_ENTER_REGISTERED_RING|IORING_ENTER_ABS_TIMER|IORING_ENTER_EXT_ARG_REG|"
	      "IORING_ENTER_NO_IOWAIT|0xffffff00, 0xffffffffffffffff, 18446744073709551615)",
		"io_uring_enter", UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
		UINT64_MAX);
}

/*
 * Every row, with the same argument six times over: no printer may be missing, none may run away.
 */
static void test_every_row(void **state)
{
	static const uint64_t values[] = {
		0, 1, 3, DATA, DATA_END - 1, NOWHERE, INT64_MAX, UINT64_MAX};

	for (size_t row = 0; row < ct_n_call_rows; row++) {
		const char *name = ct_call_rows[row].name;

		if (row)
			assert_true(strcmp(ct_call_rows[row - 1].name, name) < 0);
		for (size_t i = 0; i < CT_COUNT(values); i++) {
			uint64_t v = values[i];
			struct ct_syscall call = {.number = ct_syscall_number(machine, name),
				.args = {v, v, v, v, v, v},
				.args_known = CT_ALL_ARGS,
				.number_known = true};
			struct ct_syscall_info info;
			struct ct_arena arena;
			const char *text;

			if (call.number < 0)
				continue; /* the other machine's, or newer than the table */
			ct_arena_init(&arena);
			ct_syscall_describe(*state, &call, &info);
			assert_int_equal(ct_syscall_text(*state, &call, &arena, &text), CT_OK);
			assert_true(strlen(text) < 1000);
			assert_int_equal(strncmp(text, name, strlen(name)), 0);
			assert_int_equal(text[strlen(name)], '(');
			assert_int_equal(text[strlen(text) - 1], ')');
			ct_arena_free(&arena);
		}
	}
}

static void test_select(void **state)
{
	uint64_t fds[2] = {UINT64_C(1) << 3 | UINT64_C(1) << 63, 1 << 6};
	struct ct_syscall_info info;

	put(DATA, fds, sizeof(fds));
	put_pair(OTHER, 2, 500000);
	CHECK("select(71, [3 63 70], NULL, [3 63 70], {tv_sec=2, tv_usec=500000})", "select", 71,
		DATA, 0, DATA, OTHER);
	CHECK("select(70, [3 63], NULL, NULL, NULL)", "select", 70, DATA);
	CHECK("pselect6(4, NULL, [3], NULL, {tv_sec=2, tv_nsec=500000}, 0x7f0000001100)",
		"pselect6", 4, 0, DATA, 0, OTHER, DATA + 256);
	memset(memory, 0xff, 16);
	CHECK("select(128, [0 1 2 3 4 5 6 7 …], NULL, NULL, NULL)", "select", 128, DATA);
	CHECK("select(8, [0 1 2 3 4 5 6 7], NULL, NULL, NULL)", "select", 8, DATA);
	info = DESCRIBE("select", 8, DATA, 0, 0, OTHER);
	assert_true(info.class == CT_CLASS_IO && info.timed && info.timeout_known);
	assert_int_equal(info.timeout_ns, UINT64_C(2500000000));
	info = DESCRIBE("pselect6", 8, DATA, 0, 0, OTHER);
	assert_int_equal(info.timeout_ns, UINT64_C(2000500000));
	assert_false(DESCRIBE("pselect6", 8, DATA).timed);
}

static void test_epoll_and_rings(void **state)
{
	struct ct_syscall_info info;
	uint64_t ring_arg[] = {0, 8, OTHER};

	put(DATA, ring_arg, sizeof(ring_arg));
	put_pair(OTHER, 0, 250);
	CHECK("epoll_wait(4, 0x7f0000001000, 10, -1)", "epoll_wait", 4, DATA, 10, INFINITE);
	CHECK("epoll_pwait(4, 0x7f0000001000, 10, 20, NULL, 8)", "epoll_pwait", 4, DATA, 10, 20, 0,
		8);
	CHECK("epoll_pwait2(4, 0x7f0000001000, 10, {tv_sec=0, tv_nsec=250}, NULL, 8)",
		"epoll_pwait2", 4, DATA, 10, OTHER, 0, 8);
	CHECK("io_getevents(0x7f0000001000, 1, 8, 0x7f0000001800, NULL)", "io_getevents", DATA, 1,
		8, OTHER);
	CHECK("io_uring_enter(5, 0, 1, IORING_ENTER_GETEVENTS, NULL, 8)", "io_uring_enter", 5, 0, 1,
		1, 0, 8);
	info = DESCRIBE("epoll_wait", 4, DATA, 10, INFINITE);
	assert_true(info.class == CT_CLASS_IO && !info.timed && info.fd_known && info.fd == 4);
	info = DESCRIBE("epoll_wait", 4, DATA, 10, 7);
	assert_true(info.timed && info.timeout_ns == 7000000);
	info = DESCRIBE("io_getevents", DATA, 1, 8, OTHER, OTHER);
	assert_true(info.timed && info.timeout_ns == 250 && !info.fd_known);
	info = DESCRIBE("io_uring_enter", 5, 0, 1, 1, OTHER, 8);
	assert_true(!info.timed && info.fd_known && info.fd == 5);
	info = DESCRIBE("io_uring_enter", 5, 0, 1, 1 | 8, DATA, 24);
	assert_true(info.timed && info.timeout_ns == 250 && !info.absolute);
	info = DESCRIBE("io_uring_enter", 5, 0, 1, 1 | 8 | 0x10 | 0x20, DATA, 24);
	assert_true(info.timed && info.absolute && !info.fd_known);
	assert_false(DESCRIBE("io_uring_enter", 5, 0, 1, 1 | 8, NOWHERE, 24).timed);
	assert_false(DESCRIBE("io_uring_enter", 5, 0, 1, 1 | 8 | 0x40, DATA, 24).timed);
}

static void test_sleep_and_signals(void **state)
{
	struct ct_syscall_info info;
	uint64_t most = ~(UINT64_C(1) << 8 | UINT64_C(1) << 18), some = 0x1 | UINT64_C(1) << 33;

	put_pair(DATA, 3600, 0);
	put(OTHER, &some, sizeof(some));
	put(OTHER + 8, &most, sizeof(most));
	CHECK("clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=3600, tv_nsec=0}, NULL)",
		"clock_nanosleep", 0, 0, DATA);
	CHECK("clock_nanosleep(-6, TIMER_ABSTIME, {tv_sec=3600, tv_nsec=0}, 0x7f0000001800)",
		"clock_nanosleep", (uint64_t)-6, 1, DATA, OTHER);
	CHECK("nanosleep({tv_sec=3600, tv_nsec=0}, NULL)", "nanosleep", DATA);
	CHECK("pause()", "pause", 0);
	CHECK("rt_sigsuspend([HUP RT_2], 8)", "rt_sigsuspend", OTHER, 8);
	CHECK("rt_sigtimedwait(~[KILL STOP], NULL, {tv_sec=3600, tv_nsec=0}, 8)", "rt_sigtimedwait",
		OTHER + 8, 0, DATA, 8);
	info = DESCRIBE("clock_nanosleep", 1, 0, DATA);
	assert_true(info.class == CT_CLASS_SLEEP && info.timed && !info.absolute);
	assert_int_equal(info.timeout_ns, UINT64_C(3600000000000));
	assert_true(DESCRIBE("clock_nanosleep", 1, 1, DATA).absolute);
	info = DESCRIBE("nanosleep", NOWHERE);
	assert_true(info.timed && !info.timeout_known);
	put_pair(DATA, INT64_MAX, INT64_MAX);
	assert_int_equal(DESCRIBE("nanosleep", DATA).timeout_ns, UINT64_MAX);
	put_pair(DATA, -1, 0);
	assert_int_equal(DESCRIBE("nanosleep", DATA).timeout_ns, 0);
	assert_true(DESCRIBE("pause", 0).class == CT_CLASS_SIGNAL && !DESCRIBE("pause", 0).timed);
	assert_false(DESCRIBE("rt_sigtimedwait", OTHER, 0, 0, 8).timed);
	assert_true(DESCRIBE("rt_sigtimedwait", OTHER, 0, DATA, 8).timed);
}

static void test_sockets(void **state)
{
	static const uint8_t inet[16] = {2, 0, 0, 80, 127, 0, 0, 1};
	static const uint8_t inet6[28] = {10, 0, 0x1f, 0x90, 0, 0, 0, 0, [23] = 1};
	static const char local[] = "\1\0/run/secret.sock";
	static const uint8_t unknown[] = {99, 0};
	struct ct_syscall_info info;

	put(DATA, inet, sizeof(inet));
	put(OTHER, inet6, sizeof(inet6));
	put(OTHER + 64, local, sizeof(local));
	put(OTHER + 128, unknown, sizeof(unknown));
	CHECK("connect(3, {AF_INET, 127.0.0.1:80}, 16)", "connect", 3, DATA, 16);
	CHECK("connect(3, {AF_INET6, [::1]:8080}, 28)", "connect", 3, OTHER, 28);
	CHECK("connect(3, {AF_UNIX}, 19)", "connect", 3, OTHER + 64, 19);
	CHECK("connect(3, {AF_99}, 2)", "connect", 3, OTHER + 128, 2);
	CHECK("connect(3, {AF_INET}, 4)", "connect", 3, DATA, 4);
	CHECK("connect(3, 0x7f0000001000, 1)", "connect", 3, DATA, 1);
	CHECK("accept4(4, NULL, NULL, SOCK_NONBLOCK|SOCK_CLOEXEC)", "accept4", 4, 0, 0, 0x80800);
	CHECK("recvfrom(3, 0x7f0000001000, 4096, MSG_WAITALL, NULL, NULL)", "recvfrom", 3, DATA,
		4096, 0x100);
	CHECK("recvmsg(3, 0x7f0000001000, MSG_PEEK|0x8000000)", "recvmsg", 3, DATA, 0x8000002);
	CHECK("sendto(3, 0x7f0000001000, 5, MSG_NOSIGNAL, {AF_INET, 127.0.0.1:80}, 16)", "sendto",
		3, DATA, 5, 0x4000, DATA, 16);
	CHECK("sendto(3, 0x7f0000001000, 5, 0, NULL, 0)", "sendto", 3, DATA, 5);
	info = DESCRIBE("accept4", 4);
	assert_true(info.class == CT_CLASS_IO && info.fd_known && info.fd == 4 && !info.timed);
	put_pair(DATA, 1, 0); /* looked at only when something has come */
	assert_false(DESCRIBE("recvmmsg", 3, OTHER, 4, 0, DATA).timed);
}

static void test_files(void **state)
{
	static const struct {
		int16_t type, whence;
		int32_t pad;
		int64_t start, len;
	} lock = {1, 0, 0, 100, -1};
	struct ct_syscall_info info;

	put(DATA, &lock, sizeof(lock));
	CHECK("read(3, 0x7f0000001000, 4096)", "read", 3, DATA, 4096);
	CHECK("pread64(3, 0x7f0000001000, 4096, -1)", "pread64", 3, DATA, 4096, UINT64_MAX);
	CHECK("preadv2(3, 0x7f0000001000, 2, 64, RWF_NOWAIT)", "preadv2", 3, DATA, 2, 64, 0, 8);
	CHECK("splice(3, NULL, 4, NULL, 65536, SPLICE_F_MOVE|SPLICE_F_MORE)", "splice", 3, 0, 4, 0,
		65536, 5);
	CHECK("sendfile(4, 3, NULL, 65536)", "sendfile", 4, 3, 0, 65536);
	CHECK("flock(9, LOCK_EX)", "flock", 9, 2);
	CHECK("fcntl(9, F_SETLKW, {l_type=F_WRLCK, l_whence=SEEK_SET, l_start=100, l_len=-1})",
		"fcntl", 9, 7, DATA);
	CHECK("fcntl(9, F_OFD_SETLKW, 0x7fff00000000)", "fcntl", 9, 38, NOWHERE);
	CHECK("fcntl(9, F_SETLEASE, 0x7f0000001000)", "fcntl", 9, 1024, DATA);
	CHECK("openat(AT_FDCWD, 0x7f0000001000, O_RDWR|O_CREAT|O_CLOEXEC)", "openat",
		(uint64_t)-100, DATA, 0x80042);
	CHECK("openat(5, 0x7f0000001000, O_RDONLY)", "openat", 5, DATA, 0);
	CHECK("ioctl(3, 0x5401, 0x7f0000001000)", "ioctl", 3, 0x5401, DATA);
	info = DESCRIBE("flock", 9, 2);
	assert_true(info.class == CT_CLASS_LOCKF && info.fd_known && info.fd == 9);
	assert_true(DESCRIBE("fcntl", 9, 7, DATA).class == CT_CLASS_LOCKF);
	assert_true(DESCRIBE("fcntl", 9, 38, DATA).class == CT_CLASS_LOCKF);
	assert_true(DESCRIBE("fcntl", 9, 3, DATA).class == CT_CLASS_IO);
	info = DESCRIBE("read", 0, DATA, 1);
	assert_true(info.class == CT_CLASS_IO && info.fd_known && info.fd == 0 && !info.timed);
	assert_false(DESCRIBE("openat", 5, DATA).fd_known);
}

static void test_children_and_ipc(void **state)
{
	static const int16_t ops[] = {0, -1, 0, 2, 0, 0x1800};
	struct ct_syscall_info info;

	put(DATA, ops, sizeof(ops));
	put_pair(OTHER, 5, 0);
	CHECK("wait4(-1, 0x7f0000001000, 0, NULL)", "wait4", UINT64_MAX, DATA);
	CHECK("wait4(77, NULL, WNOHANG|WSTOPPED, NULL)", "wait4", 77, 0, 3);
	CHECK("waitid(P_PID, 77, 0x7f0000001000, WEXITED|WNOWAIT, NULL)", "waitid", 1, 77, DATA,
		0x1000004);
	CHECK("vfork()", "vfork", 0);
	CHECK("clone(CLONE_VM|CLONE_VFORK|SIGCHLD, 0x7f0000001000, NULL, NULL, NULL)", "clone",
		0x4111, DATA);
	CHECK("semop(5, [{sem_num=0, sem_op=-1, sem_flg=0}], 1)", "semop", 5, DATA, 1);
	CHECK("semtimedop(5, [{sem_num=0, sem_op=-1, sem_flg=0}, "
	      "{sem_num=2, sem_op=0, sem_flg=IPC_NOWAIT|SEM_UNDO}], 2, {tv_sec=5, tv_nsec=0})",
		"semtimedop", 5, DATA, 2, OTHER);
	CHECK("msgrcv(1, 0x7f0000001000, 32, -4, MSG_NOERROR)", "msgrcv", 1, DATA, 32, (uint64_t)-4,
		0x1000);
	CHECK("mq_timedreceive(3, 0x7f0000001000, 64, NULL, {tv_sec=5, tv_nsec=0})",
		"mq_timedreceive", 3, DATA, 64, 0, OTHER);
	assert_true(DESCRIBE("wait4", UINT64_MAX).class == CT_CLASS_CHILD);
	assert_true(DESCRIBE("vfork", 0).class == CT_CLASS_CHILD);
	info = DESCRIBE("semtimedop", 5, DATA, 2, OTHER);
	assert_true(info.class == CT_CLASS_IPC && info.timed && !info.absolute && !info.fd_known);
	assert_int_equal(info.timeout_ns, UINT64_C(5000000000));
	info = DESCRIBE("mq_timedreceive", 3, DATA, 64, 0, OTHER);
	assert_true(info.class == CT_CLASS_IPC && info.timed && info.absolute && info.fd == 3);
	assert_true(DESCRIBE("getrandom", DATA, 1).class == CT_CLASS_OTHER);
}

static void test_unknown_calls(void **state)
{
	struct ct_syscall call = {.number = 219,
		.args = {DATA, 1, 2, 3, 4, 5},
		.args_known = CT_ALL_ARGS,
		.restarted = true};
	struct ct_syscall_info info;

	check_call(*state, &call, "restart_syscall(<… resuming interrupted system call …>)");
	ct_syscall_describe(*state, &call, &info);
	assert_true(info.class == CT_CLASS_OTHER && !info.timed && !info.fd_known);
	call.number = 7; /* recovered */
	call.number_known = true;
	put_pollfd(DATA, 8, 1);
	check_call(*state, &call, "poll([{fd=8, events=POLLIN}], 1, 2)");
	call.number = 102;
	check_call(*state, &call, "getuid(0x7f0000001000, 0x1, 0x2, 0x3, 0x4, 0x5)");
	ct_syscall_describe(*state, &call, &info);
	assert_string_equal(info.name, "getuid");
	assert_int_equal(info.class, CT_CLASS_OTHER);
	call.number = 40000;
	check_call(*state, &call, "syscall_40000(0x7f0000001000, 0x1, 0x2, 0x3, 0x4, 0x5)");
	ct_syscall_describe(*state, &call, &info);
	assert_null(info.name);
}

/* 64-bit ARM does not keep the first argument of a call that gave up. */
static void test_lost_argument(void **state)
{
	struct ct_syscall call = call_of("epoll_pwait", (struct args){{0, DATA, 10, 20, 0, 8}});
	struct ct_syscall_info info;

	call.args_known = CT_ALL_ARGS & ~1;
	check_call(*state, &call, "epoll_pwait(?, 0x7f0000001000, 10, 20, NULL, 8)");
	ct_syscall_describe(*state, &call, &info);
	assert_true(info.class == CT_CLASS_IO && info.timed && !info.fd_known);
	call = call_of("pselect6", (struct args){{0, DATA, 0, 0, 0, 0}});
	call.args_known = CT_ALL_ARGS & ~1;
	check_call(*state, &call, "pselect6(?, 0x7f0000001000, NULL, NULL, NULL, NULL)");
	call = call_of("nanosleep", (struct args){{0, 0}});
	call.args_known = CT_ALL_ARGS & ~1;
	check_call(*state, &call, "nanosleep(?, NULL)");
	put_pair(DATA, 5, 0);
	CHECK("futex_wait(0x7f0000001800, 1, FUTEX_BITSET_MATCH_ANY, "
	      "FUTEX2_SIZE_U32|FUTEX2_PRIVATE, "
	      "{tv_sec=5, tv_nsec=0}, CLOCK_MONOTONIC)",
		"futex_wait", OTHER, 1, UINT32_MAX, 0x82, DATA, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_poll),
		TEST(test_poll_described),
		TEST(test_hostile_arrays),
		TEST(test_every_row),
		TEST(test_select),
		TEST(test_epoll_and_rings),
		TEST(test_sleep_and_signals),
		TEST(test_sockets),
		TEST(test_files),
		TEST(test_children_and_ipc),
		TEST(test_unknown_calls),
		cmocka_unit_test_setup_teardown(test_lost_argument, start_on_arm, close_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
