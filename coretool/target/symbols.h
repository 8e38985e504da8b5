/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ELF symbols: one sorted index per module, built once, when the first address of it is asked for.
 * A module that has exported names only is looked up in its debug file and .gnu_debugdata first.
 */
#ifndef CT_TARGET_SYMBOLS_H
#define CT_TARGET_SYMBOLS_H

#include "target/modules.h"

struct ct_symbol {
	const char *name; /* as in the file; lives as long as the target */
	uint64_t start;   /* address in the target */
	uint64_t size;    /* 0: the file does not say */
};

enum ct_symbol_kind {
	CT_SYMBOL_CODE,
	CT_SYMBOL_DATA,
	CT_SYMBOL_TLS, /* its start is the offset in the module's block, of which each thread has
			  one */
	CT_N_SYMBOL_KINDS
};

/*
 * The symbol that contains addr: CT_NOT_FOUND rather than the nearest one before it. A code symbol
 * without a size (assembly) reaches to the next symbol or the end of its section, never over the
 * start of another function of .eh_frame. Of several names for the same bytes the one that people
 * know is given: exported rather than local, then with the fewest leading underscores ("read", not
 * "__read").
 */
enum ct_status ct_symbol_at(
	struct ct_target *target, uint64_t addr, enum ct_symbol_kind kind, struct ct_symbol *ret);

/* The thread-local variable at an offset of the module's block. */
enum ct_status ct_symbol_tls(struct ct_target *target, const struct ct_module *module,
	uint64_t offset, struct ct_symbol *ret);

/* A symbol by its exact name; module NULL: in every module, the program first. */
enum ct_status ct_symbol_find(struct ct_target *target, const struct ct_module *module,
	const char *name, enum ct_symbol_kind kind, struct ct_symbol *ret);

/*
 * A name for people: C++ and Rust without parameters, return type and clone suffix
 * ("ns::Box<int>::peek"), else the name itself; long ones are cut, control characters are written
 * as \xNN. The result belongs to arena, and is never NULL.
 */
const char *ct_symbol_demangle(struct ct_arena *arena, const char *name);

#endif
