/* SPDX-License-Identifier: Apache-2.0 */
/* Cores that change while they are read, and cores that are mostly holes. */
#include "core_image.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "source/map_guard.h"
#include "target/target.h"

static int file_of_pages(size_t n)
{
	int fd = memfd_create("pages", MFD_CLOEXEC);
	char page[4096];

	memset(page, 'x', sizeof(page));
	for (size_t i = 0; i < n; i++)
		core_write(fd, page, sizeof(page), i * sizeof(page));
	return fd;
}

static const char *map_pages(int fd, size_t n)
{
	void *bytes = mmap(NULL, n * CORE_PAGE, PROT_READ, MAP_SHARED, fd, 0);

	assert_true(bytes != MAP_FAILED);
	return bytes;
}

static void zeros_where_the_file_was(void **state)
{
	int fd = file_of_pages(4);
	const volatile char *bytes = map_pages(fd, 4);
	struct ct_map_guard guard;

	(void)state;
	assert_int_equal(ct_map_guard_add(&guard, (const void *)bytes, 4 * CORE_PAGE), CT_OK);
	assert_int_equal(bytes[3 * CORE_PAGE], 'x');
	assert_int_equal(ftruncate(fd, CORE_PAGE), 0);
	assert_int_equal(bytes[CORE_PAGE - 1], 'x');
	assert_false(guard.damaged);
	for (size_t i = CORE_PAGE; i < 4 * CORE_PAGE; i += 1000)
		assert_int_equal(bytes[i], 0);
	assert_true(guard.damaged);
	ct_map_guard_remove(&guard);
	munmap((void *)(uintptr_t)bytes, 4 * CORE_PAGE);
	close(fd);
}

/* Each mapping has its own guard, and slots are used again. */
static void many_guards(void **state)
{
	struct ct_map_guard guards[100];
	const volatile char *bytes[CT_COUNT(guards)];
	int fd = file_of_pages(1);

	(void)state;
	for (int round = 0; round < 100; round++) {
		for (size_t i = 0; i < CT_COUNT(guards); i++) {
			bytes[i] = map_pages(fd, 1);
			assert_int_equal(
				ct_map_guard_add(&guards[i], (const void *)bytes[i], CORE_PAGE),
				CT_OK);
		}
		if (round == 99)
			assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(bytes[50][0], round == 99 ? 0 : 'x');
		for (size_t i = 0; i < CT_COUNT(guards); i++) {
			assert_int_equal(guards[i].damaged, round == 99 && i == 50);
			ct_map_guard_remove(&guards[i]);
			munmap((void *)(uintptr_t)bytes[i], CORE_PAGE);
		}
	}
	close(fd);
}

/* A touch of somebody else's mapping is not ours to repair. */
static void other_mappings_still_die(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (!pid) {
		int fd = file_of_pages(1);
		const volatile char *mine = map_pages(fd, 1), *other = map_pages(fd, 1);
		struct ct_map_guard guard;

		signal(SIGBUS, SIG_DFL);
		if (ct_map_guard_add(&guard, (const void *)mine, CORE_PAGE) || ftruncate(fd, 0))
			_exit(1);
		_exit(other[0] ? 2 : 3);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGBUS);
}

/* ---- cores ---- */

/* Two threads and 64 pages of memory in a file on disk or in memory. */
static int make_core(void)
{
	struct core_image image = {0};
	static char bytes[64 * 4096];

	memset(bytes, 'x', sizeof(bytes));
	core_add_thread(&image, PID, 0);
	core_add_prpsinfo(&image, PID, "x", "");
	core_add_thread(&image, 101, 0);
	core_add_load(&image, BASE, sizeof(bytes), bytes, sizeof(bytes));
	int fd = core_file(&image);
	core_image_free(&image);
	return fd;
}

static struct ct_source open_by_path(int fd)
{
	static const struct ct_options options = {.no_debuginfod = true};
	struct ct_error err = {0};
	struct ct_source source;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (ct_core_open(path, &options, &source, &err))
		fail_msg("%s", err.text);
	return source;
}

static uint8_t byte_at(struct ct_source source, uint64_t addr)
{
	uint8_t byte = 1;

	assert_int_equal(source.ops->read(source.self, addr, &byte, 1), CT_OK);
	return byte;
}

static void a_core_that_shrinks(void **state)
{
	(void)state;
	/* To the end of a page, and into one: there the kernel hands out zeros without a signal. */
	for (uint64_t at = 0; at <= 100; at += 100) {
		int fd = make_core();
		struct ct_source source = open_by_path(fd);

		assert_null(core_process_of(source).damage);
		assert_int_equal(byte_at(source, BASE + 63 * CORE_PAGE), 'x');
		assert_int_equal(ftruncate(fd, (off_t)((1 + 63) * CORE_PAGE + at)), 0);
		assert_int_equal(byte_at(source, BASE + 62 * CORE_PAGE + 4095), 'x');
		assert_int_equal(byte_at(source, BASE + 63 * CORE_PAGE + at), 0);
		assert_int_equal(byte_at(source, BASE + 64 * CORE_PAGE - 1), 0);
		assert_non_null(strstr(core_process_of(source).damage, "shrank"));
		/* Once is enough. */
		assert_null(strstr(strstr(core_process_of(source).damage, "shrank") + 1, "shrank"));
		core_close_source(source);
		close(fd);
	}
}

static void a_core_that_vanishes(void **state)
{
	static const struct ct_options options = {.no_debuginfod = true};
	static const struct ct_plan plan = {.wants = CT_WANT_STACKS};
	struct ct_error err = {0};
	struct ct_target *target;
	struct ct_facts *facts;
	struct ct_document *document;
	int fd = make_core();

	(void)state;
	struct ct_source source = open_by_path(fd);
	assert_int_equal(ct_target_open(source, &options, &target, &err), CT_OK);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(ct_observe(target, &plan, &facts, &err), CT_OK);
	assert_non_null(strstr(ct_target_process(target)->damage, "shrank"));
	assert_int_equal(ct_detect(facts, NULL, &document, &err), CT_OK);
	ct_document_free(document);
	ct_facts_free(facts);
	ct_target_close(target);
	close(fd);
}

/* Half of it is there when we look; the rest comes while we read. */
static void a_core_that_grows(void **state)
{
	int fd = make_core();
	char page[4096];

	(void)state;
	memset(page, 'y', sizeof(page));
	assert_int_equal(ftruncate(fd, (1 + 32) * 4096), 0);
	struct ct_source source = open_by_path(fd);
	uint8_t byte;
	assert_non_null(strstr(core_process_of(source).damage, "core truncated at"));
	assert_int_equal(byte_at(source, BASE), 'x');
	for (uint64_t i = 33; i < 65; i++)
		core_write(fd, page, sizeof(page), i * sizeof(page));
	assert_int_equal(source.ops->read(source.self, BASE + 40 * CORE_PAGE, &byte, 1), CT_FAULT);
	assert_non_null(strstr(core_process_of(source).damage, "grew"));
	assert_non_null(strstr(core_process_of(source).damage, "core truncated at"));
	core_close_source(source);
	close(fd);
}

static double cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* 8 TB of which three pages have data: it costs what its data costs. */
static void a_core_of_holes(void **state)
{
	const uint64_t size = UINT64_C(8) << 40, at = UINT64_C(1) << 20;
	struct core_image image = {0};

	(void)state;
	core_add_thread(&image, PID, 0);
	core_add_segment(&image,
		(Elf64_Phdr){.p_type = PT_LOAD,
			.p_flags = PF_R | PF_W,
			.p_offset = at,
			.p_vaddr = UINT64_C(0x10000000000),
			.p_memsz = size,
			.p_filesz = size},
		NULL);
	int fd = core_file(&image);
	core_image_free(&image);
	assert_int_equal(ftruncate(fd, (off_t)(at + size)), 0);
	core_write(fd, "last", 4, at + size - 4);
	struct ct_error err = {0};
	struct ct_source source;
	double begin = cpu_ms();
	if (ct_core_from_fd(fd, "core", NULL, &source, &err))
		fail_msg("%s", err.text);
	assert_null(core_process_of(source).damage);
	assert_int_equal(byte_at(source, UINT64_C(0x10000000000) + size - 4), 'l');
	assert_int_equal(byte_at(source, UINT64_C(0x10000000000) + size / 2), 0);
	assert_true(cpu_ms() - begin < 50);
	core_close_source(source);
	close(fd);
}

/* Headers that make a hole of 8 TB notes, or program headers: its zeros are not walked through. */
static void holes_for_headers(void **state)
{
	const uint64_t size = UINT64_C(8) << 40;

	(void)state;
	for (int many = 0; many < 2; many++) {
		struct core_image image = {.extended = many};
		uint32_t count = UINT32_MAX;

		core_add_segment(&image,
			(Elf64_Phdr){.p_type = PT_NOTE, .p_offset = 1 << 20, .p_filesz = size},
			NULL);
		int fd = core_file(&image);
		core_image_free(&image);
		if (many)
			core_write(fd, &count, sizeof(count),
				sizeof(Elf64_Ehdr) + offsetof(Elf64_Shdr, sh_info));
		assert_int_equal(ftruncate(fd, (off_t)size), 0);
		struct ct_error err = {0};
		struct ct_source source;
		double begin = cpu_ms();
		if (ct_core_from_fd(fd, "core", NULL, &source, &err))
			fail_msg("%s", err.text);
		assert_true(cpu_ms() - begin < 2000);
		assert_non_null(core_process_of(source).damage);
		assert_false(core_process_of(source).all_threads);
		core_close_source(source);
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeros_where_the_file_was),
		cmocka_unit_test(many_guards),
		cmocka_unit_test(other_mappings_still_die),
		cmocka_unit_test(a_core_that_shrinks),
		cmocka_unit_test(a_core_that_vanishes),
		cmocka_unit_test(a_core_that_grows),
		cmocka_unit_test(a_core_of_holes),
		cmocka_unit_test(holes_for_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
