/* SPDX-License-Identifier: Apache-2.0 */
/* Which part of an object a word of it is, by the type's descriptor. */
#include <inttypes.h>

#include "base/str.h"
#include "runtime/go/heap_observe.h"
#include "runtime/go/types.h"

#define MAX_DEPTH 16
#define MAX_NAME  256

/* The field of a struct type that the offset is in; false: none is known there. */
static bool member_at(
	const struct ct_go *go, uint64_t type, uint64_t offset, struct ct_go_member *ret)
{
	struct ct_go_type_head head;

	for (uint32_t i = 0; ct_go_type_member(go, type, i, ret); i++)
		if (offset >= ret->offset && ct_go_type_head(go, ret->type, &head) &&
			offset - ret->offset < head.size)
			return true;
	return false;
}

/* "[3]", and goes on in the element; false: there is none at the offset. */
static bool add_index(const struct ct_go *go, uint64_t elem, uint64_t *offset, struct ct_str *path)
{
	struct ct_go_type_head head;

	if (!ct_go_type_head(go, elem, &head) || !head.size)
		return false;
	ct_str_add(path, "[%" PRIu64 "]", *offset / head.size);
	*offset %= head.size;
	return true;
}

/* ".next", ".boxes[3].item": from a value of the type down to what is no struct and no array. */
static void add_path(const struct ct_go *go, uint64_t type, uint64_t offset, struct ct_str *path)
{
	struct ct_go_type_head head;
	struct ct_go_member member;

	for (unsigned i = 0; i < MAX_DEPTH && ct_go_type_head(go, type, &head); i++) {
		if (head.kind == CT_GO_KIND_STRUCT && member_at(go, type, offset, &member)) {
			ct_str_add(path, ".%s", member.name);
			offset -= member.offset;
			type = member.type;
		} else if (head.kind == CT_GO_KIND_ARRAY) {
			type = ct_go_type_elem(go, type);
			if (!add_index(go, type, &offset, path))
				return;
		} else {
			return;
		}
	}
}

const char *ct_go_name_part(struct ct_go_world *w, uint32_t id, uint64_t offset)
{
	const struct ct_go *go = w->o->go;
	uint32_t number = w->typing.of[id];
	const struct ct_go_known *known = number ? &w->typing.known.items[number - 1] : NULL;
	struct ct_go_object object;
	ct_autostr path = {0};
	char name[MAX_NAME];

	ct_go_object_get(w->heap, id, &object);
	ct_go_typing_name(&w->typing, &object, name, sizeof(name));
	uint64_t begin = ct_go_object_data(&object) - object.start, at = offset - begin;
	if (known && offset >= begin && known->form == CT_GO_FORM_VALUE && at < known->size)
		add_path(go, known->type, at, &path);
	else if (known && offset >= begin && known->form == CT_GO_FORM_ARRAY &&
		 add_index(go, known->type, &at, &path))
		add_path(go, known->type, at, &path);
	if (path.len && !path.failed)
		return ct_sink_printf(w->o->sink, "%s%s", name, ct_str_text(&path));
	return ct_sink_printf(w->o->sink, "%s + %" PRIu64, name, offset);
}
