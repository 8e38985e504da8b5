/* SPDX-License-Identifier: Apache-2.0 */
#include "target/empty_debug.h"

#include <elf.h>
#include <sys/mman.h>

#include "base/base.h"

#define NAMES "\0.shstrtab\0.debug_frame"

/* libdw wants one section with DWARF in it: a .debug_frame whose only entry is empty. */
struct empty {
	Elf64_Ehdr ehdr;
	Elf64_Shdr sections[3];
	char names[sizeof(NAMES)];
	uint32_t frame;
};

static const struct empty empty = {
	.ehdr =
		{
			.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				EV_CURRENT},
			.e_type = ET_DYN,
			.e_version = EV_CURRENT,
			.e_shoff = offsetof(struct empty, sections),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_shentsize = sizeof(Elf64_Shdr),
			.e_shnum = 3,
			.e_shstrndx = 1,
		},
	.sections =
		{
			[1] =
				{
					.sh_name = 1,
					.sh_type = SHT_STRTAB,
					.sh_offset = offsetof(struct empty, names),
					.sh_size = sizeof(NAMES),
					.sh_addralign = 1,
				},
			[2] =
				{
					.sh_name = sizeof("\0.shstrtab"),
					.sh_type = SHT_PROGBITS,
					.sh_offset = offsetof(struct empty, frame),
					.sh_size = sizeof(uint32_t),
					.sh_addralign = 4,
				},
		},
	.names = NAMES,
};

int ct_empty_debug_open(void)
{
	int fd = memfd_create("empty-debug", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, &empty, sizeof(empty)) != (ssize_t)sizeof(empty)) {
		close(fd);
		return -1;
	}
	return fd;
}
