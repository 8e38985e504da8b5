/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a file's section headers promise, looked at before libdw believes them. libdw unpacks
 * compressed sections, and libdwfl .gnu_debugdata, to whatever size the file asks for.
 */
#ifndef CT_TARGET_ELF_CONTENT_H
#define CT_TARGET_ELF_CONTENT_H

#include <libelf.h>

#include "base/base.h"

struct ct_elf_content {
	bool symtab;       /* .symtab: more than the exported names */
	bool dwarf;        /* .debug_info */
	size_t mini_debug; /* the section index of .gnu_debugdata; 0: none */
	uint64_t mini_debug_size;
	const char *unfit; /* why libdw must not see the file; NULL: it may */
};

/* Looks at every section header once. */
void ct_elf_look(Elf *elf, struct ct_elf_content *ret);

/*
 * libdwfl unpacks .gnu_debugdata by itself as soon as it looks for symbols. Hidden, it does not;
 * show gives it back when it has been unpacked here and was of a sane size. elf is over memory that
 * may be written.
 */
void ct_elf_hide_mini_debug(Elf *elf, const struct ct_elf_content *content);
bool ct_elf_show_mini_debug(Elf *elf, const struct ct_elf_content *content);

#endif
