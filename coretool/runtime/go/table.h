/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The function table that Go programs are unwound with: pclntab, and moduledata that points to its
 * parts (runtime/symtab.go; cmd/link/internal/ld/pcln.go). It has every function's start, name,
 * file, lines, frame sizes and inlined calls, in stripped programs too.
 *
 * Formats, by their magic number: Go 1.2, 1.16, 1.18 and 1.20 (to 1.27).
 */
#ifndef CT_RUNTIME_GO_TABLE_H
#define CT_RUNTIME_GO_TABLE_H

#include "target/modules.h"

enum ct_go_format { CT_GO_FORMAT_2, CT_GO_FORMAT_16, CT_GO_FORMAT_18, CT_GO_FORMAT_20 };

struct ct_go_bytes { /* of the image, in place */
	const uint8_t *at;
	size_t len;
};

/* One moduledata: the program's own, or a plugin's. */
struct ct_go_table {
	enum ct_go_format format;
	uint64_t pclntab, moduledata; /* addresses */
	uint64_t text, minpc, maxpc;
	uint64_t gofunc; /* what FUNCDATA offsets are relative to; 0 up to 1.17 */
	uint32_t n_functions;
	struct ct_go_bytes names, files, units, pcs, functions, ftab;
};

struct ct_go_tables {
	struct ct_go_table *list; /* the runtime's own first */
	uint32_t n;
};

/* A function. Valid while its target is open. */
struct ct_go_function {
	const struct ct_go_table *table;
	uint32_t index;
	uint64_t entry, end;
	size_t at; /* of its record (_func) in table->functions */
};

/* Columns of numbers by pc. Those of PCDATA begin at CT_GO_PCDATA. */
enum ct_go_column {
	CT_GO_PCSP,   /* bytes from the stack pointer to the return address */
	CT_GO_PCFILE, /* index of the file */
	CT_GO_PCLN,   /* line */
	CT_GO_UNSAFE_POINT,
	CT_GO_STACK_MAP,
	CT_GO_INLINE_INDEX,
	CT_GO_ARGUMENT_INDEX, /* since 1.18 */
};

enum ct_go_funcdata { /* by their meaning: the numbers changed in 1.16 */
	CT_GO_ARGS_MAP,
	CT_GO_LOCALS_MAP,
	CT_GO_STACK_OBJECTS,
	CT_GO_INLINE_TREE,
	CT_GO_OPEN_DEFERS,
	CT_GO_ARGUMENT_INFO,
	CT_GO_ARGUMENTS_SAVED, /* since 1.18 */
};

/* funcflag of symtab.go, since 1.17 */
#define CT_GO_FLAG_TOP      1u /* nothing called it: goexit, mstart */
#define CT_GO_FLAG_SP_WRITE 2u /* it sets the stack pointer: no frame above it can be found */

/* Finds pclntab and moduledata in the module. CT_NOT_FOUND: it has none. */
CT_WARN_UNUSED enum ct_status ct_go_table_find(
	struct ct_target *target, const struct ct_module *module, struct ct_go_table *ret);
/* The table of the moduledata at addr, when it is one. */
CT_WARN_UNUSED enum ct_status ct_go_table_read(
	struct ct_target *target, uint64_t moduledata, struct ct_go_table *ret);

/* The function that pc is in; false: pc is in no Go code. */
bool ct_go_function_at(const struct ct_go_tables *tables, uint64_t pc, struct ct_go_function *ret);
bool ct_go_function_get(
	const struct ct_go_table *table, uint32_t index, struct ct_go_function *ret);
/* By its exact name ("runtime.allgadd"), in the runtime's own module. */
bool ct_go_function_named(
	const struct ct_go_tables *tables, const char *name, struct ct_go_function *ret);
/* Never NULL; "" where it cannot be read. Lives as long as the target. */
const char *ct_go_function_name(const struct ct_go_function *function);
/* funcID of symtab.go: what the runtime knows it as. Numbers differ between versions. */
uint8_t ct_go_function_id(const struct ct_go_function *function);
uint8_t ct_go_function_flags(const struct ct_go_function *function); /* 0 before 1.17 */
uint32_t ct_go_function_args(const struct ct_go_function *function); /* bytes of arguments */
/* Offset from its entry of the call of deferreturn; 0: it has none. */
uint32_t ct_go_function_deferreturn(const struct ct_go_function *function);

/* The number in a column at pc; false: there is none. */
bool ct_go_pc_value(
	const struct ct_go_function *function, enum ct_go_column column, uint64_t pc, int32_t *ret);
/* Address of a FUNCDATA; 0: it has none. */
uint64_t ct_go_funcdata(
	struct ct_target *target, const struct ct_go_function *function, enum ct_go_funcdata which);

/* A name out of the table of names; "" where offset is no good. */
const char *ct_go_name_at(const struct ct_go_table *table, int32_t offset);
/* Path of the file that column PCFILE names; NULL: not known. */
const char *ct_go_file_at(const struct ct_go_function *function, int32_t file);

/* One function at a pc: inlined ones first, then the function itself. */
struct ct_go_inlined {
	const char *name;
	const char *file; /* NULL: not known */
	int32_t line;     /* 0: not known */
	uint8_t id;       /* as that of a function */
};
#define CT_GO_MAX_INLINED 32
/* All at pc (of the instruction itself); at least the function. */
size_t ct_go_inlined_at(struct ct_target *target, const struct ct_go_function *function,
	uint64_t pc, struct ct_go_inlined ret[CT_GO_MAX_INLINED]);

#endif
