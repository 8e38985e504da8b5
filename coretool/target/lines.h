/* SPDX-License-Identifier: Apache-2.0 */
/* Source lines and inlined frames of one code address, from DWARF. */
#ifndef CT_TARGET_LINES_H
#define CT_TARGET_LINES_H

#include "target/modules.h"

struct ct_source_line {
	const char *function; /* readable; NULL: not known */
	const char *file;     /* NULL: not known */
	uint32_t line;        /* 0: not known */
	bool inlined;         /* inlined into the next one */
};

#define CT_MAX_INLINED 32

/*
 * What the code at pc (for a caller's frame: the return address minus one) was compiled from,
 * innermost first; the last is the function itself, named as ct_symbol_at() names it. Of more than
 * CT_MAX_INLINED the ones next to the function are left out. Split units (.dwo) are not read: their
 * inlined functions are not known. Strings belong to arena. CT_NOT_FOUND without debug information.
 */
enum ct_status ct_lines_at(struct ct_target *target, uint64_t pc, struct ct_arena *arena,
	struct ct_source_line ret[CT_MAX_INLINED], size_t *n);

#endif
