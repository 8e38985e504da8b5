/* SPDX-License-Identifier: Apache-2.0 */
/* The program's type descriptors: struct _type of runtime/type.go, abi.Type since 1.21. Stripped
 * programs have them, too. */
#ifndef CT_RUNTIME_GO_TYPES_H
#define CT_RUNTIME_GO_TYPES_H

#include "runtime/go/go.h"

#define CT_GO_TYPE_NAME 128 /* bytes for a name; longer ones are cut */

/* reflect.Kind; the numbers have never changed. */
enum ct_go_kind {
	CT_GO_KIND_CHAN = 18,
	CT_GO_KIND_FUNC = 19,
	CT_GO_KIND_INTERFACE = 20,
	CT_GO_KIND_MAP = 21,
	CT_GO_KIND_POINTER = 22,
	CT_GO_KIND_SLICE = 23,
	CT_GO_KIND_STRING = 24,
	CT_GO_KIND_STRUCT = 25,
};

struct ct_go_type {
	uint64_t at, size;
	uint8_t kind;               /* enum ct_go_kind and smaller ones */
	char name[CT_GO_TYPE_NAME]; /* "main.order", "*http.Request", "struct {}" */
};

/* The type whose descriptor is at addr. CT_NOT_FOUND: there is none. */
CT_WARN_UNUSED enum ct_status ct_go_type_at(
	const struct ct_go *go, uint64_t addr, struct ct_go_type *ret);

#endif
