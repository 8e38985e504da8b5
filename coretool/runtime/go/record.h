/* SPDX-License-Identifier: Apache-2.0 */
/* One object of the runtime, read in one piece, and fields out of it. */
#ifndef CT_RUNTIME_GO_RECORD_H
#define CT_RUNTIME_GO_RECORD_H

#include "runtime/go/go.h"

#define CT_GO_MAX_RECORD 4096 /* bytes of an object that are looked at; a g has 456 in 1.27 */

struct ct_go_record {
	const struct ct_go *go;
	const uint8_t *at;
	uint32_t size;
	uint8_t copy[CT_GO_MAX_RECORD]; /* where the source has the bytes in no one piece */
};

/* The object at addr, as large as the field for the size of its type says. */
static inline enum ct_status ct_go_record(
	const struct ct_go *go, uint64_t addr, enum ct_go_field size, struct ct_go_record *ret)
{
	const void *view;

	ret->go = go;
	ret->at = ret->copy;
	ret->size = CT_MIN(go->layout.offset[size], (uint32_t)CT_GO_MAX_RECORD);
	if (ct_view(go->target, addr, ret->size, &view))
		return ct_read(go->target, addr, ret->copy, ret->size);
	ret->at = view;
	return CT_OK;
}

/* 0 where this version has no such field. skip: bytes into the field. */
static inline uint64_t ct_go_field(
	const struct ct_go_record *record, enum ct_go_field field, size_t size, uint32_t skip)
{
	uint32_t offset = record->go->layout.offset[field];
	uint64_t value = 0;

	if (offset != CT_GO_ABSENT && ct_within((uint64_t)offset + skip, size, record->size))
		memcpy(&value, record->at + offset + skip, size);
	return value;
}

#define ct_go_get(record, id) ct_go_field(record, CT_GO_##id, 8, 0)

#endif
