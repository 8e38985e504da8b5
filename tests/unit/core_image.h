/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ELF cores of x86-64 built by hand: notes in any order, any program headers, then laid out into an
 * unnamed file. Segments with bytes start on a page, as in real cores.
 */
#ifndef CORE_IMAGE_H
#define CORE_IMAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "arch/arch.h"
#include "base/vec.h"
#include "source/core_open.h"

#define CORE_PAGE UINT64_C(4096)

/* A process that tests may use, and memory of it. */
#define PID  100
#define BASE UINT64_C(0x10000)

struct core_segment {
	Elf64_Phdr phdr;
	const void *bytes; /* borrowed; NULL: p_offset is kept as it is */
};

struct core_image {
	CT_VEC(uint8_t) notes;
	CT_VEC(struct core_segment) segments; /* without the notes */
	bool extended;                        /* the number of headers stands in a section header */
	bool notes_last;                      /* as gcore does it */
	uint64_t notes_at;                    /* set by core_file() */
};

static inline void core_add_bytes(struct core_image *image, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t *slot = ct_vec_push(&image->notes);

		assert_non_null(slot);
		*slot = bytes ? ((const uint8_t *)bytes)[i] : 0;
	}
}

static inline void core_add_note(
	struct core_image *image, const char *owner, uint32_t type, const void *desc, size_t len)
{
	uint32_t head[] = {(uint32_t)strlen(owner) + 1, (uint32_t)len, type};

	core_add_bytes(image, head, sizeof(head));
	core_add_bytes(image, owner, head[0]);
	core_add_bytes(image, NULL, -head[0] & 3);
	core_add_bytes(image, desc, len);
	core_add_bytes(image, NULL, -len & 3);
}

/* struct user_regs_struct's order; sys/user.h names them. */
enum core_reg {
	CORE_R10 = 7,
	CORE_R9,
	CORE_R8,
	CORE_RAX,
	CORE_RCX,
	CORE_RDX,
	CORE_RSI,
	CORE_RDI,
	CORE_ORIG_RAX,
	CORE_PC,
	CORE_SP = 19,
	CORE_FS_BASE = 21,
	CORE_N_REGS = 27
};

static inline void core_add_thread_regs(
	struct core_image *image, uint32_t lwp, uint16_t cursig, const uint64_t regs[CORE_N_REGS])
{
	uint8_t desc[336] = {0};

	memcpy(desc + 12, &cursig, sizeof(cursig));
	memcpy(desc + 32, &lwp, sizeof(lwp));
	memcpy(desc + 112, regs, CORE_N_REGS * sizeof(*regs));
	core_add_note(image, "CORE", NT_PRSTATUS, desc, sizeof(desc));
}

/* A thread whose pc is 0x1000 times its lwp. */
static inline void core_add_thread(struct core_image *image, uint32_t lwp, uint16_t cursig)
{
	core_add_thread_regs(
		image, lwp, cursig, (uint64_t[CORE_N_REGS]){[CORE_PC] = lwp * UINT64_C(0x1000)});
}

static inline void core_add_prpsinfo(
	struct core_image *image, int32_t pid, const char *comm, const char *args)
{
	uint8_t desc[136] = {0};

	memcpy(desc + 24, &pid, sizeof(pid));
	/* Full fields have no NUL at their end. */
	memcpy(desc + 40, comm, strnlen(comm, 16));
	memcpy(desc + 56, args, strnlen(args, 80));
	core_add_note(image, "CORE", NT_PRPSINFO, desc, sizeof(desc));
}

/* detail: si_addr, or si_pid and above it si_uid. */
static inline void core_add_siginfo(
	struct core_image *image, int32_t number, int32_t code, uint64_t detail)
{
	uint8_t desc[128] = {0};
	int32_t head[] = {number, 0, code};

	memcpy(desc, head, sizeof(head));
	memcpy(desc + 16, &detail, sizeof(detail));
	core_add_note(image, "CORE", NT_SIGINFO, desc, sizeof(desc));
}

struct core_mapped {
	uint64_t start, end, page;
	const char *path;
};

static inline void core_add_mapped(
	struct core_image *image, const struct core_mapped *rows, size_t n)
{
	uint64_t words[2 + 3 * 16] = {n, CORE_PAGE};
	char desc[sizeof(words) + 16 * 64];
	size_t len = (2 + 3 * n) * sizeof(*words);

	assert_true(n <= 16);
	for (size_t i = 0; i < n; i++)
		memcpy(&words[2 + 3 * i], &rows[i], 3 * sizeof(*words));
	memcpy(desc, words, len);
	for (size_t i = 0; i < n; i++) {
		memcpy(desc + len, rows[i].path, strlen(rows[i].path) + 1);
		len += strlen(rows[i].path) + 1;
	}
	core_add_note(image, "CORE", NT_FILE, desc, len);
}

static inline void core_add_segment(struct core_image *image, Elf64_Phdr phdr, const void *bytes)
{
	struct core_segment *slot = ct_vec_push(&image->segments);

	assert_non_null(slot);
	*slot = (struct core_segment){phdr, bytes};
}

/* A PT_LOAD of len readable and writable bytes; the file has the first have of them. */
static inline void core_add_load(
	struct core_image *image, uint64_t addr, uint64_t len, const void *bytes, uint64_t have)
{
	core_add_segment(image,
		(Elf64_Phdr){.p_type = PT_LOAD,
			.p_flags = PF_R | PF_W,
			.p_vaddr = addr,
			.p_memsz = len,
			.p_filesz = have},
		bytes);
}

static inline Elf64_Ehdr core_ehdr(const struct core_image *image, uint64_t phoff)
{
	uint16_t n = (uint16_t)(image->segments.n + 1);

	return (Elf64_Ehdr){
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = phoff,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = image->extended ? PN_XNUM : n,
		.e_shoff = image->extended ? sizeof(Elf64_Ehdr) : 0,
		.e_shentsize = image->extended ? sizeof(Elf64_Shdr) : 0,
		.e_shnum = image->extended,
	};
}

static inline void core_write(int fd, const void *bytes, size_t len, uint64_t at)
{
	if (len)
		assert_int_equal(pwrite(fd, bytes, len, (off_t)at), len);
}

/* Lays the core out: headers, notes (or at the end), segments. The caller closes the file. */
static inline int core_file(struct core_image *image)
{
	int fd = memfd_create("core", MFD_CLOEXEC);
	uint64_t phoff = sizeof(Elf64_Ehdr) + (image->extended ? sizeof(Elf64_Shdr) : 0);
	uint64_t at = phoff + (image->segments.n + 1) * sizeof(Elf64_Phdr);
	Elf64_Ehdr ehdr = core_ehdr(image, phoff);
	Elf64_Shdr shdr = {.sh_info = image->segments.n + 1};

	assert_true(fd >= 0);
	core_write(fd, &ehdr, sizeof(ehdr), 0);
	if (image->extended)
		core_write(fd, &shdr, sizeof(shdr), sizeof(ehdr));
	image->notes_at = at;
	at += image->notes_last ? 0 : image->notes.n;
	for (uint32_t i = 0; i < image->segments.n; i++) {
		struct core_segment *segment = &image->segments.items[i];
		Elf64_Phdr phdr = segment->phdr;

		if (segment->bytes) {
			at = (at + CORE_PAGE - 1) & -CORE_PAGE;
			phdr.p_offset = at;
			core_write(fd, segment->bytes, phdr.p_filesz, at);
			at += phdr.p_filesz;
		}
		core_write(fd, &phdr, sizeof(phdr), phoff + (i + 1) * sizeof(phdr));
	}
	if (image->notes_last)
		image->notes_at = at;
	Elf64_Phdr note = {
		.p_type = PT_NOTE, .p_offset = image->notes_at, .p_filesz = image->notes.n};
	core_write(fd, &note, sizeof(note), phoff);
	core_write(fd, image->notes.items, image->notes.n, image->notes_at);
	return fd;
}

static inline void core_image_free(struct core_image *image)
{
	ct_vec_free(&image->notes);
	ct_vec_free(&image->segments);
}

static inline struct ct_source core_open_fd(int fd)
{
	struct ct_source source;
	struct ct_error err = {0};

	if (ct_core_from_fd(fd, "core", NULL, &source, &err))
		fail_msg("%s", err.text);
	close(fd);
	return source;
}

/* Lays out, opens and forgets the image. */
static inline struct ct_source core_open_image(struct core_image *image)
{
	struct ct_source source = core_open_fd(core_file(image));

	core_image_free(image);
	return source;
}

static inline struct ct_process core_process_of(struct ct_source source)
{
	struct ct_process process;

	assert_int_equal(source.ops->process(source.self, &process), CT_OK);
	return process;
}

static inline void core_close_source(struct ct_source source)
{
	source.ops->close(source.self);
}

static inline uint32_t n_threads_of(struct ct_source source)
{
	struct ct_thread thread;
	uint32_t n = 0;

	for (size_t cur = 0; source.ops->next_thread(source.self, &cur, &thread) == CT_OK;)
		n++;
	return n;
}

static inline struct ct_thread thread_of(struct ct_source source, uint32_t index)
{
	struct ct_thread thread;
	size_t cur = 0;

	for (uint32_t i = 0; i <= index; i++)
		assert_int_equal(source.ops->next_thread(source.self, &cur, &thread), CT_OK);
	return thread;
}

static inline enum ct_status map_of(struct ct_source source, uint32_t index, struct ct_map *ret)
{
	enum ct_status status = CT_OK;
	size_t cur = 0;

	for (uint32_t i = 0; !status && i <= index; i++)
		status = source.ops->next_map(source.self, &cur, ret);
	return status;
}

static inline void check_byte(struct ct_source source, uint64_t addr, uint8_t wanted)
{
	uint8_t byte;

	assert_int_equal(source.ops->read(source.self, addr, &byte, 1), CT_OK);
	assert_int_equal(byte, wanted);
}

#endif
