/* SPDX-License-Identifier: Apache-2.0 */
/* The core reader on damaged and hostile cores: as much as can be had is, and what is missing is
 * said. */
#include "core_image.h"

#include <signal.h>

static struct core_image three_threads(void)
{
	struct core_image image = {0};

	core_add_thread(&image, 101, SIGABRT);
	core_add_prpsinfo(&image, PID, "x", "");
	core_add_thread(&image, 102, SIGABRT);
	core_add_note(&image, "LINUX", NT_X86_XSTATE, NULL, 64);
	core_add_thread(&image, 103, SIGABRT);
	return image;
}

/* Wherever the file ends: exactly the threads whose notes are whole, and never silently fewer. */
static void cut_at_every_byte(void **state)
{
	enum { THREAD = 20 + 336, PRPSINFO = 20 + 136, XSTATE = 20 + 64 };
	static const uint64_t ends[] = {
		THREAD, 2 * THREAD + PRPSINFO, 3 * THREAD + PRPSINFO + XSTATE};

	(void)state;
	for (uint64_t cut = 0;; cut++) {
		struct core_image image = three_threads();
		int fd = core_file(&image);
		uint32_t whole = 0;

		assert_int_equal(image.notes.n, ends[2]);
		assert_int_equal(ftruncate(fd, (off_t)(image.notes_at + cut)), 0);
		core_image_free(&image);
		struct ct_source source = core_open_fd(fd);
		struct ct_process process = core_process_of(source);
		while (whole < 3 && ends[whole] <= cut)
			whole++;
		assert_int_equal(n_threads_of(source), whole);
		assert_int_equal(process.all_threads, cut == ends[2]);
		assert_int_equal(process.damage != NULL, cut != ends[2]);
		core_close_source(source);
		if (cut == ends[2])
			break;
	}
}

/* A copy that lost blocks has zeros instead: the threads in them are not said not to exist. */
static void zeros_for_notes(void **state)
{
	(void)state;
	for (uint32_t from = 0; from < 3; from++) {
		struct core_image image = three_threads();
		size_t at = from * image.notes.n / 3;

		memset(image.notes.items + at, 0, image.notes.n - at);
		struct ct_source source = core_open_image(&image);
		struct ct_process process = core_process_of(source);

		assert_int_equal(n_threads_of(source), from);
		assert_false(process.all_threads);
		assert_non_null(process.damage);
		core_close_source(source);
	}
}

static void registers_cut_short(void **state)
{
	struct core_image image = {0};

	(void)state;
	core_add_thread(&image, 101, 0);
	core_add_note(&image, "CORE", NT_PRSTATUS, NULL, 100);
	core_add_thread(&image, 103, 0);
	struct ct_source source = core_open_image(&image);
	struct ct_process process = core_process_of(source);

	assert_int_equal(n_threads_of(source), 2);
	assert_int_equal(thread_of(source, 1).lwp, 103);
	assert_false(process.all_threads);
	assert_non_null(strstr(process.damage, "thread 2"));
	core_close_source(source);
}

/* A list that promises more rows than it has room for, and one whose last name has no end. */
static void mapped_files_cut_short(void **state)
{
	static const struct core_mapped rows[] = {
		{BASE, BASE + 0x1000, 0, "/lib/a.so"},
		{BASE + 0x1000, BASE + 0x2000, 0, "/lib/b.so"},
	};
	struct core_image image = {0};
	uint64_t count = UINT64_MAX / 24 + 2;
	struct ct_map map;

	(void)state;
	core_add_mapped(&image, rows, 2);
	uint32_t len;
	memcpy(&len, image.notes.items + 4, sizeof(len));
	len -= 1;
	memcpy(image.notes.items + 4, &len, sizeof(len));
	core_add_thread(&image, PID, 0);
	struct ct_source source = core_open_image(&image);
	assert_int_equal(map_of(source, 0, &map), CT_OK);
	assert_string_equal(map.path, "/lib/a.so");
	assert_int_equal(map_of(source, 1, &map), CT_DONE);
	assert_int_equal(n_threads_of(source), 1);
	core_close_source(source);

	core_add_mapped(&image, rows, 2);
	memcpy(image.notes.items + 20, &count, sizeof(count));
	source = core_open_image(&image);
	assert_non_null(strstr(core_process_of(source).damage, "mapped files"));
	core_close_source(source);
}

/* Where a segment stands among the program headers, the notes being the first. */
static off_t phdr_at(uint32_t index)
{
	return (off_t)(sizeof(Elf64_Ehdr) + index * sizeof(Elf64_Phdr));
}

static void patch(int fd, off_t at, uint64_t value, size_t size)
{
	core_write(fd, &value, size, (uint64_t)at);
}

/* ---- notes that were hit ---- */

/* A size that is wrong hides the notes behind it: they are found again. */
static void a_note_of_wrong_size(void **state)
{
	static const uint32_t sizes[] = {0, 4, 335, 337, 1000, 100000, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(sizes); i++) {
		struct core_image image = three_threads();

		memcpy(image.notes.items + 4, &sizes[i], sizeof(sizes[i]));
		struct ct_source source = core_open_image(&image);
		uint32_t n = n_threads_of(source);

		/* The first one may be lost with it. */
		assert_true(n == 2 || n == 3);
		assert_int_equal(thread_of(source, n - 2).lwp, 102);
		assert_int_equal(thread_of(source, n - 1).lwp, 103);
		assert_int_equal(core_process_of(source).pid, PID);
		assert_non_null(core_process_of(source).damage);
		assert_false(core_process_of(source).all_threads);
		core_close_source(source);
	}
}

/* A note of another type is no thread; but that there was one shows in its other notes. */
static void a_thread_that_is_hidden(void **state)
{
	struct core_image image = {0};

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		core_add_thread(&image, 101 + i, 0);
		core_add_note(&image, "CORE", NT_FPREGSET, NULL, 512);
	}
	image.notes.items[image.notes.n / 3 + 8] = 0x41;
	struct ct_source source = core_open_image(&image);

	assert_int_equal(n_threads_of(source), 2);
	assert_false(core_process_of(source).all_threads);
	assert_non_null(strstr(core_process_of(source).damage, "registers of a thread"));
	core_close_source(source);
}

/* The header of the notes is gone; the kernel puts them first, gdb last. */
static void notes_without_a_header(void **state)
{
	(void)state;
	for (int last = 0; last < 2; last++) {
		struct core_image image = three_threads();

		image.notes_last = last;
		core_add_load(&image, BASE, CORE_PAGE, "x", 1);
		int fd = core_file(&image);
		patch(fd, phdr_at(0), PT_NULL, 4);
		core_image_free(&image);
		struct ct_source source = core_open_fd(fd);

		assert_int_equal(n_threads_of(source), 3);
		assert_false(core_process_of(source).all_threads);
		assert_non_null(strstr(core_process_of(source).damage, "notes"));
		check_byte(source, BASE, 'x');
		core_close_source(source);
	}
}

/* ---- headers ---- */

/* Sizes and offsets whose sums do not fit into 64 bits are no memory. */
static void sums_that_overflow(void **state)
{
	static const Elf64_Phdr phdrs[] = {
		{.p_type = PT_LOAD, .p_vaddr = UINT64_MAX - 10, .p_memsz = 100, .p_filesz = 100},
		{.p_type = PT_LOAD, .p_vaddr = BASE, .p_memsz = 1, .p_filesz = UINT64_MAX},
		{.p_type = PT_LOAD, .p_vaddr = BASE, .p_memsz = 9, .p_filesz = 9, .p_offset = -4},
		{.p_type = PT_NOTE, .p_offset = UINT64_MAX - 4, .p_filesz = 100},
		{.p_type = PT_LOAD, .p_vaddr = BASE, .p_filesz = 100},
	};
	struct core_image image = {0};
	uint8_t byte;
	struct ct_map map;

	(void)state;
	core_add_thread(&image, PID, 0);
	for (size_t i = 0; i < CT_COUNT(phdrs); i++)
		core_add_segment(&image, phdrs[i], NULL);
	struct ct_source source = core_open_image(&image);

	assert_int_equal(map_of(source, 0, &map), CT_DONE);
	assert_int_equal(source.ops->read(source.self, BASE, &byte, 1), CT_FAULT);
	assert_int_equal(n_threads_of(source), 1);
	core_close_source(source);
}

/* Headers of no size, four billion of them: they are read as what they must be. */
static void headers_of_no_size(void **state)
{
	struct core_image image = {.extended = true};
	uint32_t count = UINT32_MAX;
	uint16_t none = 0;

	(void)state;
	core_add_load(&image, BASE, 0x1000, "x", 1);
	core_add_thread(&image, PID, 0);
	int fd = core_file(&image);
	core_write(fd, &none, sizeof(none), offsetof(Elf64_Ehdr, e_phentsize));
	core_write(fd, &count, sizeof(count), sizeof(Elf64_Ehdr) + offsetof(Elf64_Shdr, sh_info));
	core_image_free(&image);
	struct ct_source source = core_open_fd(fd);

	assert_int_equal(n_threads_of(source), 1);
	assert_non_null(core_process_of(source).damage);
	check_byte(source, BASE, 'x');
	core_close_source(source);
}

/* The same notes again and again would be more than the file has bytes. */
static void notes_told_twice(void **state)
{
	struct core_image image = {0};

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		core_add_thread(&image, 1000 + i, 0);
	for (uint32_t i = 0; i < 60000; i++)
		core_add_segment(&image,
			(Elf64_Phdr){.p_type = PT_NOTE,
				.p_offset = sizeof(Elf64_Ehdr) + 60001 * sizeof(Elf64_Phdr),
				.p_filesz = image.notes.n},
			NULL);
	struct ct_source source = core_open_image(&image);

	assert_true(n_threads_of(source) >= 1000);
	assert_true(n_threads_of(source) < 100000);
	assert_non_null(core_process_of(source).damage);
	core_close_source(source);
}

static void too_short(void **state)
{
	struct ct_source source;
	struct ct_error err = {0};
	int fd = memfd_create("core", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(ct_core_from_fd(fd, "core", NULL, &source, &err), CT_BAD_INPUT);
	assert_non_null(strstr(err.text, "core: too short"));
	close(fd);
}

/* Wrong numbers in the file's header, where the program headers themselves show the right ones. */
static void wrong_counts_and_offsets(void **state)
{
	static const struct {
		size_t at;
		uint64_t value;
		size_t size;
	} patches[] = {
		{offsetof(Elf64_Ehdr, e_phnum), 0, 2},
		{offsetof(Elf64_Ehdr, e_phnum), 2, 2},
		{offsetof(Elf64_Ehdr, e_phnum), 6, 2},
		{offsetof(Elf64_Ehdr, e_phnum), PN_XNUM, 2},
		{offsetof(Elf64_Ehdr, e_phoff), 0, 8},
		{offsetof(Elf64_Ehdr, e_phoff), sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr), 8},
		{offsetof(Elf64_Ehdr, e_phoff), UINT64_MAX - 55, 8},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(patches); i++) {
		struct core_image image = three_threads();

		for (uint64_t n = 0; n < 3; n++)
			core_add_load(&image, BASE + n * CORE_PAGE, CORE_PAGE, "x", 1);
		int fd = core_file(&image);
		patch(fd, (off_t)patches[i].at, patches[i].value, patches[i].size);
		core_image_free(&image);
		struct ct_source source = core_open_fd(fd);

		assert_int_equal(n_threads_of(source), 3);
		check_byte(source, BASE + 2 * CORE_PAGE, 'x');
		assert_non_null(strstr(core_process_of(source).damage, "the core says"));
		core_close_source(source);
	}
}

/* The section header with the count is the last thing in a kernel core, and the first to be cut
 * off. */
static void the_count_is_cut_off(void **state)
{
	struct core_image image = {.extended = true};
	const uint64_t n = 70000;

	(void)state;
	core_add_thread(&image, PID, 0);
	for (uint64_t i = 0; i < n; i++)
		core_add_load(&image, BASE + 2 * i * CORE_PAGE, CORE_PAGE,
			i == n - 1 ? "end" : NULL, i == n - 1 ? 4 : 0);
	int fd = core_file(&image);
	core_image_free(&image);
	patch(fd, offsetof(Elf64_Ehdr, e_shoff), UINT64_C(1) << 40, 8);
	struct ct_source source = core_open_fd(fd);

	assert_non_null(core_process_of(source).damage);
	check_byte(source, BASE + 2 * (n - 1) * CORE_PAGE + 2, 'd');
	core_close_source(source);
}

/* Two segments with bytes for the same addresses: one of them is wrong, and that is said. */
static void two_claims_to_one_address(void **state)
{
	struct core_image image = {0};
	char a[4096], b[4096];

	(void)state;
	core_add_thread(&image, PID, 0);
	core_add_load(&image, BASE, CORE_PAGE, memset(a, 'a', sizeof(a)), CORE_PAGE);
	core_add_load(&image, BASE + 100, CORE_PAGE, memset(b, 'b', sizeof(b)), CORE_PAGE);
	core_add_load(&image, BASE, CORE_PAGE, b, CORE_PAGE);
	struct ct_source source = core_open_image(&image);
	struct ct_map map;

	assert_int_equal(map_of(source, 0, &map), CT_OK);
	assert_int_equal(map_of(source, 1, &map), CT_DONE);
	assert_non_null(strstr(core_process_of(source).damage, "overlap"));
	core_close_source(source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(zeros_for_notes),
		cmocka_unit_test(registers_cut_short),
		cmocka_unit_test(mapped_files_cut_short),
		cmocka_unit_test(a_note_of_wrong_size),
		cmocka_unit_test(a_thread_that_is_hidden),
		cmocka_unit_test(notes_without_a_header),
		cmocka_unit_test(sums_that_overflow),
		cmocka_unit_test(headers_of_no_size),
		cmocka_unit_test(notes_told_twice),
		cmocka_unit_test(too_short),
		cmocka_unit_test(wrong_counts_and_offsets),
		cmocka_unit_test(the_count_is_cut_off),
		cmocka_unit_test(two_claims_to_one_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
