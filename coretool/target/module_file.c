/* SPDX-License-Identifier: Apache-2.0 */
#include "target/module_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define MAX_FILE_SIZE ((off_t)1 << 40)
/* libelf allocates some 250 bytes for each section that the header claims. */
#define MAX_SECTIONS ((uint64_t)1 << 17)

static const char *errno_text(int error)
{
	return error == ENOENT || error == ENOTDIR ? "no such file" : strerror(error);
}

/*
 * Inside root an absolute symbolic link means a path under root, as it did in the container or
 * machine that root is a copy of. Kernels before 5.6, and some sandboxes, cannot do that: then
 * links lead where they lead.
 */
static int open_in_root(const char *root, const char *path, uint64_t flags)
{
	struct open_how how = {.flags = flags, .resolve = RESOLVE_IN_ROOT};
	ct_autofd int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root_fd < 0)
		return -1;
	long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
		while (*path == '/')
			path++;
		fd = openat(root_fd, path, (int)flags);
	}
	return (int)fd;
}

int ct_file_open(const char *root, const char *path, const char **why)
{
	/* O_PATH first: merely opening a device or a FIFO may have effects. */
	const int flags[] = {O_PATH | O_CLOEXEC, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY};

	for (size_t i = 0; i < CT_COUNT(flags); i++) {
		struct stat st;
		int fd = root ? open_in_root(root, path, (uint64_t)flags[i]) : open(path, flags[i]);

		if (fd < 0 || fstat(fd, &st)) {
			*why = errno_text(errno);
		} else if (!S_ISREG(st.st_mode)) {
			*why = "not a regular file";
		} else if (i + 1 == CT_COUNT(flags)) {
			return fd;
		} else {
			close(fd);
			continue;
		}
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return -1;
}

bool ct_file_map(struct ct_file *file, int fd, const char **why)
{
	struct ct_file_identity identity;

	*file = (struct ct_file){0};
	if (!ct_file_identify(fd, &identity)) {
		*why = errno_text(errno);
		return false;
	}
	if (identity.size < (off_t)sizeof(Elf64_Ehdr) || identity.size > MAX_FILE_SIZE) {
		*why = "no ELF file by its size";
		return false;
	}
	size_t size = (size_t)identity.size;
	void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
	if (bytes == MAP_FAILED) {
		*why = errno_text(errno);
		return false;
	}
	if (ct_map_guard_add(&file->guard, bytes, size)) {
		munmap(bytes, size);
		*why = "too many files are open";
		return false;
	}
	file->bytes = bytes;
	file->size = size;
	file->identity = identity;
	return true;
}

void ct_file_close(struct ct_file *file)
{
	if (!file || !file->bytes)
		return;
	if (file->allocated) {
		free(file->bytes);
	} else {
		ct_map_guard_remove(&file->guard);
		munmap(file->bytes, file->size);
	}
	file->bytes = NULL;
}

bool ct_file_identify(int fd, struct ct_file_identity *ret)
{
	struct stat st;

	if (fstat(fd, &st))
		return false;
	*ret = (struct ct_file_identity){st.st_dev, st.st_ino, st.st_size, st.st_mtim};
	return true;
}

bool ct_file_same(const struct ct_file_identity *a, const struct ct_file_identity *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

enum ct_status ct_file_read(const void *arg, uint64_t at, void *buf, size_t len)
{
	const struct ct_file *file = arg;

	if (!ct_within(at, len, file->size))
		return CT_FAULT;
	memcpy(buf, file->bytes + at, len);
	return file->guard.damaged ? CT_FAULT : CT_OK;
}

/* How many sections libelf would make room for. */
static uint64_t n_sections(const struct ct_file *file, const Elf64_Ehdr *ehdr)
{
	Elf64_Shdr first;

	if (ehdr->e_shnum || !ehdr->e_shoff)
		return ehdr->e_shnum;
	return ct_file_read(file, ehdr->e_shoff, &first, sizeof(first)) ? 0 : first.sh_size;
}

Elf *ct_file_elf(const struct ct_file *file)
{
	Elf64_Ehdr ehdr;

	if (ct_file_read(file, 0, &ehdr, sizeof(ehdr)) ||
		memcmp(ehdr.e_ident, ELFMAG, SELFMAG) != 0 ||
		ehdr.e_ident[EI_CLASS] != ELFCLASS64 || ehdr.e_ident[EI_DATA] != ELFDATA2LSB ||
		n_sections(file, &ehdr) > MAX_SECTIONS)
		return NULL;
	elf_version(EV_CURRENT);
	return elf_memory((char *)file->bytes, file->size);
}

const char *ct_build_id_text(const uint8_t *id, size_t len, char text[CT_BUILD_ID_TEXT])
{
	text[0] = '\0';
	for (size_t i = 0; i < len && i < CT_BUILD_ID_MAX; i++)
		snprintf(text + 2 * i, 3, "%02x", id[i]);
	return text;
}
