/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The debug information of one module: its units by code address and by offset, and one purse of
 * steps that all reading of it is paid from, for DWARF can be hostile. Addresses here are those of
 * the file (address in the target minus bias). Private to target/.
 */
#ifndef CT_TARGET_DWARF_H
#define CT_TARGET_DWARF_H

#include <elfutils/libdw.h>

#include "base/hash.h"
#include "base/vec.h"
#include "target/modules.h"

struct ct_function_range {
	uint64_t start, end;
	Dwarf_Off die;
};

/* One compile or partial unit. */
struct ct_unit {
	Dwarf_Die die;
	Dwarf_Off offset;   /* of die in .debug_info */
	uint64_t addr_base; /* of its part of .debug_addr; filled by address_uses.c; 0: none */
	CT_VEC(struct ct_function_range) functions; /* sorted; see cu_index.h */
	uint8_t functions_depth;                    /* how far functions were looked for */
	bool has_variables;                         /* its variables are in the module's list */
	bool lines_asked, lines_fit; /* the limit on line tables was applied, and passed */
};

struct ct_unit_range {
	uint64_t start, end;
	uint32_t unit;
};

struct ct_address_use;
struct ct_variable;

struct ct_dwarf {
	struct ct_target *target;
	const struct ct_module *module;
	Dwarf *dbg;
	uint64_t bias;
	uint64_t steps;                       /* left to spend */
	uint64_t line_bytes;                  /* of line tables, likewise */
	uint64_t word_steps;                  /* of the former those left to go_words.c */
	CT_VEC(struct ct_unit) units;         /* sorted by offset */
	CT_VEC(struct ct_unit_range) ranges;  /* sorted by start */
	CT_VEC(struct ct_address_use) uses;   /* sorted by address; address_uses.c */
	CT_VEC(struct ct_variable) variables; /* of the units that were read; dwarf_vars.c */
	struct ct_hash variables_at;
	bool has_uses;
};

/* The debug information of module, looked for once; NULL: there is none. Owned by the target. */
struct ct_dwarf *ct_dwarf_of(struct ct_target *target, const struct ct_module *module);
void ct_dwarf_free(struct ct_dwarf *dwarf);

/* Takes steps out of the purse; false, and a note in the report, when it is empty. */
bool ct_dwarf_spend(struct ct_dwarf *dwarf, uint64_t steps);
/* The unpacked bytes of a section (".debug_info"), or NULL. */
const uint8_t *ct_dwarf_section(struct ct_dwarf *dwarf, const char *name, size_t *size);
/* The unit that the byte at offset of .debug_info belongs to, or NULL. */
struct ct_unit *ct_dwarf_unit_of(struct ct_dwarf *dwarf, Dwarf_Off offset);

/* Goes on to the next DIE beside it; false: there is none, or the purse is empty. */
bool ct_dwarf_sibling(struct ct_dwarf *dwarf, Dwarf_Die *die);

/* A DIE on the way from the root of a walk. */
struct ct_die_path {
	Dwarf_Die die;
	struct ct_die_path *up; /* NULL: the root itself */
	unsigned depth;
};

/* True: the children of at->die are to be visited, too. */
typedef bool ct_die_visitor(struct ct_die_path *at, void *arg);
/* Visits the DIEs below root in the order of the file. */
void ct_dwarf_walk(struct ct_dwarf *dwarf, const Dwarf_Die *root, ct_die_visitor *visit, void *arg);

/* An unsigned constant; false: die has no such attribute, or one of another class. */
bool ct_die_number(Dwarf_Die *die, unsigned attribute, uint64_t *ret);
/* The DIE that an attribute refers to, also where it was inherited from an abstract DIE. */
bool ct_die_ref(Dwarf_Die *die, unsigned attribute, Dwarf_Die *ret);
/* The name for the linker, as it is in the file, or NULL. */
const char *ct_die_linkage_name(Dwarf_Die *die);
/* For people: by the name for the linker where there is one. NULL: it has no name. */
const char *ct_die_name(Dwarf_Die *die, struct ct_arena *arena);
/*
 * For the thing that both describe: symbol's name, which is the same with and without debug
 * information; but the source's one where symbol's is made from it ("lock.0", "work.part.3").
 */
const char *ct_die_name_or_symbol(Dwarf_Die *die, const char *symbol, struct ct_arena *arena);

#endif
