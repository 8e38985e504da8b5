/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The symbols of one module sorted by address, code apart from data. 24 bytes a symbol: names are
 * fetched from the ELF file's string table when one is asked for. Private to target/.
 */
#ifndef CT_TARGET_SYMBOL_INDEX_H
#define CT_TARGET_SYMBOL_INDEX_H

#include <elfutils/libdwfl.h>

#include "base/hash.h"
#include "base/vec.h"
#include "target/symbols.h"

#define CT_MAX_STRING_TABLES 4 /* of one module: its file, debug file and .gnu_debugdata make 3 */

#define CT_MAX_SYMBOL_NAME 16384 /* a longer one is no name */

/*
 * Where the strings of a table end. libdwfl checks that a name starts inside its table, but not
 * that it ends there.
 */
struct ct_string_table {
	const char *start;
	const char *last; /* the last NUL; NULL: no name of this table is safe to read */
};

struct ct_symbol_span {
	uint64_t start, end; /* addresses in the target */
	uint32_t symbol;     /* libdwfl's number of it */
	uint32_t outer;      /* the nearest span before that ends behind this one, or CT_NONE */
};

struct ct_symbol_spans {
	struct ct_symbol_span *items;
	uint32_t n, cap;
};

struct ct_symbol_index {
	Dwfl_Module *dwfl;
	struct ct_symbol_spans spans[CT_N_SYMBOL_KINDS]; /* by enum ct_symbol_kind */
	struct ct_string_table strings[CT_MAX_STRING_TABLES];
	uint32_t n_strings;
	uint32_t n_symbols; /* libdwfl's numbers are below this */
	struct ct_hash cut; /* symbol -> index in cut_names: names whose @VERSION was removed */
	CT_VEC(char *) cut_names;
};

/* One symbol as it is in the file. */
struct ct_raw_symbol {
	const char *name; /* with its @VERSION */
	uint64_t start, size;
	uint64_t section_end; /* UINT64_MAX: the file has no section headers */
	enum ct_symbol_kind kind;
	uint8_t rank; /* the higher, the better a name */
};

/* NULL when out of memory. A module without any symbol gives an empty index. */
struct ct_symbol_index *ct_symbol_index_new(
	struct ct_target *target, const struct ct_module *module, Dwfl_Module *dwfl);
void ct_symbol_index_free(struct ct_symbol_index *index);

/* The innermost span that contains addr, or NULL. */
const struct ct_symbol_span *ct_symbol_index_at(
	const struct ct_symbol_index *index, uint64_t addr, enum ct_symbol_kind kind);
/* CT_NOT_FOUND: symbol number i names no code and no data. */
enum ct_status ct_symbol_index_read(
	struct ct_symbol_index *index, uint32_t i, struct ct_raw_symbol *ret);
/* Of its name without @VERSION; at most CT_MAX_SYMBOL_NAME. */
size_t ct_raw_symbol_name_len(const struct ct_raw_symbol *raw);
/* Symbol i for the public interface: its name without @VERSION. */
enum ct_status ct_symbol_index_get(
	struct ct_symbol_index *index, uint32_t i, struct ct_symbol *ret);

#endif
