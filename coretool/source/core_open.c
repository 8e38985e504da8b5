/* SPDX-License-Identifier: Apache-2.0 */
/* From a path to a source: opens safely, unpacks when needed, and says in one line what is wrong.
 */
#include "source/core_open.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>

#include "arch/arch.h"

/* Never blocks on a FIFO and never becomes our terminal. */
#define OPEN_FLAGS (O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)

enum ct_status ct_core_open(const char *path, const struct ct_options *options,
	struct ct_source *ret, struct ct_error *err)
{
	ct_autofd int fd = open(path, OPEN_FLAGS);
	Elf64_Ehdr ehdr;

	(void)options;
	if (fd < 0)
		return ct_fail(err, CT_IO, "%s: %s", path, strerror(errno));
	if (pread(fd, &ehdr, sizeof(ehdr), 0) != sizeof(ehdr) ||
		memcmp(ehdr.e_ident, ELFMAG, SELFMAG) || ehdr.e_ident[EI_CLASS] != ELFCLASS64 ||
		ehdr.e_type != ET_CORE || !ct_arch_find(ehdr.e_machine))
		return ct_fail(err, CT_BAD_INPUT, "%s: not a core", path);
	return ct_core_from_fd(fd, path, NULL, ret, err);
}
