/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed input, pipes and damaged archives. */
#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "source/unpack.h"

#define SIZE (3u << 20)

static const struct ct_options options;

static const struct filter {
	const char *name;
	int (*add)(struct archive *);
} filters[] = {
	{"zstd", archive_write_add_filter_zstd},
	{"xz", archive_write_add_filter_xz},
	{"gzip", archive_write_add_filter_gzip},
	{"lz4", archive_write_add_filter_lz4},
	{"bzip2", archive_write_add_filter_bzip2},
};

/* Something that starts as a core: noise, then a hole of 1 MiB, noise again, zeros at the end. */
static uint8_t *make_core(void)
{
	uint8_t *core = calloc(1, SIZE);
	uint32_t x = 1;
	Elf64_Ehdr e = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
	};

	assert_non_null(core);
	for (size_t i = 0; i < SIZE - (64 << 10); i++) {
		x = x * 1664525 + 1013904223;
		core[i] = i >= 1 << 20 && i < 2 << 20 ? 0 : (uint8_t)(x >> 24);
	}
	memcpy(core, &e, sizeof(e));
	return core;
}

static int file_of(const void *data, size_t len)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	return fd;
}

static void add_member(struct archive *a, const char *name, const void *data, size_t len)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0600);
	archive_entry_set_size(entry, (la_int64_t)len);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	if (len)
		assert_int_equal(archive_write_data(a, data, len), len);
	archive_entry_free(entry);
}

static uint8_t *compress_with(
	const struct filter *filter, const void *data, size_t len, size_t *used)
{
	size_t cap = len + (1 << 20);
	uint8_t *packed = malloc(cap);
	struct archive *a = archive_write_new();

	assert_non_null(packed);
	archive_write_set_format_raw(a);
	assert_int_equal(filter->add(a), ARCHIVE_OK);
	assert_int_equal(archive_write_open_memory(a, packed, cap, used), ARCHIVE_OK);
	add_member(a, "data", data, len);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	return packed;
}

static void check_same(int fd, const uint8_t *wanted, size_t len)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, len);
	const uint8_t *got = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(got != MAP_FAILED);
	assert_memory_equal(got, wanted, len);
	munmap((void *)got, len);
}

static void every_filter(void **state)
{
	struct ct_error err = {0};
	uint8_t *core = make_core();

	(void)state;
	for (size_t i = 0; i < CT_COUNT(filters); i++) {
		struct ct_unpacked got;
		struct stat st;
		size_t len;
		uint8_t *packed = compress_with(&filters[i], core, SIZE, &len);
		int fd = file_of(packed, len);

		assert_int_equal(ct_unpack_sniff(fd), CT_SNIFFED_CORE);
		assert_int_equal(ct_unpack(fd, "core", &options, &got, &err), CT_OK);
		assert_true(got.fd != fd);
		assert_null(got.damage);
		check_same(got.fd, core, SIZE);
		/* The hole is one: neither it nor the zeros at the end take room. */
		assert_int_equal(fstat(got.fd, &st), 0);
		assert_true((uint64_t)st.st_blocks * 512 <= SIZE - (1 << 20));
		close(got.fd);
		close(fd);
		free(packed);
	}
	free(core);
}

static void a_plain_core_is_not_copied(void **state)
{
	struct ct_error err = {0};
	struct ct_unpacked got;
	uint8_t *core = make_core();
	int fd = file_of(core, SIZE);

	(void)state;
	assert_int_equal(ct_unpack(fd, "core", &options, &got, &err), CT_OK);
	assert_int_equal(got.fd, fd);
	close(fd);
	free(core);
}

/* Whatever length there is: what was unpacked is right and said to be partial, or the text says
 * that it is no core. */
static void cut_off_anywhere(void **state)
{
	uint8_t *core = make_core();
	size_t n_partial = 0;

	(void)state;
	for (size_t i = 0; i < CT_COUNT(filters); i++) {
		size_t len;
		uint8_t *packed = compress_with(&filters[i], core, SIZE, &len);

		for (size_t cut = 0; cut < len - 1; cut += cut < 64 ? 1 : len / 23) {
			struct ct_error err = {0};
			struct ct_unpacked got;
			struct stat st;
			int fd = file_of(packed, cut);
			enum ct_status status = ct_unpack(fd, "core", &options, &got, &err);

			assert_true(status == CT_OK || status == CT_BAD_INPUT);
			if (status == CT_OK) {
				n_partial++;
				assert_non_null(got.damage);
				assert_int_equal(fstat(got.fd, &st), 0);
				assert_true(st.st_size < SIZE);
				check_same(got.fd, core, (size_t)st.st_size);
				close(got.fd);
				free(got.damage);
			} else {
				assert_int_equal(strncmp(err.text, "core: ", 6), 0);
			}
			close(fd);
		}
		free(packed);
	}
	/* lz4 and bzip2 lose a whole block of megabytes, the others little. */
	assert_true(n_partial > 40);
	free(core);
}

static void the_limit(void **state)
{
	const struct ct_options limited = {.max_unpacked = 1000000};
	struct ct_error err = {0};
	struct ct_unpacked got;
	size_t len;
	uint8_t *core = make_core();
	uint8_t *packed = compress_with(&filters[0], core, SIZE, &len);
	int fd = file_of(packed, len);

	(void)state;
	assert_int_equal(ct_unpack(fd, "core", &limited, &got, &err), CT_OK);
	check_same(got.fd, core, 1000000);
	assert_non_null(strstr(got.damage, "1000000"));
	assert_non_null(strstr(got.damage, "--max-unpacked"));
	close(got.fd);
	free(got.damage);
	close(fd);
	free(packed);
	free(core);
}

/* What unpacks to something else is turned away at once, not when all of it is unpacked. */
static void no_core_inside(void **state)
{
	const struct ct_options tiny = {.max_unpacked = UINT64_C(1) << 40};
	struct ct_error err = {0};
	struct ct_unpacked got;
	size_t len;
	char *text = calloc(1, SIZE);

	(void)state;
	memset(text, 'x', SIZE);
	uint8_t *packed = compress_with(&filters[2], text, SIZE, &len);
	int fd = file_of(packed, len);
	assert_int_equal(ct_unpack(fd, "notes.gz", &tiny, &got, &err), CT_BAD_INPUT);
	assert_string_equal(err.text, "notes.gz: what it unpacks to is a text file, not a core");
	assert_int_equal(ct_unpack_sniff(fd), CT_SNIFFED_OTHER);
	close(fd);
	free(packed);
	free(text);
}

static void pipes(void **state)
{
	struct ct_error err = {0};
	struct ct_unpacked got;
	uint8_t *core = make_core();
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(write(ends[1], core, 20000), 20000);
	close(ends[1]);
	assert_int_equal(ct_unpack(ends[0], "-", &options, &got, &err), CT_OK);
	assert_null(got.damage);
	check_same(got.fd, core, 20000);
	close(got.fd);
	close(ends[0]);
	free(core);

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[1]);
	assert_int_equal(ct_unpack(ends[0], "-", &options, &got, &err), CT_BAD_INPUT);
	assert_non_null(strstr(err.text, "standard input: is empty"));
	close(ends[0]);
}

static int bundle_of(const char *const *names, size_t n, const void *data, size_t len)
{
	size_t used, cap = n * len + (1 << 20);
	uint8_t *packed = malloc(cap);
	struct archive *a = archive_write_new();

	archive_write_set_format_pax(a);
	archive_write_add_filter_zstd(a);
	assert_int_equal(archive_write_open_memory(a, packed, cap, &used), ARCHIVE_OK);
	for (size_t i = 0; i < n; i++)
		add_member(a, names[i], data, len);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	int fd = file_of(packed, used);
	free(packed);
	return fd;
}

static void bundles(void **state)
{
	static const char *const names[] = {
		CT_BUNDLE_DIR "manifest.json",
		"/etc/evil",
		CT_BUNDLE_DIR "../evil",
		CT_BUNDLE_DIR ".build-id/ab/cdef01",
		CT_BUNDLE_DIR ".build-id/AB/cdef02.debug",
		CT_BUNDLE_DIR ".build-id/ab",
		CT_BUNDLE_DIR ".build-id/ab/cde",
		CT_BUNDLE_DIR "core",
	};
	struct ct_error err = {0};
	struct ct_unpacked got;
	uint8_t *core = make_core();
	int fd = bundle_of(names, CT_COUNT(names), core, SIZE);

	(void)state;
	assert_int_equal(ct_unpack_sniff(fd), CT_SNIFFED_TAR);
	assert_int_equal(ct_unpack(fd, "x.tar.zst", &options, &got, &err), CT_OK);
	check_same(got.fd, core, SIZE);
	int file = ct_bundle_file(got.bundle, (const uint8_t *)"\xab\xcd\xef\x01", 4, false);
	assert_true(file >= 0);
	check_same(file, core, SIZE);
	assert_true(ct_bundle_file(got.bundle, (const uint8_t *)"\xab\xcd\xef\x02", 4, true) >= 0);
	assert_int_equal(
		ct_bundle_file(got.bundle, (const uint8_t *)"\xab\xcd\xef\x01", 4, true), -1);
	assert_int_equal(ct_bundle_file(got.bundle, (const uint8_t *)"\xab\xcd\xef", 3, false), -1);
	assert_int_equal(ct_bundle_file(NULL, (const uint8_t *)"\xab", 1, false), -1);
	close(got.fd);
	close(fd);
	ct_bundle_close(got.bundle);
	ct_bundle_close(NULL);

	fd = bundle_of(names, 4, core, SIZE);
	assert_int_equal(ct_unpack(fd, "x.tar.zst", &options, &got, &err), CT_BAD_INPUT);
	assert_non_null(strstr(err.text, "before its core"));
	close(fd);
	fd = bundle_of(names + 1, 2, core, SIZE);
	assert_int_equal(ct_unpack(fd, "x.tar.zst", &options, &got, &err), CT_BAD_INPUT);
	assert_non_null(strstr(err.text, "tar archive that coretool bundle did not make"));
	close(fd);
	free(core);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_filter),
		cmocka_unit_test(a_plain_core_is_not_copied),
		cmocka_unit_test(cut_off_anywhere),
		cmocka_unit_test(the_limit),
		cmocka_unit_test(no_core_inside),
		cmocka_unit_test(pipes),
		cmocka_unit_test(bundles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
