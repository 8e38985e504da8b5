/* SPDX-License-Identifier: Apache-2.0 */
/* What files are taken for, and what is said about them. */
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "source/sniff.h"

/* A header as little or big endian, 32 or 64 bits: type and machine lie at the same place in all.
 */
static Elf64_Ehdr header(uint8_t class, uint8_t data, uint16_t type, uint16_t machine)
{
	Elf64_Ehdr e = {.e_ident = {0x7f, 'E', 'L', 'F', class, data, EV_CURRENT}};
	bool big = data == ELFDATA2MSB;

	e.e_type = big ? (uint16_t)(type << 8 | type >> 8) : type;
	e.e_machine = big ? (uint16_t)(machine << 8 | machine >> 8) : machine;
	return e;
}

static int file_of(const void *data, size_t len)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	return fd;
}

static void check(const void *data, size_t len, enum ct_sniffed kind, const char *text)
{
	int fd = file_of(data, len);
	char line[1024];

	assert_int_equal(ct_sniff(fd), kind);
	ct_sniff_describe(fd, "some/file", line, sizeof(line));
	assert_int_equal(strncmp(line, "some/file: ", 11), 0);
	if (!strstr(line, text))
		fail_msg("'%s' is not in: %s", text, line);
	assert_null(strchr(line, '\n'));
	close(fd);
}

static void check_elf(uint8_t class, uint8_t data, uint16_t type, uint16_t machine,
	enum ct_sniffed kind, const char *text)
{
	Elf64_Ehdr e = header(class, data, type, machine);

	check(&e, sizeof(e), kind, text);
}

static void elf_files(void **state)
{
	(void)state;
	Elf64_Ehdr core = header(ELFCLASS64, ELFDATA2LSB, ET_CORE, EM_X86_64);
	assert_int_equal(ct_sniff_bytes(&core, sizeof(core)), CT_SNIFFED_CORE);
	check_elf(ELFCLASS64, ELFDATA2LSB, ET_EXEC, EM_X86_64, CT_SNIFFED_ELF,
		"an ELF program (x86_64)");
	check_elf(ELFCLASS64, ELFDATA2LSB, ET_DYN, EM_AARCH64, CT_SNIFFED_ELF,
		"an ELF program or library (aarch64)");
	check_elf(ELFCLASS64, ELFDATA2LSB, ET_REL, EM_X86_64, CT_SNIFFED_ELF, "object file");
	check_elf(ELFCLASS32, ELFDATA2LSB, ET_CORE, EM_386, CT_SNIFFED_OTHER_CORE,
		"32-bit core (i386)");
	check_elf(ELFCLASS64, ELFDATA2MSB, ET_CORE, EM_S390, CT_SNIFFED_OTHER_CORE,
		"big-endian core (s390x)");
	check_elf(ELFCLASS64, ELFDATA2LSB, ET_CORE, EM_RISCV, CT_SNIFFED_OTHER_CORE,
		"another machine (riscv)");
	check_elf(ELFCLASS64, ELFDATA2LSB, ET_CORE, 4711, CT_SNIFFED_OTHER_CORE,
		"machine number 4711");
}

/* No length of a header may be read beyond its end, and none but the whole one is a core. */
static void cut_off_headers(void **state)
{
	(void)state;
	Elf64_Ehdr core = header(ELFCLASS64, ELFDATA2LSB, ET_CORE, EM_X86_64);

	for (size_t len = 4; len < sizeof(core); len++)
		check(&core, len, CT_SNIFFED_OTHER_CORE, "cut off after");
	check(&core, 3, CT_SNIFFED_OTHER, "no ELF core");
}

static void other_files(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum ct_sniffed kind;
		const char *text;
	} rows[] = {
		{"", 0, CT_SNIFFED_OTHER, "is empty"},
		{"hello world\n", 12, CT_SNIFFED_OTHER, "text file"},
		{"#!/bin/sh\n", 10, CT_SNIFFED_OTHER, "script"},
		{"MDMP\x93\xa7\0\0", 8, CT_SNIFFED_OTHER, "minidump"},
		{"LPKSHHRH\0\0\0\0", 12, CT_SNIFFED_OTHER, "coredumpctl dump"},
		{"ProblemType: Crash\n", 19, CT_SNIFFED_OTHER, "apport-unpack"},
		{"\0\0\0\0\0\0\0\0", 8, CT_SNIFFED_OTHER, "starts with zeros"},
		{"\x80\x81\x00\xff", 4, CT_SNIFFED_OTHER, "no ELF core nor"},
		{"\x1f\x8b\x08\0", 4, CT_SNIFFED_COMPRESSED, "gzip data"},
		{"\x28\xb5\x2f\xfd\0", 5, CT_SNIFFED_COMPRESSED, "zstd data"},
		{"\xfd"
		 "7zXZ\0",
			6, CT_SNIFFED_COMPRESSED, "xz data"},
		{"\x04\x22\x4d\x18", 4, CT_SNIFFED_COMPRESSED, "lz4 data"},
		{"BZh9", 4, CT_SNIFFED_COMPRESSED, "bzip2 data"},
	};

	(void)state;
	for (size_t i = 0; i < CT_COUNT(rows); i++)
		check(rows[i].bytes, rows[i].len, rows[i].kind, rows[i].text);
}

static void a_tar_archive(void **state)
{
	(void)state;
	char block[512] = "name";

	memcpy(block + 257, "ustar", 5);
	check(block, sizeof(block), CT_SNIFFED_TAR, "tar archive");
	/* The magic lies behind the end. */
	check(block, 260, CT_SNIFFED_OTHER, "no ELF core");
}

static void no_regular_files(void **state)
{
	char line[1024];
	int pipes[2];
	int dir = open("/", O_RDONLY);

	(void)state;
	assert_int_equal(ct_sniff(dir), CT_SNIFFED_UNREADABLE);
	ct_sniff_describe(dir, "/", line, sizeof(line));
	assert_non_null(strstr(line, "is a directory"));
	close(dir);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(ct_sniff(pipes[0]), CT_SNIFFED_STREAM);
	close(pipes[0]);
	close(pipes[1]);
}

static void names_are_cleaned(void **state)
{
	char line[1024];
	int fd = file_of("x", 1);

	(void)state;
	ct_sniff_describe(fd, "a\033[2Jb\n", line, sizeof(line));
	assert_null(strchr(line, '\033'));
	assert_null(strchr(line, '\n'));
	close(fd);
}

static void opening(void **state)
{
	struct ct_error err = {0};
	char fifo[] = "/tmp/test_sniff.XXXXXX";
	int fd;

	(void)state;
	assert_int_equal(ct_sniff_open("/nonexistent/core", &fd, &err), CT_IO);
	assert_non_null(strstr(err.text, "/nonexistent/core: No such file"));
	/* A FIFO without a writer would keep a plain open waiting for ever. */
	assert_non_null(mkdtemp(fifo));
	char name[64];
	snprintf(name, sizeof(name), "%s/fifo", fifo);
	assert_int_equal(mkfifo(name, 0600), 0);
	assert_int_equal(ct_sniff_open(name, &fd, &err), CT_OK);
	assert_int_equal(ct_sniff(fd), CT_SNIFFED_STREAM);
	close(fd);
	unlink(name);
	rmdir(fifo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elf_files),
		cmocka_unit_test(cut_off_headers),
		cmocka_unit_test(other_files),
		cmocka_unit_test(a_tar_archive),
		cmocka_unit_test(no_regular_files),
		cmocka_unit_test(names_are_cleaned),
		cmocka_unit_test(opening),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
