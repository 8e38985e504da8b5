/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/types.h"

/* The head that all descriptors have, the same from 1.14 to 1.27 on machines with 64 bits. */
#define TYPE_HEAD   48
#define TYPE_SIZE   0
#define TYPE_TFLAG  20
#define TYPE_KIND   23
#define TYPE_STRING 40 /* offset of its name */

/* Behind it: of pointers, slices, channels and arrays; the slice of a struct's fields. */
#define TYPE_ELEM    48
#define TYPE_PACKAGE 48 /* of a struct: its package's name */
#define TYPE_FIELDS  56
#define FIELD_SIZE   24 /* name, type, offset */

#define TFLAG_EXTRA_STAR 2 /* the name is that of the pointer to it: "*main.order" */
#define KIND_MASK        31
#define NAME_HEAD        16 /* bytes before the name that are looked at */

/* The module that the descriptor is in: names are found from its start. */
static uint64_t types_of(const struct ct_go *go, uint64_t addr)
{
	for (uint32_t i = 0; i < go->tables.n; i++) {
		uint64_t data = go->tables.list[i].moduledata;
		uint64_t start = ct_go_word(go, data, CT_GO_MODULEDATA_TYPES);

		if (start && addr >= start && addr < ct_go_word(go, data, CT_GO_MODULEDATA_ETYPES))
			return start;
	}
	return 0;
}

/* Where its length ends: two bytes up to 1.16, then as many as it needs. */
static size_t read_length(const struct ct_go *go, const uint8_t *head, uint64_t *ret)
{
	size_t n = 1; /* flags */
	unsigned shift = 0;

	if (!ct_go_since(go, 17)) {
		*ret = (uint64_t)head[1] << 8 | head[2];
		return 3;
	}
	*ret = 0;
	do {
		*ret |= (uint64_t)(head[n] & 0x7f) << shift;
		shift += 7;
	} while (head[n++] & 0x80 && shift < 35);
	return n;
}

static bool read_name(const struct ct_go *go, uint64_t at, bool extra_star, char *buf)
{
	uint8_t head[NAME_HEAD];
	uint64_t len;

	if (ct_read(go->target, at, head, sizeof(head)) &&
		ct_read(go->target, at, head, sizeof(head) / 4))
		return false;
	at += read_length(go, head, &len);
	if (extra_star && len) {
		at++;
		len--;
	}
	len = CT_MIN(len, (uint64_t)CT_GO_TYPE_NAME - 1);
	if (!len || ct_read(go->target, at, buf, len))
		return false;
	buf[len] = '\0';
	return strlen(buf) == len;
}

enum ct_status ct_go_type_at(const struct ct_go *go, uint64_t addr, struct ct_go_type *ret)
{
	uint64_t types = addr ? types_of(go, addr) : 0;
	uint8_t head[TYPE_HEAD];
	int32_t name;

	if (!types || ct_read(go->target, addr, head, sizeof(head)))
		return CT_NOT_FOUND;
	memcpy(&ret->size, head + TYPE_SIZE, sizeof(ret->size));
	memcpy(&name, head + TYPE_STRING, sizeof(name));
	ret->at = addr;
	ret->kind = head[TYPE_KIND] & KIND_MASK;
	return name > 0 && read_name(go, types + (uint32_t)name,
				   head[TYPE_TFLAG] & TFLAG_EXTRA_STAR, ret->name)
		       ? CT_OK
		       : CT_NOT_FOUND;
}

uint64_t ct_go_type_elem(const struct ct_go *go, uint64_t addr)
{
	uint64_t elem;

	return types_of(go, addr) && !ct_read_u64(go->target, addr + TYPE_ELEM, &elem) ? elem : 0;
}

bool ct_go_type_package(const struct ct_go *go, uint64_t addr, char buf[CT_GO_TYPE_NAME])
{
	uint64_t name;

	return !ct_read_u64(go->target, addr + TYPE_PACKAGE, &name) && name &&
	       read_name(go, name, false, buf);
}

bool ct_go_type_member(const struct ct_go *go, uint64_t addr, uint32_t i, struct ct_go_member *ret)
{
	uint64_t list[2], field[FIELD_SIZE / 8];

	if (ct_read(go->target, addr + TYPE_FIELDS, list, sizeof(list)) ||
		i >= CT_MIN(list[1], (uint64_t)CT_GO_MAX_FIELDS) ||
		ct_read(go->target, list[0] + i * (uint64_t)FIELD_SIZE, field, sizeof(field)) ||
		!read_name(go, field[0], false, ret->name))
		return false;
	ret->type = field[1];
	/* The lowest bit said that it is embedded, until 1.18. */
	ret->offset = ct_go_since(go, 19) ? field[2] : field[2] >> 1;
	return true;
}

bool ct_go_type_find_member(
	const struct ct_go *go, uint64_t addr, const char *name, struct ct_go_member *ret)
{
	struct ct_go_member member;

	for (uint32_t i = 0; ct_go_type_member(go, addr, i, &member); i++) {
		if (strcmp(member.name, name) != 0)
			continue;
		*ret = member;
		return true;
	}
	return false;
}
