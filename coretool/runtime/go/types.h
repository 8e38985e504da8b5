/* SPDX-License-Identifier: Apache-2.0 */
/* The program's type descriptors: struct _type of runtime/type.go, abi.Type since 1.21. Stripped
 * programs have them, too. */
#ifndef CT_RUNTIME_GO_TYPES_H
#define CT_RUNTIME_GO_TYPES_H

#include "runtime/go/go.h"
#include "target/go_words.h" /* enum ct_go_kind */

#define CT_GO_TYPE_NAME 128 /* bytes for a name; longer ones are cut */

struct ct_go_type {
	uint64_t at, size;
	uint8_t kind;               /* enum ct_go_kind and smaller ones */
	char name[CT_GO_TYPE_NAME]; /* "main.order", "*http.Request", "struct {}" */
};

/* The type whose descriptor is at addr. CT_NOT_FOUND: there is none. */
CT_WARN_UNUSED enum ct_status ct_go_type_at(
	const struct ct_go *go, uint64_t addr, struct ct_go_type *ret);
/* The type that a pointer, slice, channel or array is of; 0: not readable. */
uint64_t ct_go_type_elem(const struct ct_go *go, uint64_t addr);

/* The path of the package that the struct type at addr is of; false: all of its fields are
 * exported, or it is not readable. */
bool ct_go_type_package(const struct ct_go *go, uint64_t addr, char buf[CT_GO_TYPE_NAME]);

#define CT_GO_MAX_FIELDS 256 /* of one struct that are looked at */

struct ct_go_member { /* a field of a struct, by its descriptor */
	uint64_t offset, type;
	char name[CT_GO_TYPE_NAME];
};

/* The i-th field of the struct type at addr; false: there is none. */
bool ct_go_type_member(const struct ct_go *go, uint64_t addr, uint32_t i, struct ct_go_member *ret);
/* The one with this name. */
bool ct_go_type_find_member(
	const struct ct_go *go, uint64_t addr, const char *name, struct ct_go_member *ret);

/*
 * A struct type of a package that the program need not have: by the code of a function that makes
 * one, which names its descriptor. 0: there is none. (type_find.c)
 */
uint64_t ct_go_type_made_by(const struct ct_go *go, const char *function, const char *name);

struct ct_go_wanted_member {
	const char *name;
	uint32_t *offset;
};
/* Where the n fields are, each of them inside of the type; false: one is not there. (type_find.c)
 */
bool ct_go_type_offsets(
	const struct ct_go *go, uint64_t type, const struct ct_go_wanted_member *members, size_t n);

#endif
