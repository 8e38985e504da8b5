/* SPDX-License-Identifier: Apache-2.0 */
/* What a confined process can still do, tried in children. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/confine.h"

/* Under the sanitizers the process has more memory and makes more calls than it would. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static char dir[] = "/tmp/test_confine_XXXXXX", file[64], inside[64];

enum { DENIED = 0, DONE = 1 };

static int denied(bool failed)
{
	return failed && (errno == EPERM || errno == EACCES) ? DENIED : DONE;
}

static int try_read(void)
{
	return denied(open("/etc/passwd", O_RDONLY) < 0);
}

static int try_read_by_openat2(void)
{
	const uint64_t how[3] = {O_RDONLY, 0, 0};

	return denied(syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", how, sizeof(how)) < 0);
}

static int try_list(void)
{
	return denied(open("/", O_RDONLY | O_DIRECTORY) < 0);
}

static int try_write_what_is_readable(void)
{
	return denied(open(inside, O_WRONLY) < 0);
}

static int try_truncate(void)
{
	return denied(truncate(inside, 0) < 0);
}

static int try_create(void)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/new", dir);
	return denied(open(path, O_WRONLY | O_CREAT, 0600) < 0);
}

static int try_remove(void)
{
	return denied(unlink(inside) < 0);
}

static int try_rename(void)
{
	return denied(rename(inside, "/tmp/elsewhere") < 0);
}

static int try_fork(void)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	return denied(child < 0);
}

static int try_exec(void)
{
	char name[] = "true", *argv[] = {name, NULL};

	execv("/bin/true", argv);
	return denied(true);
}

static int try_socket(void)
{
	return denied(socket(AF_INET, SOCK_STREAM, 0) < 0) |
	       denied(socket(AF_UNIX, SOCK_DGRAM, 0) < 0);
}

static int try_kill(void)
{
	return denied(kill(getppid(), 0) < 0);
}

static int try_ptrace(void)
{
	return denied(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) < 0);
}

static int try_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;

	return mapped || page == MAP_FAILED ? DONE : denied(mprotect(page, 4096, PROT_EXEC) < 0);
}

static int try_typing(void)
{
	char c = 'x';

	return denied(ioctl(STDIN_FILENO, TIOCSTI, &c) < 0);
}

static int try_much_memory(void)
{
	void *much = mmap(NULL, (size_t)1 << 30, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return much == MAP_FAILED && errno == ENOMEM ? DENIED : DONE;
}

static int read_what_was_given(void)
{
	char byte;
	int fd = open(file, O_RDONLY | O_CLOEXEC), in = open(inside, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && in >= 0 && read(fd, &byte, 1) == 1 && read(in, &byte, 1) == 1 ? DONE
											: DENIED;
}

static int map_what_was_given(void)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	void *bytes = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	void *heap = malloc((size_t)1 << 20);

	free(heap);
	return bytes != MAP_FAILED && heap ? DONE : DENIED;
}

/* How it went in a confined child, or 100: the child could not be confined. */
static int confined(int (*attempt)(void))
{
	const char *paths[] = {file, dir, "/nonexistent"};
	struct ct_confinement confinement = {.paths = paths,
		.n_paths = 3,
		.max_memory = (uint64_t)512 << 20,
		.max_file = 1 << 20,
		.max_seconds = 10};
	struct ct_error err;
	int status;
	pid_t child = fork();

	if (!child) {
		if (SANITIZED)
			confinement.max_memory = RLIM_INFINITY;
		if (ct_confine(&confinement, &err)) {
			fprintf(stderr, "%s\n", err.text);
			_exit(100);
		}
		_exit(attempt());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define DENIES(what)                                                                               \
	static void what##_is_denied(void **state)                                                 \
	{                                                                                          \
		(void)state;                                                                       \
		assert_int_equal(confined(try_##what), DENIED);                                    \
	}

DENIES(read)
DENIES(read_by_openat2)
DENIES(list)
DENIES(write_what_is_readable)
DENIES(truncate)
DENIES(create)
DENIES(remove)
DENIES(rename)
DENIES(fork)
DENIES(exec)
DENIES(socket)
DENIES(kill)
DENIES(ptrace)
DENIES(code)
DENIES(typing)

static void memory_has_an_end(void **state)
{
	(void)state;
	assert_int_equal(confined(try_much_memory), SANITIZED ? DONE : DENIED);
}

static void what_was_given_can_be_read(void **state)
{
	(void)state;
	assert_int_equal(confined(read_what_was_given), DONE);
	assert_int_equal(confined(map_what_was_given), DONE);
}

/* Each attempt succeeds where nothing forbids it, or what is denied proves nothing. */
static void all_of_it_is_possible_otherwise(void **state)
{
	(void)state;
	assert_int_equal(try_read(), DONE);
	assert_int_equal(try_read_by_openat2(), DONE);
	assert_int_equal(try_list(), DONE);
	assert_int_equal(try_write_what_is_readable(), DONE);
	assert_int_equal(try_create(), DONE);
	assert_int_equal(try_fork(), DONE);
	assert_int_equal(try_socket(), DONE);
	assert_int_equal(try_kill(), DONE);
	assert_int_equal(try_code(), DONE);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(inside, sizeof(inside), "%s/file", dir);
	snprintf(file, sizeof(file), "%.50s.core", dir);
	const char *const paths[] = {inside, file};
	for (size_t i = 0; i < CT_COUNT(paths); i++) {
		FILE *out = fopen(paths[i], "w");

		if (!out || fputs("core", out) < 0 || fclose(out))
			return -1;
	}
	return 0;
}

static int tear_down(void **state)
{
	char path[80];

	(void)state;
	snprintf(path, sizeof(path), "%s/new", dir);
	unlink(path);
	unlink(inside);
	unlink(file);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_is_denied),
		cmocka_unit_test(read_by_openat2_is_denied),
		cmocka_unit_test(list_is_denied),
		cmocka_unit_test(write_what_is_readable_is_denied),
		cmocka_unit_test(truncate_is_denied),
		cmocka_unit_test(create_is_denied),
		cmocka_unit_test(remove_is_denied),
		cmocka_unit_test(rename_is_denied),
		cmocka_unit_test(fork_is_denied),
		cmocka_unit_test(exec_is_denied),
		cmocka_unit_test(socket_is_denied),
		cmocka_unit_test(kill_is_denied),
		cmocka_unit_test(ptrace_is_denied),
		cmocka_unit_test(code_is_denied),
		cmocka_unit_test(typing_is_denied),
		cmocka_unit_test(memory_has_an_end),
		cmocka_unit_test(what_was_given_can_be_read),
		cmocka_unit_test(all_of_it_is_possible_otherwise),
	};
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 1) {
		puts("skipped: Landlock: the kernel has none\n0 passed, 0 failed, 1 skipped");
		return 0;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
