/* SPDX-License-Identifier: Apache-2.0 */
#include "source/sniff.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "arch/arch.h"
#include "base/str.h"

/* The start of a kind of file, and what to tell someone who took it for a core. */
struct magic {
	size_t at, len;
	const char *bytes;
	enum ct_sniffed kind;
	const char *text;
};

#define ROW(at, bytes, kind, text)                                                                 \
	{                                                                                          \
		at, sizeof(bytes) - 1, bytes, CT_SNIFFED_##kind, text                              \
	}

static const struct magic magics[] = {
	ROW(0, "\x28\xb5\x2f\xfd", COMPRESSED, "zstd data"),
	ROW(0, "\xfd\x37\x7a\x58\x5a\0", COMPRESSED, "xz data"),
	ROW(0, "\x1f\x8b", COMPRESSED, "gzip data"),
	ROW(0, "\x04\x22\x4d\x18", COMPRESSED, "lz4 data"),
	ROW(0, "\x02\x21\x4c\x18", COMPRESSED, "lz4 data"),
	ROW(0, "BZh", COMPRESSED, "bzip2 data"),
	ROW(257, "ustar", TAR,
		"is a tar archive that coretool bundle did not make; unpack it and give the core "
		"in it"),
	ROW(0, "MDMP", OTHER,
		"is a Windows or Breakpad minidump, not an ELF core; minidump-stackwalk reads it"),
	ROW(0, "PK\x03\x04", OTHER, "is a zip archive; unpack it and give the core in it"),
	ROW(0, "7z\xbc\xaf\x27\x1c", OTHER,
		"is a 7-zip archive; unpack it and give the core in it"),
	ROW(0, "!<arch>\n", OTHER, "is a static library or Debian package, not a core"),
	ROW(0, "LPKSHHRH", OTHER,
		"is a journal of systemd, not a core; coredumpctl dump -o FILE writes the core"),
	ROW(0, "ProblemType: Crash", OTHER,
		"is an apport report, not a core; apport-unpack takes the core out of it"),
	ROW(0, "KDUMP   ", OTHER,
		"is a dump of a kernel, not of a process; crash or drgn reads it"),
	ROW(0, "JAVA PROFILE", OTHER, "is a heap dump of Java, not a core"),
	ROW(0, "go1.7 heap dump\n", OTHER,
		"is a heap dump of Go's debug.WriteHeapDump, not a core"),
	ROW(0, "PERFILE2", OTHER, "is a recording of perf, not a core"),
	ROW(0, "MZ", OTHER, "is a Windows program or DOS file, not a core"),
	ROW(0, "\xcf\xfa\xed\xfe", OTHER, "is a Mach-O file of macOS; only ELF cores are read"),
	ROW(0, "#!", OTHER, "is a script, not a core"),
};

static const struct {
	uint16_t number;
	const char *name;
} machines[] = {
	{EM_386, "i386"},
	{EM_X86_64, "x86_64"},
	{EM_ARM, "arm"},
	{EM_AARCH64, "aarch64"},
	{EM_PPC, "ppc"},
	{EM_PPC64, "ppc64"},
	{EM_S390, "s390x"},
	{EM_RISCV, "riscv"},
	{EM_MIPS, "mips"},
	{EM_LOONGARCH, "loongarch"},
	{EM_SPARCV9, "sparc64"},
	{EM_IA_64, "ia64"},
	{EM_ALPHA, "alpha"},
	{EM_PARISC, "hppa"},
	{EM_68K, "m68k"},
};

static const struct magic *magic_of(const void *data, size_t len)
{
	for (size_t i = 0; i < CT_COUNT(magics); i++) {
		const struct magic *row = &magics[i];

		if (ct_within(row->at, row->len, len) &&
			!memcmp((const char *)data + row->at, row->bytes, row->len))
			return row;
	}
	return NULL;
}

static bool is_elf(const void *data, size_t len)
{
	return len >= SELFMAG && !memcmp(data, ELFMAG, SELFMAG);
}

/* e_type and e_machine stand at the same place in both classes. */
static bool elf_type(const uint8_t *data, size_t len, uint16_t *type, uint16_t *machine)
{
	if (len < offsetof(Elf64_Ehdr, e_version))
		return false;
	memcpy(type, data + offsetof(Elf64_Ehdr, e_type), sizeof(*type));
	memcpy(machine, data + offsetof(Elf64_Ehdr, e_machine), sizeof(*machine));
	bool big = data[EI_DATA] == ELFDATA2MSB;
	*type = big ? be16toh(*type) : le16toh(*type);
	*machine = big ? be16toh(*machine) : le16toh(*machine);
	return true;
}

enum ct_sniffed ct_sniff_bytes(const void *data, size_t len)
{
	const uint8_t *bytes = data;
	uint16_t type, machine;

	if (!is_elf(data, len)) {
		const struct magic *row = magic_of(data, len);
		return row ? row->kind : CT_SNIFFED_OTHER;
	}
	if (!elf_type(bytes, len, &type, &machine))
		return CT_SNIFFED_OTHER_CORE;
	if (type != ET_CORE)
		return CT_SNIFFED_ELF;
	bool ours = bytes[EI_CLASS] == ELFCLASS64 && bytes[EI_DATA] == ELFDATA2LSB &&
		    len >= sizeof(Elf64_Ehdr) && ct_arch_find(machine);
	return ours ? CT_SNIFFED_CORE : CT_SNIFFED_OTHER_CORE;
}

enum ct_sniffed ct_sniff(int fd)
{
	struct stat st;
	uint8_t start[CT_SNIFF_SIZE];

	if (fstat(fd, &st))
		return CT_SNIFFED_UNREADABLE;
	if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || S_ISCHR(st.st_mode))
		return CT_SNIFFED_STREAM;
	ssize_t n = pread(fd, start, sizeof(start), 0);
	if (n < 0)
		return CT_SNIFFED_UNREADABLE;
	return ct_sniff_bytes(start, (size_t)n);
}

static void add_machine(struct ct_str *s, uint16_t machine)
{
	for (size_t i = 0; i < CT_COUNT(machines); i++)
		if (machines[i].number == machine) {
			ct_str_add(s, "%s", machines[i].name);
			return;
		}
	ct_str_add(s, "machine number %u", machine);
}

static void describe_core(struct ct_str *s, const uint8_t *data, size_t len, uint16_t machine)
{
	if (data[EI_CLASS] == ELFCLASS32)
		ct_str_add(s, "is a 32-bit core (");
	else if (data[EI_DATA] == ELFDATA2MSB)
		ct_str_add(s, "is a big-endian core (");
	else if (ct_arch_find(machine) && len < sizeof(Elf64_Ehdr))
		ct_str_add(s, "is a core whose ELF header is cut off after %zu bytes (", len);
	else
		ct_str_add(s, "is a core of another machine (");
	add_machine(s, machine);
	ct_str_add(s, "); 64-bit little-endian cores of x86_64 are read");
}

static void describe_elf(struct ct_str *s, const uint8_t *data, size_t len)
{
	uint16_t type, machine;

	if (!elf_type(data, len, &type, &machine)) {
		ct_str_add(s, "is an ELF file that is cut off after %zu bytes", len);
	} else if (type == ET_CORE) {
		describe_core(s, data, len, machine);
	} else if (type == ET_REL) {
		ct_str_add(s, "is an ELF object file or kernel module, not a core");
	} else {
		ct_str_add(s, "is an ELF %s (", type == ET_EXEC ? "program" : "program or library");
		add_machine(s, machine);
		ct_str_add(s, "), not a core; give the core with it: coretool CORE PROGRAM");
	}
}

static bool is_text(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((data[i] < ' ' && !memchr("\t\n\r\f\v\b\033", data[i], 7)) || data[i] == 0x7f)
			return false;
	return true;
}

static bool is_zero(const uint8_t *data, size_t len)
{
	return len && !data[0] && !memcmp(data, data + 1, len - 1);
}

static void describe_bytes(struct ct_str *s, const uint8_t *data, size_t len)
{
	const struct magic *row = magic_of(data, len);

	if (!len)
		ct_str_add(s, "is empty; a full disk or a limit (ulimit -c) leaves such cores");
	else if (is_elf(data, len))
		describe_elf(s, data, len);
	else if (row && row->kind == CT_SNIFFED_COMPRESSED)
		ct_str_add(s, "is %s that is cut off or damaged at its start", row->text);
	else if (row)
		ct_str_add(s, "%s", row->text);
	else if (is_zero(data, len))
		ct_str_add(s, "starts with zeros, not with an ELF header: a core that was never "
			      "written out");
	else if (is_text(data, len))
		ct_str_add(s, "is a text file, not a core");
	else
		ct_str_add(s, "is no ELF core nor anything else that is known here");
}

static void describe_file(struct ct_str *s, int fd)
{
	struct stat st;
	uint8_t start[CT_SNIFF_SIZE];

	if (fstat(fd, &st)) {
		ct_str_add(s, "%s", strerror(errno));
	} else if (S_ISDIR(st.st_mode)) {
		ct_str_add(s, "is a directory; coretool analyze takes the cores of a directory");
	} else if (S_ISCHR(st.st_mode) && isatty(fd)) {
		ct_str_add(s, "is a terminal; give a core by path or pipe");
	} else if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
		ct_str_add(s, "is a device, socket or pipe without an ELF core in it");
	} else {
		ssize_t n = pread(fd, start, sizeof(start), 0);

		if (n < 0)
			ct_str_add(s, "cannot be read: %s", strerror(errno));
		else
			describe_bytes(s, start, (size_t)n);
	}
}

static void put_line(const char *path, const struct ct_str *what, char *buf, size_t size)
{
	ct_autostr name = {0};

	ct_str_add_clean(&name, path, strlen(path), 600);
	snprintf(buf, size, "%s: %s", ct_str_text(&name), ct_str_text(what));
}

void ct_sniff_describe(int fd, const char *path, char *buf, size_t size)
{
	ct_autostr what = {0};

	describe_file(&what, fd);
	put_line(path, &what, buf, size);
}

void ct_sniff_describe_bytes(const void *data, size_t len, const char *path, char *buf, size_t size)
{
	ct_autostr what = {0};

	ct_str_add(&what, "what it unpacks to ");
	describe_bytes(&what, data, len);
	put_line(path, &what, buf, size);
}

enum ct_status ct_sniff_open(const char *path, int *ret, struct ct_error *err)
{
	bool standard_input = !strcmp(path, "-");
	int fd = standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
				: open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		int why = errno;
		ct_autostr name = {0};

		ct_str_add_clean(&name, path, strlen(path), 600);
		return ct_fail(err, CT_IO, "%s: %s%s",
			standard_input ? "standard input" : name.text, strerror(why),
			why == EACCES ? "; cores belong to the user of the process or to root"
				      : "");
	}
	*ret = fd;
	return CT_OK;
}
